"""What was published anew moves the pins of the lessons that teach it, or marks them for the trainer."""

from datetime import datetime

import sqlalchemy as sa

from core import audit
from core.db import session
from core.events import emit, on
from wiki.articles.events import ArticlePublished, ArticleRetired, ProvisionalConfirmed
from wiki.articles.models import Article, Publication
from wiki.training import following
from wiki.training.events import LessonOutdated
from wiki.training.models import Lesson
from wiki.training.queries import lessons_on
from wiki.training.rules import Follow, follow


@on(ArticlePublished)
def follow_the_published(event: ArticlePublished) -> None:
    """Of an article that was not there before no lesson and no question knows."""
    if event.version != "1.0":
        follow_the_article(event)


def follow_the_article(event: ArticlePublished) -> None:
    """Minor changes and typos: the pin moves on, with a trail entry. Major: the lesson keeps its text and is marked.

    A lesson never follows what is not reviewed yet: that is followed when it is confirmed. When a rollback brings back
    the very text that a lesson teaches, its pin moves to the new number, whatever the numbers are.
    """
    if event.provisional:
        return
    lessons = list(session.scalars(lessons_on(event.article_id)))
    article = session.get_one(Article, event.article_id)
    newest = session.scalars(
        sa.select(Publication).where(
            Publication.article_id == article.id, Publication.major == article.major, Publication.minor == article.minor
        )
    ).one()
    if newest.revision is not None:
        text = following.text_of(newest.revision)
        following.look_at_questions(article.id, text, major=newest.minor == 0, at=event.at)
    for lesson in lessons:
        before = lesson.publication
        if before.revision_id == newest.revision_id or follow(before.major, newest.major) is Follow.MOVE:
            lesson.publication_id, lesson.marked_at = newest.id, None  # a mark from a retirement is settled, too
            _remember(lesson, "pin", event.slug, before=before.version, after=newest.version)
        elif lesson.marked_at is None:
            _mark(lesson, event.article_id, event.at)
            _remember(lesson, "mark", event.slug, before=before.version, after=newest.version)
        session.flush()
        session.expire(lesson, ["publication"])


@on(ProvisionalConfirmed)
def follow_the_confirmed(event: ProvisionalConfirmed) -> None:
    """What readers saw already has its review behind it: lessons follow as after any publication."""
    follow_the_article(event.publication)


@on(ArticleRetired)
def mark_the_retired(event: ArticleRetired) -> None:
    """Learners still read the pinned text; the trainer is to decide what takes its place."""
    for lesson in session.scalars(lessons_on(event.article_id)):
        if lesson.marked_at is None:
            _mark(lesson, event.article_id, event.at)
        _remember(lesson, "mark", event.slug, before=lesson.publication.version, after="")


def _mark(lesson: Lesson, article_id: int, at: datetime) -> None:
    lesson.marked_at = at
    emit(LessonOutdated(lesson.id, lesson.course_id, article_id, at))


def _remember(lesson: Lesson, verb: str, slug: str, *, before: str, after: str) -> None:
    audit.record(
        None,
        verb,
        subject_kind="course",
        subject_id=lesson.course_id,
        details={"lesson": lesson.id, "article": slug, "before": before, "after": after},
    )
