"""Who may look after people."""

import sqlalchemy as sa

from accounts.models import Absence, User
from accounts.rules import Role
from core.actors import Actor
from core.permissions import Permission, grant, holds


class P(Permission):
    """What can be done with people and places."""

    SEE_PEOPLE = "see the list of people and teams"
    MANAGE_PEOPLE = "add, change and disable people, teams, sites and tiers"
    LET_IN = "let others into the frame beside the customer's file"
    SEE_AWAY = "see who is away, and say so for others"
    ANSWER_FOR = "say that a person is away, or back"
    SEE_ABSENCE = "know of an absence"


def answers_for(actor: Actor, user: User) -> bool:
    """Oneself; a supervisor the people of their team; manager and administrator everybody."""
    if actor.id == user.id or actor.holds(Role.MANAGER, Role.ADMIN):
        return True
    return actor.holds(Role.SUPERVISOR) and actor.team_id is not None and actor.team_id == user.team_id


def knows_of(actor: Actor, absence: Absence) -> bool:
    """Whoever is away, whoever stands in, and those who answer for them."""
    return actor.id == absence.deputy_id or answers_for(actor, absence.user)


def known(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of SEE_ABSENCE, over ``Absence``."""
    if actor.holds(Role.MANAGER, Role.ADMIN):
        return sa.true()
    mine = sa.or_(Absence.user_id == actor.id, Absence.deputy_id == actor.id)
    if actor.holds(Role.SUPERVISOR) and actor.team_id is not None:
        return sa.or_(mine, Absence.user_id.in_(sa.select(User.id).where(User.team_id == actor.team_id)))
    return mine


grant(
    {
        P.SEE_PEOPLE: holds(Role.MANAGER, Role.ADMIN),
        P.MANAGE_PEOPLE: holds(Role.ADMIN),
        P.LET_IN: holds(Role.ADMIN),
        P.SEE_AWAY: holds(Role.SUPERVISOR, Role.MANAGER, Role.ADMIN),
        P.ANSWER_FOR: answers_for,
        P.SEE_ABSENCE: knows_of,
    },
    lists={P.SEE_ABSENCE: known},
)
