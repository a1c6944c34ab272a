"""Publication before review: in an emergency by two, as a workaround by one – and what becomes of it afterwards.

Verbs of people first, then what reviews, retirements and the clock do. Callers hold the review, then the submission
(``ops.find_submission(locked=True)``); the article is locked last. Nothing here outlives its review: it is confirmed,
replaced or rolled back, and whoever put it up never judges it (``workflows.ops.bar``).
"""

from datetime import datetime

import sqlalchemy as sa

from accounts.models import User
from accounts.people import actor_of
from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Forbidden, IllegalMove, Invalid
from core.events import emit
from core.i18n import _, local
from core.permissions import can, require
from wiki.articles import ops
from wiki.articles.events import EmergencyAsked, PublishedBeforeReview
from wiki.articles.models import Article, ProvisionalPublication, Submission, SubmissionState
from wiki.articles.permissions import P, wrote_it
from wiki.articles.provisional_ends import SIGN_WITHIN, cancel, open_row
from wiki.articles.publishing import publish_before_review
from wiki.articles.queries import approved_revision_id
from wiki.articles.rules import (
    Because,
    ProvisionalKind,
    ProvisionalState,
    missing_signature,
    sign_together,
    state_word,
)
from workflows import calendars, deadlines
from workflows import ops as reviewing
from workflows.models import Review
from workflows.queries import open_tasks

REASON_LIMIT = 500


def ask_emergency(submission: Submission, actor: Actor, reason: str) -> ProvisionalPublication:
    """A supervisor or a manager signs for publication at once; nothing is published before the other one signs.

    What lies with its author is handed in for them by this act, so that its review begins now.

    Raises:
        Forbidden (``own-work``), IllegalMove, Conflict, Invalid: no reason, or the text is not complete.
    """
    _must_be_others_work(submission, actor)
    require(actor, P.ASK_EMERGENCY, submission)
    if submission.state not in {SubmissionState.IN_REVIEW, SubmissionState.RETURNED}:
        raise _not_under_review(submission)
    _must_be_the_first(submission)
    reason = _reason(reason)
    if submission.state is SubmissionState.RETURNED:
        audit.record(
            actor, "submit_for_author", subject_kind=ops.SUBJECT, subject_id=submission.id, details={"why": "emergency"}
        )
        ops.hand_in(submission, actor)
    ops.must_be_complete(submission, actor)
    row = _row(submission, actor, ProvisionalKind.EMERGENCY, reason)
    _remember(row, actor, "ask_emergency", reason)
    roles = missing_signature(actor.roles)
    until = row.asked_at + SIGN_WITHIN
    emit(
        EmergencyAsked(
            row.id, submission.id, row.revision_id, actor.id, roles, submission.author_ids, until, row.asked_at
        )
    )
    return row


def confirm_emergency(submission: Submission, actor: Actor, *, seen: int | None = None) -> ProvisionalPublication:
    """The second signature, of the other role: readers see the text, and its review is compulsory from now on.

    ``seen``: the revision the person has read. Raises Forbidden (``own-work``, ``own-request``), Conflict (``moved``,
    ``lapsed``), Invalid.
    """
    _must_be_others_work(submission, actor)
    require(actor, P.SIGN_EMERGENCY, submission)
    row = open_row(submission.id)
    if row is None or row.state is not ProvisionalState.ASKED:
        raise _nothing_to_sign(submission)  # also to a supervisor who could read it only for as long as it was asked
    require(actor, P.READ_SUBMISSION, submission)
    _must_be_the_other_one(row, actor)
    if clock.now() >= row.asked_at + SIGN_WITHIN:
        raise Conflict(_("The request has lapsed: it was not signed within 24 hours. Ask again."), code="lapsed")
    if seen is not None and seen != row.revision_id:
        raise Conflict(_("The text is another one than you read. Look at it again before you sign."), code="moved")
    ops.must_be_complete(submission, actor)
    row.confirmed_by_id = actor.id
    _put_up(row, actor, "sign_emergency", "")
    return row


def take_back_request(submission: Submission, actor: Actor) -> ProvisionalPublication:
    """Who asked does not ask any more; a manager may end any request.

    Raises:
        Forbidden, Conflict (``moved``).
    """
    require(actor, P.ASK_EMERGENCY, submission)
    row = open_row(submission.id)
    if row is None or row.state is not ProvisionalState.ASKED:
        raise _nothing_to_sign(submission)
    if actor.id != row.asked_by_id and not actor.holds("manager"):
        raise Forbidden(_("Only who asked, or a knowledge manager, takes this request back."))
    cancel(row, Because.TAKEN_BACK, actor)
    return row


def publish_workaround(submission: Submission, actor: Actor, reason: str) -> ProvisionalPublication:
    """Readers see a new text at once, marked as not yet validated; one person answers for it until its review ends.

    Raises:
        Forbidden (``own-work``), IllegalMove, Conflict (``not-new``), Invalid.
    """
    _must_be_others_work(submission, actor)
    require(actor, P.PUBLISH_WORKAROUND, submission)
    if submission.state is not SubmissionState.IN_REVIEW:
        raise _not_under_review(submission)
    _must_be_the_first(submission)
    if submission.article is not None and submission.article.live:
        raise Conflict(
            _("Readers see an approved text here; a workaround is only for what is not there yet. In an emergency, a "
              "supervisor and a manager can publish the change together."),
            code="not-new",
        )  # fmt: skip
    reason = _reason(reason)
    ops.must_be_complete(submission, actor)
    row = _row(submission, actor, ProvisionalKind.WORKAROUND, reason)
    _put_up(row, actor, "publish_workaround", reason)
    return row


# ── what the verbs have in common ────────────────────────────────────────────────────────────────────────────────────


def _must_be_others_work(submission: Submission, actor: Actor) -> None:
    if wrote_it(actor, submission):
        raise Forbidden(_("This is your own work; somebody else must answer for it."), code="own-work")


def _not_under_review(submission: Submission) -> IllegalMove:
    return IllegalMove(
        _("Only what is under review can be published before its review ends; this is %(state)s.",
          state=state_word(submission.state))
    )  # fmt: skip


def _must_be_the_first(submission: Submission) -> None:
    """One at a time, and a text that came down again goes up by its review only."""
    row = open_row(submission.id)
    if row is not None and row.state is ProvisionalState.ASKED:
        sentence = _("%(name)s has asked for this already; it needs the second signature.", name=row.asked_by.name)
        raise Conflict(sentence, code="already-asked")
    if row is not None:
        raise Conflict(_("Readers see this already; its review goes on."), code="already-published")
    rolled_back = sa.select(ProvisionalPublication.id).where(
        ProvisionalPublication.submission_id == submission.id,
        ProvisionalPublication.state == ProvisionalState.ROLLED_BACK,
    )
    if session.scalar(rolled_back.limit(1)) is not None:
        raise Conflict(
            _("Readers saw this before its review once, and it was rolled back. Now only its review publishes it."),
            code="rolled-back",
        )


def _must_be_the_other_one(row: ProvisionalPublication, actor: Actor) -> None:
    """Two people, one a supervisor and one a manager – also now, when the second one signs."""
    if actor.id == row.asked_by_id:
        raise Forbidden(
            _("You have asked for it yourself; the second signature is another person's."), code="own-request"
        )
    first = session.get_one(User, row.asked_by_id)
    roles = actor_of(first).roles if first.active else frozenset()
    if sign_together(roles, actor.roles):
        return
    if not first.active or not roles & {"supervisor", "manager"}:
        raise Conflict(_("%(name)s may not sign any more. Ask anew.", name=first.name), code="moved")
    raise Forbidden(
        _("A supervisor and a knowledge manager sign together; the other role is missing."), code="same-role"
    )


def _nothing_to_sign(submission: Submission) -> Conflict:
    """409: what became of the request, as far as one can say who did what and when."""
    row = session.scalar(
        sa.select(ProvisionalPublication)
        .where(ProvisionalPublication.submission_id == submission.id)
        .order_by(ProvisionalPublication.id.desc())
        .limit(1)
    )
    if row is None:
        return Conflict(_("Nobody has asked to publish this in an emergency."), code="moved")
    if row.confirmed_by is not None and row.published_at is not None:
        time = f"{local(row.published_at):%H:%M:%S}"
        sentence = _("%(name)s was faster and signed this at %(time)s.", name=row.confirmed_by.name, time=time)
        return Conflict(
            sentence, code="moved", decided_by=row.confirmed_by.name, decided_at=row.published_at.isoformat()
        )
    if row.closed_at is None:
        return Conflict(_("Readers see this already; its review goes on."), code="already-published")
    because = row.closed_because
    sentences = {
        Because.LAPSED: _("The request has lapsed: it was not signed within 24 hours. Ask again."),
        Because.CHANGED: _("The text was changed after somebody asked; the request is void. Ask again."),
        Because.RETURNED: _("A reviewer sent the text back; the request is void."),
        Because.TAKEN_BACK: _("The request was taken back."),
        Because.WITHDRAWN: _("The text was withdrawn; there is nothing to sign any more."),
    }
    known = sentences.get(because) if because else None
    return Conflict(known or _("Its review has ended; there is nothing to sign any more."), code="moved")


def _reason(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid({"reason": _("Please say why this cannot wait for its review.")})
    if len(text) > REASON_LIMIT:
        raise Invalid({"reason": _("At most %(n)s characters, please.", n=REASON_LIMIT)})
    return text


def _row(submission: Submission, actor: Actor, kind: ProvisionalKind, reason: str) -> ProvisionalPublication:
    row = ProvisionalPublication(
        submission=submission,
        revision_id=submission.head_revision_id,
        article_id=submission.article_id,
        kind=kind,
        state=ProvisionalState.ASKED,
        reason=reason,
        asked_by_id=actor.id,
        asked_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def _put_up(row: ProvisionalPublication, actor: Actor, verb: str, note: str) -> None:
    """Bar who answers for it from judging it, and show it to readers until the review is due."""
    submission, people = row.submission, row.publisher_ids
    article = lock(Article, submission.article_id) if submission.article_id is not None else None
    row.previous_revision_id = approved_revision_id(article)
    reviewing.bar(ops.SUBJECT, submission.id, actor, people)
    review = reviewing.hold(ops.SUBJECT, submission.id)
    assert review is not None  # bar would have refused
    now, until = clock.now(), _due(review)
    publication = publish_before_review(submission, row.kind, until, by=actor.id)
    row.article_id, row.publication = publication.article_id, publication
    row.state, row.published_at, row.deadline = ProvisionalState.PUBLISHED, now, until
    session.flush()
    for task in open_tasks([review.id]):
        deadlines.hurry(task, until)
    _remember(row, actor, verb, note, deadline=until.isoformat(), version=publication.version)
    emit(
        PublishedBeforeReview(
            row.id, row.kind.value, submission.id, row.article_id, people, submission.author_ids, until, now
        )
    )


def _due(review: Review) -> datetime:
    """When the review must have ended: working hours of the pipeline, by the calendar of the stage it is in."""
    stage = review.definition.stage(review.stage or "")
    calendar = deadlines.calendar_for(stage, None)
    return calendars.add(calendar, clock.now(), review.definition.emergency_hours * deadlines.HOUR)


def _remember(row: ProvisionalPublication, actor: Actor, verb: str, note: str, **details: str) -> None:
    audit.record(
        actor,
        verb,
        subject_kind=ops.SUBJECT,
        subject_id=row.submission_id,
        revision_id=row.revision_id,
        note=note,
        details={"provisional": row.id, **details},
    )


def may_sign(actor: Actor, row: ProvisionalPublication) -> bool:
    """This person's signature is the one that is missing."""
    return (
        row.state is ProvisionalState.ASKED
        and actor.id != row.asked_by_id
        and clock.now() < row.asked_at + SIGN_WITHIN
        and can(actor, P.SIGN_EMERGENCY, row.submission)
        and can(actor, P.READ_SUBMISSION, row.submission)
        and sign_together(actor_of(row.asked_by).roles, actor.roles)
    )
