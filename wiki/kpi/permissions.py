"""Who may look at whose card, and who brings figures in."""

import sqlalchemy as sa

from accounts.models import Team
from accounts.rules import REVIEWERS, Role
from core.actors import Actor
from core.permissions import Permission, any_of, anybody, grant, holds
from wiki.scoring.permissions import is_self, seen_by, supervises

LEADERS = (Role.MANAGER, Role.ADMIN)


class P(Permission):
    """Permissions of scorecards."""

    OPEN_CARDS = "open scorecards"
    SEE_PERSON = "see somebody's scorecard"
    SEE_TEAM = "see a team's scorecard"
    SEE_CENTRE = "see the centre's scorecard"
    BRING_READINGS = "import readings"
    CLOSE = "close a period"
    CHANGE_CARDS = "change indicators and templates"
    APPEAL = "appeal against a card"
    ANSWER = "answer an appeal"


def is_in(actor: Actor, team: Team) -> bool:
    """Works in the team."""
    return actor.team_id == team.id


def team_seen_by(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of SEE_TEAM, over ``Team``."""
    return sa.true() if actor.holds(*LEADERS) else Team.id == (actor.team_id or 0)


def person_seen_by(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of SEE_PERSON, over ``User``: whose points one may see, their card one may see."""
    return seen_by(actor)


grant(
    {
        P.OPEN_CARDS: anybody,
        P.SEE_PERSON: any_of(is_self, supervises, holds(*LEADERS)),
        P.SEE_TEAM: any_of(is_in, holds(*LEADERS)),
        P.SEE_CENTRE: holds(*REVIEWERS, *LEADERS),
        P.BRING_READINGS: holds(*LEADERS),
        P.CLOSE: holds(*LEADERS),
        P.CHANGE_CARDS: holds(*LEADERS),
        P.APPEAL: anybody,
        P.ANSWER: holds(*LEADERS),
    },
    lists={P.SEE_PERSON: person_seen_by, P.SEE_TEAM: team_seen_by},
)
