"""Where a submission is, and what happened to it, as its pages show it."""

from typing import Any

import sqlalchemy as sa
from flask import url_for

from accounts.models import User
from core.actors import Actor
from core.audit import TrailEntry, trail
from core.db import session
from core.i18n import _
from wiki.articles import ops, presenting
from wiki.articles.draft_buffers import buffers_of
from wiki.articles.lifecycle_showing import Moment, gone
from wiki.articles.linking import shown
from wiki.articles.models import Publication, Revision, Submission, SubmissionState
from wiki.articles.queries import publication_of
from wiki.articles.rules import Because
from workflows.blindness import blind_since, hides
from workflows.models import Decision, Review
from workflows.presenting import stage_word
from workflows.queries import hidden_from, last_review
from workflows.remark_showing import Beside, beside
from workflows.rules import REASON_NAMES, Reason, Verb


def card(submission: Submission, who: Actor, way: presenting.Way | None) -> dict[str, Any]:
    """One row of 'my submissions'."""
    where = presenting.where_is_it(way)
    title = submission.head.title if submission.head else ""
    if not title and (buffers := buffers_of(submission.id, who.id)):
        title = (buffers[0].document.get("title") or [""])[0]
    editing = submission.state is SubmissionState.DRAFT
    return {
        "id": submission.id,
        "title": title or _("Untitled"),
        "url": url_for("submissions.edit" if editing else "submissions.show", submission_id=submission.id),
        "kind": submission.kind,
        "state": submission.standing.value,
        "stages": presenting.stages_of(submission, way) if submission.state is SubmissionState.IN_REVIEW else [],
        "waiting_for": [presenting.role_word(r) for r in where["waiting_for"]] if where else [],
        "due_at": where["due_at"] if where else None,
        "changed_at": submission.updated_at,
    }


def now_words(where: dict[str, Any] | None) -> dict[str, Any] | None:
    """Where it is now, with whom and until when; with its author the clock stands still."""
    if where is None:
        return None
    tasks = [task for task in where["tasks"] if not task.blind]
    claimed = presenting.names_of([task.claimed_by_id for task in tasks if task.claimed_by_id])
    free = [presenting.role_word(role) for role in dict.fromkeys(t.role for t in tasks if t.claimed_by_id is None)]
    return {
        "stage": stage_word(tasks[0].review, tasks[0].stage) if tasks else presenting.role_word("author"),
        "who": _(", ").join([*claimed.values(), *free]) or presenting.role_word("author"),
        "claimed": bool(claimed),
        "due_at": where["due_at"],
        "paused": not tasks,
        "blocked": any(task.blocked_at for task in tasks),
        "round": tasks[0].review.round_number if tasks else None,
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


def gone_for(submission: Submission) -> Moment | None:
    """How readers lost its article, while that matters to it: it is under way, or was published there."""
    over = {SubmissionState.WITHDRAWN, SubmissionState.REJECTED}
    return gone(submission.article) if submission.state not in over else None


def publication_by_revision(revision_id: int | None, article_id: int) -> str:
    """The version number under which a revision was published ('1.0' when unknown)."""
    found = session.scalar(
        sa.select(Publication).where(Publication.article_id == article_id, Publication.revision_id == revision_id)
    )
    return found.version if found else "1.0"


def returned_with(submission: Submission | None, reader: Actor) -> dict[str, Any] | None:
    """The remark with which it came back, while it lies with its author, as far as the reader may know of it."""
    if submission is None or submission.state not in {SubmissionState.RETURNED, SubmissionState.REJECTED}:
        return None
    review = last_review(ops.SUBJECT, submission.id)
    if review is None:
        return None
    found = session.scalar(
        sa.select(Decision)
        .where(Decision.review_id == review.id, Decision.verb.in_([Verb.SEND_BACK, Verb.REJECT]))
        .where(sa.not_(Decision.blind), sa.not_(hidden_from(reader)))
        .order_by(Decision.id.desc())
        .limit(1)
    )
    if found is None:
        return None
    return {
        "actor": presenting.names_of([found.actor_id]).get(found.actor_id, ""),
        "at": found.decided_at,
        "text": found.note,
        "stage": stage_word(review, found.stage),
        "reason": REASON_NAMES[found.reason] if found.reason else None,
    }


def trail_of(submission: Submission, *, with_notes: bool = True, reader: Actor | None = None) -> list[dict[str, Any]]:
    """The acts for the page, newest first. ``reader``: who may still give a second opinion does not see what others
    found."""
    since = blind_since(reader, ops.SUBJECT, submission.id) if reader is not None else None
    rows = [
        row
        for row in session.scalars(trail(ops.SUBJECT, submission.id))
        if reader is None or not hides(since, reader, row.verb, row.at, row.actor_id)
    ]
    words = _Words(submission, rows)
    out = [words.act(row, with_notes=with_notes) for row in rows]
    published = publication_of(submission.id)
    if published is not None and published.provisional is None and since is None:  # else the trail itself tells
        out.append({"actor": _("Spiral"), "verb": "publish", "at": published.published_at, "stage": None,
                    "revision": None, "note": _("version %(version)s", version=published.version)})  # fmt: skip
    return out[::-1]


class _Words:
    """What the acts of one trail are about, in words; its names and revisions are fetched once."""

    def __init__(self, submission: Submission, rows: list[TrailEntry]) -> None:
        numbers = sa.select(Revision.id, Revision.number).where(Revision.submission_id == submission.id)
        self.numbers = dict(session.execute(numbers).all())
        self.review = last_review(ops.SUBJECT, submission.id)
        self.principals = presenting.names_of([row.on_behalf_of_id for row in rows if row.on_behalf_of_id])
        told = {
            str(row.details["to"]) for row in rows if row.verb in {"hand_over", "take_back"} and "to" in row.details
        }
        people = sa.select(User.username, User.name).where(User.username.in_(told))
        self.people = dict(session.execute(people).all()) if told else {}

    def act(self, row: TrailEntry, *, with_notes: bool) -> dict[str, Any]:
        return {
            "actor": row.actor_name,
            "on_behalf_of": self.principals.get(row.on_behalf_of_id) if row.on_behalf_of_id else None,
            "verb": row.verb,
            "about": self._about(row, with_notes=with_notes),
            "at": row.at,
            "stage": self._stage(row.stage) if row.stage else None,
            "revision": self.numbers.get(row.revision_id or 0),
            "note": (row.note or _why(row)) if with_notes else "",
        }

    def _stage(self, key: str) -> str:
        return stage_word(self.review, key) if self.review is not None else presenting.role_word(key)

    def _about(self, row: TrailEntry, *, with_notes: bool) -> str | None:
        """To whom, where to; why, for those who may read the text."""
        details = row.details
        if row.verb in {"hand_over", "take_back"}:
            return self.people.get(str(details.get("to")), details.get("to"))
        if not with_notes:
            return None
        if row.verb == "give_opinion":
            return {"yes": _("Yes"), "no": _("No"), "unsure": _("Not sure")}.get(str(details.get("verdict")))
        if row.verb in {"ask_expert", "revoke_expert", "named"}:
            return details.get("to") or details.get("people")
        if row.verb not in {Verb.SEND_BACK, Verb.REJECT}:
            return None
        reason = [str(REASON_NAMES[Reason(details["reason"])])] if details.get("reason") in set(Reason) else []
        way = [_("to %(stage)s", stage=self._stage(details["to_stage"]))] if details.get("to_stage") else []
        return _(", ").join([*way, *reason]) or None


def reviews_of(submission: Submission) -> list[Review]:
    """Every review of a submission: what was sent back in one is mended in the same; a reopened text begins another."""
    found = sa.select(Review).where(Review.subject_kind == ops.SUBJECT, Review.subject_id == submission.id)
    return list(session.scalars(found.order_by(Review.id)))


def text_of(submission: Submission, reader: Actor) -> Beside:
    """The text as it was saved last, the remarks on it beside it."""
    head = submission.head
    texts = shown(presenting.labelled(head), reader, published=False) if head is not None else []
    return beside(reviews_of(submission), reader, texts, title=head.title if head is not None else "")


def open_remarks(submission: Submission | None, reader: Actor) -> list[dict[str, Any]]:
    """What reviewers would have changed and nobody has settled yet, for the page on which it is mended."""
    if submission is None or submission.submitted_at is None:
        return []
    found = text_of(submission, reader)
    cards = [*found.rest, *(card for text in found.texts for card in text["remarks"])]
    return [card for card in cards if card["resolved_at"] is None]


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
