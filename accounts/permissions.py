"""Who may look after people."""

from accounts.rules import Role
from core.permissions import Permission, grant, holds


class P(Permission):
    """What can be done with people and places."""

    SEE_PEOPLE = "see the list of people and teams"
    MANAGE_PEOPLE = "add, change and disable people, teams, sites and tiers"


grant({P.SEE_PEOPLE: holds(Role.MANAGER, Role.ADMIN), P.MANAGE_PEOPLE: holds(Role.ADMIN)})
