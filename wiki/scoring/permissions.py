"""Who may look at whose points."""

import sqlalchemy as sa

from accounts.models import User
from accounts.rules import Role
from core.actors import Actor
from core.permissions import Permission, any_of, anybody, grant, holds


class P(Permission):
    """Permissions of the ledger."""

    OPEN_LEDGER = "open the ledger"
    SEE_LEDGER = "see somebody's ledger"


def is_self(actor: Actor, user: User) -> bool:
    """Their own."""
    return actor.id == user.id


def supervises(actor: Actor, user: User) -> bool:
    """Supervisor of the team the person is in."""
    return actor.holds(Role.SUPERVISOR) and actor.team_id is not None and actor.team_id == user.team_id


def seen_by(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of SEE_LEDGER, over ``User``."""
    if actor.holds(Role.MANAGER, Role.ADMIN):
        return sa.true()
    own = User.id == actor.id
    if actor.holds(Role.SUPERVISOR) and actor.team_id is not None:
        return sa.or_(own, User.team_id == actor.team_id)
    return own


grant(
    {
        P.OPEN_LEDGER: anybody,
        P.SEE_LEDGER: any_of(is_self, supervises, holds(Role.MANAGER, Role.ADMIN)),
    },
    lists={P.SEE_LEDGER: seen_by},
)
