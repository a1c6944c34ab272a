"""What pages show of publications before review: beside a submission, on the home page, and in their own list."""

from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload

from core import clock
from core.actors import Actor
from core.db import session
from core.i18n import _
from core.permissions import allowed, can
from wiki.articles import ops, presenting
from wiki.articles.models import Article, ProvisionalPublication, Submission, SubmissionState
from wiki.articles.permissions import P
from wiki.articles.provisional import may_sign
from wiki.articles.provisional_ends import SIGN_WITHIN, open_row
from wiki.articles.rules import STILL_OPEN, ProvisionalKind, ProvisionalState, missing_signature
from wiki.articles.tracking import because_word
from workflows.queries import open_review

Row = ProvisionalPublication


def beside(submission: Submission, actor: Actor) -> dict[str, Any] | None:
    """What the panel beside a submission says and offers; ``None`` when it has nothing to say to this person."""
    if not can(actor, P.READ_SUBMISSION, submission):
        return None
    row = open_row(submission.id) or _last(submission.id)
    is_open = row is not None and row.state in STILL_OPEN
    offers = {} if is_open else _offers(submission, actor, row)
    if row is None and not offers:
        return None
    return {
        "row": shown(row) if row is not None else None,
        "sign": row is not None and may_sign(actor, row),
        "take_back": row is not None
        and row.state is ProvisionalState.ASKED
        and (actor.id == row.asked_by_id or actor.holds("manager")),
        "revision": row.revision_id if row is not None else None,
        "number": row.revision.number if row is not None else None,
        "submission_id": submission.id,
        **offers,
    }


def _last(submission_id: int) -> Row | None:
    return session.scalar(sa.select(Row).where(Row.submission_id == submission_id).order_by(Row.id.desc()).limit(1))


def _offers(submission: Submission, actor: Actor, last: Row | None) -> dict[str, Any]:
    """Which of the two ways are open to this person now, and in what time the review must end."""
    review = open_review(ops.SUBJECT, submission.id)
    if review is None or (last is not None and last.state is ProvisionalState.ROLLED_BACK):
        return {}
    returned = submission.state is SubmissionState.RETURNED
    is_new = submission.article is None or not submission.article.live
    ask = can(actor, P.ASK_EMERGENCY, submission)
    workaround = can(actor, P.PUBLISH_WORKAROUND, submission) and is_new and not returned
    if not ask and not workaround:
        return {}
    return {
        "ask": ask,
        "workaround": workaround,
        "returned": returned,
        "hours": review.definition.emergency_hours,
        "partner": _roles(missing_signature(actor.roles)),
        "is_new": is_new,
    }


def _roles(codes: frozenset[str]) -> str:
    return _(" or ").join(presenting.role_word(code) for code in sorted(codes, reverse=True))


def shown(row: Row) -> dict[str, Any]:
    """One row for panels and lists."""
    early = presenting.early_card(row)
    return {
        **early,
        "title": row.revision.title,
        "url": url_for("submissions.show", submission_id=row.submission_id),
        "article_url": url_for("articles.show", slug=row.article.slug) if row.article and row.article.live else None,
        "text_kind": row.submission.kind,
        "asked_at": row.asked_at,
        "sign_until": row.asked_at + SIGN_WITHIN,
        "waits_for": _roles(missing_signature(_roles_of(row))) if row.state is ProvisionalState.ASKED else "",
        "because_word": because_word(row.closed_because) if row.closed_because else "",
        "submission_state": row.submission.state.value,
    }


def _roles_of(row: Row) -> frozenset[str]:
    return frozenset(one.role.value for one in row.asked_by.role_rows)


def to_sign(actor: Actor) -> list[dict[str, Any]]:
    """What waits for this person's signature, the one that lapses first at the top."""
    if not actor.holds("supervisor", "manager"):
        return []
    asked = _visible(actor).where(Row.state == ProvisionalState.ASKED, Row.asked_at > clock.now() - SIGN_WITHIN)
    return [shown(row) for row in session.scalars(asked.order_by(Row.asked_at)) if may_sign(actor, row)]


def count_to_sign(actor: Actor) -> int:
    """How many requests wait for this person's signature."""
    return len(to_sign(actor))


def asked(actor: Actor) -> list[dict[str, Any]]:
    """Requests that wait for anybody's second signature."""
    rows = session.scalars(_visible(actor).where(Row.state == ProvisionalState.ASKED).order_by(Row.asked_at)).all()
    return [{**shown(row), "sign": may_sign(actor, row)} for row in rows]


def visible(actor: Actor) -> list[dict[str, Any]]:
    """What readers see before its review has ended, soonest due first."""
    rows = session.scalars(_visible(actor).where(Row.state == ProvisionalState.PUBLISHED).order_by(Row.deadline))
    return [shown(row) for row in rows]


def closed(actor: Actor) -> sa.Select[Row]:
    """How others ended, newest first."""
    return _visible(actor).where(Row.state.not_in(STILL_OPEN)).order_by(Row.closed_at.desc(), Row.id.desc())


def _visible(actor: Actor) -> sa.Select[Row]:
    """Those whose text this person may read: as a proposal, or because readers see it."""
    live = sa.exists().where(
        Article.id == Row.article_id, Row.state == ProvisionalState.PUBLISHED, allowed(actor, P.READ)
    )
    return (
        sa.select(Row)
        .join(Submission, Submission.id == Row.submission_id)
        .where(sa.or_(allowed(actor, P.READ_SUBMISSION), live.correlate(Row)))
        .options(joinedload(Row.submission), joinedload(Row.revision), joinedload(Row.article))
    )


def kind_word(kind: ProvisionalKind | str) -> str:
    """The two kinds by name."""
    return {"emergency": _("Emergency"), "workaround": _("Workaround")}[str(kind)]


def state_word(state: ProvisionalState | str) -> str:
    """Where one stands, by name."""
    return {
        "asked": _("waits for the second signature"),
        "published": _("visible, review under way"),
        "confirmed": _("confirmed by its review"),
        "rolled_back": _("rolled back"),
        "cancelled": _("not published"),
    }[str(state)]
