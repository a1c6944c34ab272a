"""Who may look at whose points."""

import sqlalchemy as sa

from accounts.models import User
from accounts.rules import Role
from core.actors import Actor
from core.permissions import Permission, all_of, any_of, anybody, grant, holds
from wiki.articles.models import Submission, SubmissionState


class P(Permission):
    """Permissions of the ledger."""

    OPEN_LEDGER = "open the ledger"
    SEE_LEDGER = "see somebody's ledger"
    SET_RULES = "say what contributions earn"
    SEE_RULES = "see what contributions earn"
    JUDGE_FAIRNESS = "look into unfair play"
    SHARE = "say how authors share what a text earns"
    AGREE = "agree to how one's text is shared"


def is_self(actor: Actor, user: User) -> bool:
    """Their own."""
    return actor.id == user.id


def supervises(actor: Actor, user: User) -> bool:
    """Supervisor of the team the person is in."""
    return actor.holds(Role.SUPERVISOR) and actor.team_id is not None and actor.team_id == user.team_id


def wrote_it_together(actor: Actor, submission: Submission) -> bool:
    """Author or co-author of a text that has not been published yet."""
    return actor.id in submission.author_ids and submission.state is not SubmissionState.PUBLISHED


def did_not_write_it(actor: Actor, submission: Submission) -> bool:
    """None of its authors: nobody divides alone what is partly theirs."""
    return actor.id not in submission.author_ids


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
        P.SEE_RULES: anybody,
        P.SET_RULES: holds(Role.MANAGER, Role.ADMIN),
        P.JUDGE_FAIRNESS: holds(Role.MANAGER),
        P.SHARE: any_of(wrote_it_together, all_of(holds(Role.MANAGER), did_not_write_it)),
        P.AGREE: wrote_it_together,
        P.SEE_LEDGER: any_of(is_self, supervises, holds(Role.MANAGER, Role.ADMIN)),
    },
    lists={P.SEE_LEDGER: seen_by},
)
