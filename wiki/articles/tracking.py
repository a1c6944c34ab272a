"""Where a submission is, and what happened to it, as its pages show it."""

from typing import Any

import sqlalchemy as sa
from flask import url_for

from core.actors import Actor
from core.audit import TrailEntry, trail
from core.db import session
from core.i18n import _
from wiki.articles import ops, presenting
from wiki.articles.models import Publication, Revision, Submission, SubmissionState
from wiki.articles.queries import buffer_of, publication_of
from wiki.articles.rules import Because
from workflows.models import Decision
from workflows.queries import last_review
from workflows.rules import Verb


def card(submission: Submission, who: Actor, way: presenting.Way | None) -> dict[str, Any]:
    """One row of 'my submissions'."""
    where = presenting.where_is_it(way)
    title = submission.head.title if submission.head else ""
    if not title and (buffer := buffer_of(submission.id, who.id)):
        title = (buffer.document.get("title") or [""])[0]
    editing = submission.state is SubmissionState.DRAFT
    return {
        "id": submission.id,
        "title": title or _("Untitled"),
        "url": url_for("submissions.edit" if editing else "submissions.show", submission_id=submission.id),
        "kind": submission.kind,
        "state": submission.state.value,
        "stages": presenting.stages_of(submission, way) if submission.state is SubmissionState.IN_REVIEW else [],
        "waiting_for": [presenting.role_word(r) for r in where["waiting_for"]] if where else [],
        "due_at": where["due_at"] if where else None,
        "changed_at": submission.updated_at,
        "points": None,
        "note": None,
    }


def now_words(where: dict[str, Any] | None) -> dict[str, Any] | None:
    if where is None:
        return None
    claimed = [task.claimed_by_id for task in where["tasks"] if task.claimed_by_id]
    names = list(presenting.names_of(claimed).values())
    words = [presenting.role_word(role) for role in where["waiting_for"]]
    return {
        "stage": presenting.role_word(where["stage"] or "author"),
        "who": "、".join(names or words),
        "due_at": where["due_at"],
    }


def rebase_offer(submission: Submission) -> dict[str, str] | None:
    article = submission.article
    if article is None:
        return None
    base = publication_by_revision(submission.base_revision_id, article.id)
    return {
        "compare_url": url_for("articles.diff", slug=article.slug, to=article.version) + f"&from={base}",
        "url": url_for("submissions.rebase", submission_id=submission.id),
    }


def publication_by_revision(revision_id: int | None, article_id: int) -> str:
    """The version number under which a revision was published ('1.0' when unknown)."""
    found = session.scalar(
        sa.select(Publication).where(Publication.article_id == article_id, Publication.revision_id == revision_id)
    )
    return found.version if found else "1.0"


def returned_with(submission: Submission | None) -> dict[str, Any] | None:
    """The remark with which it came back, while it lies with its author."""
    if submission is None or submission.state not in {SubmissionState.RETURNED, SubmissionState.REJECTED}:
        return None
    review = last_review(ops.SUBJECT, submission.id)
    if review is None:
        return None
    found = session.scalar(
        sa.select(Decision)
        .where(Decision.review_id == review.id, Decision.verb.in_([Verb.SEND_BACK, Verb.REJECT]))
        .order_by(Decision.id.desc())
        .limit(1)
    )
    if found is None:
        return None
    return {
        "actor": presenting.names_of([found.actor_id]).get(found.actor_id, ""),
        "at": found.decided_at,
        "text": found.note,
        "stage": presenting.role_word(found.stage),
    }


def trail_of(submission: Submission, *, with_notes: bool = True) -> list[dict[str, Any]]:
    """The acts for the page, newest first."""
    rows = list(session.scalars(trail(ops.SUBJECT, submission.id)))
    numbers = {
        row.id: row.number
        for row in session.execute(
            sa.select(Revision.id, Revision.number).where(Revision.submission_id == submission.id)
        )
    }
    out = [_act(row, numbers, with_notes) for row in rows]
    published = publication_of(submission.id)
    if published is not None and published.provisional is None:  # else the trail itself tells when it was
        out.append({"actor": _("Spiral"), "verb": "publish", "at": published.published_at, "stage": None,
                    "revision": None, "note": _("version %(version)s", version=published.version)})  # fmt: skip
    return out[::-1]


def _act(row: TrailEntry, numbers: dict[int, int], with_notes: bool) -> dict[str, Any]:
    return {
        "actor": row.actor_name,
        "verb": row.verb,
        "at": row.at,
        "stage": presenting.role_word(row.stage) if row.stage else None,
        "revision": numbers.get(row.revision_id or 0),
        "note": (row.note or _why(row)) if with_notes else "",
    }


def _why(row: TrailEntry) -> str:
    """Why the house itself acted, for entries that carry a reason by its name."""
    because = row.details.get("because")
    return because_word(Because(because)) if because in set(Because) else ""


def because_word(code: Because) -> str:
    """Why a publication before review, or the request for one, is over."""
    return {
        Because.APPROVED: _("the review approved the text"),
        Because.REPLACED: _("the review approved a later revision"),
        Because.REJECTED: _("the review rejected the text"),
        Because.WITHDRAWN: _("the author withdrew the text"),
        Because.DEADLINE: _("the review was not done in time"),
        Because.RETIRED: _("the article was retired"),
        Because.LAPSED: _("nobody gave the second signature in time"),
        Because.RETURNED: _("a reviewer sent the text back"),
        Because.CHANGED: _("the text was changed"),
        Because.TAKEN_BACK: _("it is no longer needed"),
    }[code]
