"""From what happened below to acts: one function for each event that earns. What takes back is in ``takings``; what was
never recorded is told again by ``facts``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import url_for

from core.db import session
from core.events import on
from core.i18n import _l, local
from wiki.articles.events import ArticlePublished, ProvisionalConfirmed
from wiki.articles.queries import news_of
from wiki.articles.rules import News
from wiki.feedback.events import FlagMoved, HelpfulVoted, UsedInCall
from wiki.feedback.flag_models import Flag
from wiki.feedback.flag_rules import Act, Outcome
from wiki.feedback.models import Feedback, stands
from wiki.feedback.queries import authors_of
from wiki.scoring import registry
from wiki.scoring.ops import again, grant
from wiki.scoring.queries import accepted_act, is_own, is_same_person
from wiki.scoring.sharing import shares_of, standing_shares
from wiki.training.events import CourseCompleted, CoursePublished, QuizPassed
from wiki.training.models import Course
from workflows.calibration import Pair, opinions_on, pairs_of
from workflows.events import TaskDecided
from workflows.models import Decision, Review
from workflows.rules import VERDICTS


@on(ArticlePublished)
def article_published(event: ArticlePublished) -> None:
    """A submission was accepted: a new article by its kind, a change by its significance.

    Imports earn nothing; nor does what was published before its review – it does when the review confirms it, once –
    nor an earlier text that a rollback brings back, which has earned already. The words of an earlier version that
    somebody proposes again are recorded as what they are, and there is no rule for it unless a centre makes one.
    """
    if event.imported or event.provisional or event.restored:
        return
    news = news_of(event.publication_id)
    grant(
        "article.accepted" if news is News.FIRST else "revision.accepted",
        source_kind="submission",
        source_id=event.submission_id,
        people=event.author_ids,
        at=event.at,
        variant={News.FIRST: event.kind, News.CHANGE: event.significance, News.BACK: "back"}[news],
        score=event.score,
        revision_id=event.revision_id,
        shares=shares_of(event.submission_id, event.author_ids),
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
    for pair in pairs_of(event.review_id) if opinions_on(event.review_id) else ():
        _calibrated(pair)


def _calibrated(pair: Pair) -> None:
    """Two who judged the same text without knowing of each other came to the same verdict."""
    if not pair.agrees or is_same_person(*pair.people):
        return
    review = session.get_one(Review, pair.review_id)
    grant(
        "review.calibrated",
        source_kind=review.subject_kind,
        source_id=review.subject_id,
        source=f"pair:{pair.decisions[0]}:{pair.decisions[1]}",
        people=pair.people,
        at=pair.at,
        details={"task_id": session.get_one(Decision, pair.decisions[1]).task_id, "stage": pair.stage},
    )


@on(HelpfulVoted)
def helpful_voted(event: HelpfulVoted) -> None:
    """'Helpful' pays the authors; taking it back takes back exactly what it paid. Own votes count nothing."""
    if is_own(event.voter_id, event.author_ids):
        return
    if event.helpful:
        undoes = None
    elif event.before is True and event.previous_feedback_id is not None:
        undoes = f"feedback:{paid_by(event.previous_feedback_id)}"
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
        **as_accepted(event.article_id, event.author_ids),
    )


def paid_by(last: int) -> int:
    """The vote that paid: the first 'helpful' of the unbroken row that ends with the vote ``last``. A row goes through
    the small versions under one major number; a repeated vote told nothing."""
    end = session.get_one(Feedback, last)
    before = session.execute(
        sa.select(Feedback.id, Feedback.turn, Feedback.helpful, stands())
        .where(Feedback.user_id == end.user_id, Feedback.article_id == end.article_id)
        .where(Feedback.turn.is_not(None), Feedback.id < last)
        .order_by(Feedback.id.desc())
    )
    paid, turn = last, end.turn
    for feedback_id, earlier, helpful, counts in before:
        if turn == 1 or not helpful or not counts:
            break
        paid, turn = feedback_id, earlier
    return paid


def as_accepted(article_id: int, author_ids: Sequence[int]) -> dict[str, Any]:
    """What readers' thanks take over from the day on which the text was accepted: its checklist score, and how its
    authors share."""
    found = accepted_act(article_id, author_ids)
    return {} if found is None else {"score": found.score, "shares": standing_shares(found)}


@on(UsedInCall)
def used_in_call(event: UsedInCall) -> None:
    """Used in a call pays the authors once per reader, revision and day, however many calls there were."""
    source = used_source(event.revision_id, event.user_id, event.at)
    if is_own(event.user_id, event.author_ids) or again("feedback.used", source, at=event.at):
        return
    grant(
        "feedback.used",
        source_kind="feedback",
        source_id=event.feedback_id,
        source=source,
        people=event.author_ids,
        at=event.at,
        revision_id=event.revision_id,
        details={"article_id": event.article_id, "slug": event.slug},
        **as_accepted(event.article_id, event.author_ids),
    )


def used_source(revision_id: int, user_id: int, at: datetime) -> str:
    """One for each reader, revision and day."""
    return f"used:{revision_id}:{user_id}:{local(at):%Y%m%d}"


@on(FlagMoved)
def flag_led_to_a_change(event: FlagMoved) -> None:
    """Who said that something was wrong earns when the text was changed for it: once for each flag, and not the author
    of the text that was wrong."""
    if event.outcome != Outcome.CHANGED.value or event.act != Act.ANSWER.value:
        return
    flag = session.get_one(Flag, event.flag_id)
    if is_own(event.reporter_id, authors_of(flag.article)):
        return
    if again("flag.led_to_change", f"flag:{event.flag_id}", at=event.at):
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
    if again("course.completed", f"enrolment:{event.enrolment_id}", at=event.at):
        return
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
    source = f"quiz:{event.quiz_id}:{event.user_id}"
    if again("quiz.passed", source, at=event.at):
        return
    course = session.get_one(Course, event.course_id)
    grant(
        "quiz.passed",
        source_kind="attempt",
        source_id=event.attempt_id,
        source=source,
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
    registry.Source("review.calibrated", _l("Second opinion agreed"), _review),
    registry.Source("feedback.helpful", _l("A reader found it helpful"), _article),
    registry.Source("feedback.used", _l("Used in a call"), _article),
    registry.Source("flag.led_to_change", _l("Something wrong was found, and mended"), _flag),
    registry.Source("course.published", _l("Course made"), _course),
    registry.Source("course.completed", _l("Course completed"), _course),
    registry.Source("quiz.passed", _l("Quiz passed"), _course),
):
    registry.register(source)
