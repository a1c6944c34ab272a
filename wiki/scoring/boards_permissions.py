"""Who may look at which board, and who changes badges."""

import sqlalchemy as sa

from accounts.models import Team
from accounts.rules import Role
from core.actors import Actor
from core.permissions import Permission, any_of, anybody, grant, holds

LEADERS = (Role.MANAGER, Role.ADMIN)


class P(Permission):
    """Permissions of boards."""

    OPEN_BOARDS = "open boards"
    SEE_TEAM_BOARD = "see a team's board"
    CHANGE_BADGES = "change badges and levels"


def is_in(actor: Actor, team: Team) -> bool:
    """Works in the team."""
    return actor.team_id is not None and actor.team_id == team.id


def boards_seen_by(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of SEE_TEAM_BOARD, over ``Team``."""
    return sa.true() if actor.holds(*LEADERS) else Team.id == (actor.team_id or 0)


grant(
    {
        P.OPEN_BOARDS: anybody,
        P.SEE_TEAM_BOARD: any_of(is_in, holds(*LEADERS)),
        P.CHANGE_BADGES: holds(*LEADERS),
    },
    lists={P.SEE_TEAM_BOARD: boards_seen_by},
)
