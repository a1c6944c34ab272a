"""How a publication before review ends: confirmed, replaced, rolled back – or the request for one is void.

Called by the listeners of reviews and articles and by the worker, in the order of the house's locks: the review, then
the submission, then the article.
"""

from datetime import timedelta
from functools import cache

import sqlalchemy as sa

from core import audit, clock
from core.actors import Actor
from core.chores import chore
from core.db import lock, session
from core.events import emit, on
from wiki.articles.events import (
    ArticleRetired,
    EmergencyClosed,
    ProvisionalConfirmed,
    PublicationScheduled,
    RevisionSaved,
    RolledBack,
)
from wiki.articles.models import Article, ProvisionalPublication, Revision, Submission
from wiki.articles.publishing import close_published, mean_score, publish, publish_again, take_off, told
from wiki.articles.rules import STILL_OPEN, Because, ProvisionalState
from workflows import deadlines
from workflows import ops as reviewing
from workflows.events import TaskOpened
from workflows.models import Task

SUBJECT = "submission"
SIGN_WITHIN = timedelta(hours=24)  # by the clock on the wall: an emergency does not wait for office hours


def open_row(submission_id: int) -> ProvisionalPublication | None:
    """What is asked for or visible of this submission, as the database says now."""
    return session.scalar(_open_one(), {"submission": submission_id})


@cache  # asked whenever a task opens
def _open_one() -> sa.Select[ProvisionalPublication]:
    here = ProvisionalPublication.submission_id == sa.bindparam("submission", type_=sa.Integer)
    found = sa.select(ProvisionalPublication).where(here, ProvisionalPublication.state.in_(STILL_OPEN))
    return found.execution_options(populate_existing=True)


def approved(submission: Submission, *, by: int | None) -> None:
    """Its review has approved the head revision. When readers see that very text, it is confirmed: it counts from now
    on, under the number it has. Anything else is published as always, and takes the place of what was provisional."""
    row = open_row(submission.id)
    if row is not None and row.state is ProvisionalState.PUBLISHED:
        article = lock(Article, row.article_id)
        if (
            article is not None
            and article.live
            and submission.head_revision_id == article.revision_id == row.revision_id
        ):
            _confirm(row, submission, article)
            return
    if submission.publish_at is not None and submission.publish_at > clock.now():
        _wait_for_its_day(submission, row, by)
        return
    publish(submission, by=by)
    if row is not None and row.state is ProvisionalState.PUBLISHED:
        _close(row, ProvisionalState.CONFIRMED, Because.REPLACED)
        _remember(row, "replace_provisional")
    elif row is not None:
        cancel(row, Because.APPROVED)


def _wait_for_its_day(submission: Submission, row: ProvisionalPublication | None, by: int | None) -> None:
    """Approved, and not before its time: the worker publishes it."""
    if row is not None:
        cancel(row, Because.APPROVED)
    assert submission.publish_at is not None
    emit(PublicationScheduled(submission.id, submission.publish_at, submission.author_ids, by, clock.now()))


def _confirm(row: ProvisionalPublication, submission: Submission, article: Article) -> None:
    publication = row.publication
    assert publication is not None  # the table insists
    _close(row, ProvisionalState.CONFIRMED, Because.APPROVED)
    article.provisional = article.provisional_until = None
    close_published(submission, article)
    _remember(row, "confirm_provisional", version=publication.version)
    counted = told(publication, submission, score=mean_score(submission.id))
    emit(ProvisionalConfirmed(row.id, row.publisher_ids, counted))


def ended(submission: Submission, because: Because) -> None:
    """Its review has ended without approval, or has been interrupted while only one had signed."""
    row = open_row(submission.id)
    if row is not None and row.state is ProvisionalState.ASKED:
        cancel(row, because)
    elif row is not None and because is not Because.RETURNED:  # back with its author it stays, and the clock runs on
        roll_back(row, because)


def roll_back(row: ProvisionalPublication, because: Because) -> None:
    """Readers see what they saw before; nothing, if there was nothing."""
    article = lock(Article, row.article_id)
    assert article is not None  # articles are never deleted
    _close(row, ProvisionalState.ROLLED_BACK, because)
    title = session.get_one(Revision, row.revision_id).title
    if row.previous_revision_id is not None:
        row.restored = publish_again(article, session.get_one(Revision, row.previous_revision_id))
        session.flush()
    else:
        take_off(article)
    _remember(row, "roll_back", because=because.value)
    audit.record(
        None,
        "roll_back",
        subject_kind="article",
        subject_id=article.id,
        revision_id=row.revision_id,
        details={"provisional": row.id, "because": because.value},
    )
    emit(
        RolledBack(
            provisional_id=row.id,
            kind=row.kind.value,
            submission_id=row.submission_id,
            article_id=article.id,
            slug=article.slug,
            title=title,
            because=because.value,
            restored_revision_id=row.previous_revision_id,
            publisher_ids=row.publisher_ids,
            author_ids=row.submission.author_ids,
            at=clock.now(),
        )
    )


def cancel(row: ProvisionalPublication, because: Because, actor: Actor | None = None) -> None:
    """The request for a second signature is void."""
    _close(row, ProvisionalState.CANCELLED, because)
    _remember(row, "close_emergency", actor, because=because.value)
    emit(EmergencyClosed(row.id, row.submission_id, row.asked_by_id, because.value, clock.now()))


def _close(row: ProvisionalPublication, state: ProvisionalState, because: Because) -> None:
    row.state, row.closed_at, row.closed_because = state, clock.now(), because
    session.flush()


def _remember(row: ProvisionalPublication, verb: str, actor: Actor | None = None, **details: str) -> None:
    audit.record(
        actor,
        verb,
        subject_kind=SUBJECT,
        subject_id=row.submission_id,
        revision_id=row.revision_id,
        details={"provisional": row.id, **details},
    )


# ── what others do ───────────────────────────────────────────────────────────────────────────────────────────────────


@on(RevisionSaved)
def void_a_request(event: RevisionSaved) -> None:
    """A signature is for a text: when that is another one, somebody must ask again."""
    row = open_row(event.submission_id)
    if row is not None and row.state is ProvisionalState.ASKED:
        cancel(row, Because.CHANGED)


@on(ArticleRetired)
def forget_the_retired(event: ArticleRetired) -> None:
    """A manager took the article off: nothing is to be rolled back later. (A rollback has closed its row before.)"""
    row = session.scalar(
        sa.select(ProvisionalPublication).where(
            ProvisionalPublication.article_id == event.article_id,
            ProvisionalPublication.state == ProvisionalState.PUBLISHED,
        )
    )
    if row is not None:
        _close(row, ProvisionalState.CANCELLED, Because.RETIRED)
        _remember(row, "close_emergency", because=Because.RETIRED.value)


@on(TaskOpened)
def hurry_the_review(event: TaskOpened) -> None:
    """A seat that opens while readers see the text already is due by the rollback at the latest."""
    row = open_row(event.subject_id) if event.subject_kind == SUBJECT else None
    if row is not None and row.state is ProvisionalState.PUBLISHED and row.deadline is not None:
        deadlines.hurry(session.get_one(Task, event.task_id), row.deadline)


@chore(every=60)
def keep_deadlines() -> None:
    """What is overdue is rolled back, and requests that nobody signed have lapsed: once each."""
    now = clock.now()
    due = sa.or_(
        sa.and_(ProvisionalPublication.state == ProvisionalState.PUBLISHED, ProvisionalPublication.deadline <= now),
        sa.and_(
            ProvisionalPublication.state == ProvisionalState.ASKED,
            ProvisionalPublication.asked_at <= now - SIGN_WITHIN,
        ),
    )
    found = sa.select(ProvisionalPublication.id, ProvisionalPublication.submission_id).where(due)
    for row_id, submission_id in session.execute(found.order_by(ProvisionalPublication.id)).all():
        reviewing.hold(SUBJECT, submission_id)  # in the order of a decision
        lock(Submission, submission_id)
        row = open_row(submission_id)
        if row is None or row.id != row_id:
            continue  # decided meanwhile
        if row.state is ProvisionalState.PUBLISHED and row.deadline is not None and row.deadline <= now:
            roll_back(row, Because.DEADLINE)
        elif row.state is ProvisionalState.ASKED and row.asked_at <= now - SIGN_WITHIN:
            cancel(row, Because.LAPSED)
