"""From what happened below to acts: one function per event, and how to tell again what was never recorded."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import url_for

from core.audit import TrailEntry
from core.db import session
from core.events import on
from core.i18n import _l, local
from wiki.articles.events import ArticlePublished, ProvisionalConfirmed
from wiki.articles.models import Publication, Submission
from wiki.articles.publishing import mean_score, told
from wiki.articles.queries import counts
from wiki.feedback.events import FlagMoved, HelpfulVoted, UsedInCall, UseTakenBack
from wiki.feedback.flag_models import Flag
from wiki.feedback.flag_rules import Act, Outcome
from wiki.feedback.models import Feedback
from wiki.feedback.queries import authors_of
from wiki.scoring import registry
from wiki.scoring.models import ScoringAct
from wiki.scoring.ops import grant
from wiki.training.events import CourseCompleted, CoursePublished, QuizPassed
from wiki.training.models import Course
from workflows.deciding import told_of
from workflows.events import TaskDecided
from workflows.models import Decision
from workflows.rules import VERDICTS


@on(ArticlePublished)
def article_published(event: ArticlePublished) -> None:
    """A submission was accepted: a new article by its kind, a change by its significance.

    Imports earn nothing; nor does what was published before its review – it does when the review confirms it, once –
    nor an earlier text that a rollback brings back, which has earned already.
    """
    if event.imported or event.provisional or event.restored:
        return
    first = event.previous_revision_id is None
    grant(
        "article.accepted" if first else "revision.accepted",
        source_kind="submission",
        source_id=event.submission_id,
        people=event.author_ids,
        at=event.at,
        variant=event.kind if first else event.significance,
        score=event.score,
        revision_id=event.revision_id,
        details={"article_id": event.article_id, "slug": event.slug, "kind": event.kind, "version": event.version},
    )


@on(ProvisionalConfirmed)
def provisional_confirmed(event: ProvisionalConfirmed) -> None:
    """The review has approved what readers saw before it: accepted now, and paid now."""
    article_published(event.publication)


@on(TaskDecided)
def task_decided(event: TaskDecided) -> None:
    """Somebody judged; a comment earns nothing. The item is the subject, so that an item judged twice counts once."""
    if event.verb not in VERDICTS:
        return
    grant(
        "review.decided",
        source_kind=event.subject_kind,
        source_id=event.subject_id,
        source=f"decision:{event.decision_id}",
        people=(event.actor_id,),
        at=event.at,
        variant="in_time" if event.in_time else "late",
        revision_id=event.revision_id,
        details={"task_id": event.task_id, "verb": event.verb.value, "stage": event.stage},
    )


@on(HelpfulVoted)
def helpful_voted(event: HelpfulVoted) -> None:
    """'Helpful' pays the authors; taking it back takes back exactly what it paid. Own votes count nothing."""
    if event.voter_id in event.author_ids:
        return
    if event.helpful:
        undoes = None
    elif event.before is True and event.previous_feedback_id is not None:
        undoes = f"feedback:{_paid_by(event)}"
    else:
        return
    grant(
        "feedback.helpful",
        source_kind="feedback",
        source_id=event.feedback_id,
        people=event.author_ids,
        at=event.at,
        revision_id=event.revision_id,
        undoes=undoes,
        details={"article_id": event.article_id, "slug": event.slug},
    )


def _paid_by(event: HelpfulVoted) -> int:
    """The vote that paid: the first 'helpful' of the unbroken row that ends here (a repeated one told nothing)."""
    rows = session.execute(
        sa.select(Feedback.id, Feedback.helpful)
        .where(Feedback.user_id == event.voter_id, Feedback.revision_id == event.revision_id)
        .where(Feedback.turn.is_not(None), Feedback.id < event.feedback_id)
        .order_by(Feedback.turn.desc())
    )
    paid = event.previous_feedback_id or 0
    for feedback_id, helpful in rows:
        if not helpful:
            break
        paid = feedback_id
    return paid


@on(UsedInCall)
def used_in_call(event: UsedInCall) -> None:
    """Used in a call pays the authors once per reader, revision and day, however many calls there were."""
    if event.user_id in event.author_ids or not event.first:
        return
    of_the_day = _use_of(event.revision_id, event.user_id, event.at)
    grant(
        "feedback.used",
        source_kind="feedback",
        source_id=event.feedback_id,
        source=of_the_day if _paid_use(of_the_day) is None else f"{of_the_day}~{event.feedback_id}",
        people=event.author_ids,
        at=event.at,
        revision_id=event.revision_id,
        details={"article_id": event.article_id, "slug": event.slug},
    )


@on(UseTakenBack)
def use_taken_back(event: UseTakenBack) -> None:
    """When no use of the day is left, what the day's use paid is taken back."""
    paid = _paid_use(_use_of(event.revision_id, event.user_id, event.used_at)) if event.last else None
    if paid is None:
        return
    grant(
        "feedback.used",
        source_kind="feedback",
        source_id=event.feedback_id,
        source=f"unused:{event.feedback_id}",
        people=event.author_ids,
        at=event.at,
        revision_id=event.revision_id,
        undoes=paid,
        details={"article_id": event.article_id, "slug": event.slug},
    )


def _use_of(revision_id: int, user_id: int, at: datetime) -> str:
    return f"used:{revision_id}:{user_id}:{local(at):%Y%m%d}"


def _paid_use(of_the_day: str) -> str | None:
    """The source of the act that paid a day's use last; a use after one that was taken back has a source of its own."""
    of_it = sa.or_(ScoringAct.source == of_the_day, ScoringAct.source.startswith(f"{of_the_day}~", autoescape=True))
    found = sa.select(ScoringAct.source).where(ScoringAct.event == "feedback.used", of_it)
    return session.scalar(found.order_by(ScoringAct.id.desc()).limit(1))


@on(FlagMoved)
def flag_led_to_a_change(event: FlagMoved) -> None:
    """Who said that something was wrong earns when the text was changed for it: once for each flag, and not the author
    of the text that was wrong."""
    if event.outcome != Outcome.CHANGED.value or event.act != Act.ANSWER.value:
        return
    flag = session.get_one(Flag, event.flag_id)
    if event.reporter_id in authors_of(flag.article):
        return
    grant(
        "flag.led_to_change",
        source_kind="flag",
        source_id=event.flag_id,
        people=(event.reporter_id,),
        at=event.at,
        revision_id=flag.revision_id,
        details={"slug": flag.article.slug},
    )


@on(CoursePublished)
def course_published(event: CoursePublished) -> None:
    """A course was made."""
    grant(
        "course.published",
        source_kind="course",
        source_id=event.course_id,
        people=(event.author_id,),
        at=event.at,
        details={"slug": event.slug},
    )


@on(CourseCompleted)
def course_completed(event: CourseCompleted) -> None:
    """The learner has the course's credits."""
    grant(
        "course.completed",
        source_kind="enrolment",
        source_id=event.enrolment_id,
        people=(event.user_id,),
        at=event.at,
        amount=event.credits,
        details={"slug": event.slug, "title": event.title},
    )


@on(QuizPassed)
def quiz_passed(event: QuizPassed) -> None:
    """Passed for the first time: once per person and quiz, whatever is told again."""
    course = session.get_one(Course, event.course_id)
    grant(
        "quiz.passed",
        source_kind="attempt",
        source_id=event.attempt_id,
        source=f"quiz:{event.quiz_id}:{event.user_id}",
        people=(event.user_id,),
        at=event.at,
        score=event.score,
        details={"slug": course.slug, "title": course.title},
    )


# ── what can earn, and where one sees it ──────────────────────────────────────────────────────────────────────────────


def _article(source_id: int, details: Mapping[str, Any]) -> str | None:
    return url_for("articles.show", slug=details["slug"]) if details.get("slug") else None


def _flag(source_id: int, details: Mapping[str, Any]) -> str | None:
    return url_for("flags.show", flag_id=source_id)


def _submission(source_id: int, details: Mapping[str, Any]) -> str | None:
    return url_for("submissions.show", submission_id=source_id)


def _review(source_id: int, details: Mapping[str, Any]) -> str | None:
    return url_for("reviews.show", task_id=details["task_id"]) if details.get("task_id") else None


def _course(source_id: int, details: Mapping[str, Any]) -> str | None:
    return url_for("training.course", slug=details["slug"]) if details.get("slug") else None


for source in (
    registry.Source("article.accepted", _l("New article accepted"), _submission),
    registry.Source("revision.accepted", _l("Change accepted"), _submission),
    registry.Source("review.decided", _l("Review decided"), _review),
    registry.Source("feedback.helpful", _l("A reader found it helpful"), _article),
    registry.Source("feedback.used", _l("Used in a call"), _article),
    registry.Source("flag.led_to_change", _l("Something wrong was found, and mended"), _flag),
    registry.Source("course.published", _l("Course made"), _course),
    registry.Source("course.completed", _l("Course completed"), _course),
    registry.Source("quiz.passed", _l("Quiz passed"), _course),
):
    registry.register(source)


# ── facts that were never recorded ────────────────────────────────────────────────────────────────────────────────────


def _lacks_act(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.not_(sa.exists().where(*conditions))


def _unpublished_acts() -> Sequence[int]:
    imported = sa.exists().where(
        TrailEntry.subject_kind == "submission",
        TrailEntry.subject_id == Publication.submission_id,
        TrailEntry.verb == "imported",
    )
    recorded = _lacks_act(
        ScoringAct.source_kind == "submission",
        ScoringAct.source_id == Publication.submission_id,
        ScoringAct.event.in_(("article.accepted", "revision.accepted")),
    )
    found = sa.select(Publication.id).where(recorded, sa.not_(imported), counts()).order_by(Publication.id)
    return session.scalars(found).all()


def _tell_publication(publication_id: int) -> None:
    row = session.get_one(Publication, publication_id)
    submission = session.get_one(Submission, row.submission_id)
    earlier = session.scalar(
        sa.select(Publication.revision_id)
        .where(Publication.article_id == row.article_id, Publication.id < row.id, counts())
        .order_by(Publication.id.desc())
        .limit(1)
    )
    at = row.provisional.closed_at or row.published_at if row.provisional else row.published_at
    article_published(told(row, submission, before=earlier, score=mean_score(submission.id), at=at))


def _unpaid_decisions() -> Sequence[int]:
    source = sa.literal("decision:") + sa.cast(Decision.id, sa.String)
    recorded = _lacks_act(ScoringAct.event == "review.decided", ScoringAct.source == source)
    return session.scalars(
        sa.select(Decision.id).where(Decision.verb.in_(VERDICTS), recorded).order_by(Decision.id)
    ).all()


def _tell_decision(decision_id: int) -> None:
    task_decided(told_of(session.get_one(Decision, decision_id)))


registry.tell_from(registry.Facts("publications", _unpublished_acts, _tell_publication))
registry.tell_from(registry.Facts("decisions", _unpaid_decisions, _tell_decision))
