"""Remarks on passages: left with a decision, shown beside the text, answered and resolved by an author."""

from collections.abc import Sequence

import sqlalchemy as sa

from accounts.models import User
from core import audit, clock
from core.actors import Actor
from core.db import session
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import emit
from core.i18n import _
from workflows import subjects
from workflows.events import RemarkResolved
from workflows.models import Decision, Remark, Review
from workflows.queries import hidden_from

ANSWER_LIMIT = 2000


def remarks_of(review_ids: Sequence[int], actor: Actor) -> list[tuple[Remark, str]]:
    """Every remark of some reviews that this person may see now, with its giver's name, oldest first."""
    rows = session.execute(
        sa.select(Remark, User.name)
        .join(User, User.id == Remark.author_id)
        .join(Decision, Decision.id == Remark.decision_id)
        .where(Remark.review_id.in_(review_ids), sa.not_(hidden_from(actor)))
        .order_by(Remark.id)
    )
    return [(remark, name) for remark, name in rows]


def resolve(remark_id: int, actor: Actor, *, answer: str = "") -> Remark:
    """An author says what became of a remark; the reviewer sees it.

    Raises:
        NotFound, Forbidden: not an author. Conflict: it is resolved already. Invalid.
    """
    remark = _mine(remark_id, actor)
    if remark.resolved_at is not None:
        raise Conflict(_("This remark is resolved already."), code="illegal-move")
    if len(answer) > ANSWER_LIMIT:
        raise Invalid({"answer": _("An answer may have %(n)s characters at most.", n=ANSWER_LIMIT)})
    remark.answer, remark.resolved_at, remark.resolved_by_id = answer.strip(), clock.now(), actor.id
    _tell(remark, actor, "resolve_remark")
    return remark


def reopen(remark_id: int, actor: Actor) -> Remark:
    """The author takes it back, or the reviewer is not content: the remark is open again."""
    remark = _mine(remark_id, actor, giver=True)
    if remark.resolved_at is None:
        raise Conflict(_("This remark is open already."), code="illegal-move")
    remark.resolved_at = remark.resolved_by_id = None
    _tell(remark, actor, "reopen_remark")
    return remark


def _mine(remark_id: int, actor: Actor, *, giver: bool = False) -> Remark:
    remark = session.get(Remark, remark_id, with_for_update=True)
    review = session.get(Review, remark.review_id) if remark is not None else None
    if remark is None or review is None:
        raise NotFound(_("There is no such remark, or you may not see it."))
    if not subjects.subject(review.subject_kind).readable(actor, review.subject_id):
        raise NotFound(_("There is no such remark, or you may not see it."))
    if actor.id not in review.author_ids and not (giver and remark.author_id == actor.id):
        raise Forbidden(_("Only an author of the text can resolve a remark on it."))
    return remark


def _tell(remark: Remark, actor: Actor, verb: str) -> None:
    review = session.get_one(Review, remark.review_id)
    session.flush()
    audit.record(
        actor,
        verb,
        subject_kind=review.subject_kind,
        subject_id=review.subject_id,
        revision_id=remark.revision_id,
        note=remark.answer,
        details={"remark": remark.id},
    )
    emit(RemarkResolved(remark.id, review.id, actor.id, clock.now()))
