"""What a major change of an article asks of its courses: questions that rest, lessons that are read again."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from core import audit
from core.db import session
from core.events import emit
from wiki.articles.models import Publication, Revision
from wiki.training.asking import courses_asking
from wiki.training.events import QuestionsSuspended
from wiki.training.following_rules import holds
from wiki.training.models import Course, Enrolment, Lesson, LessonDone, LessonReadAgain, Question, Quiz


def look_at_questions(article_id: int, text: str, *, major: bool, at: datetime) -> None:
    """Questions about this article whose passage is gone rest after a major change; one that came back is asked again.

    Minor changes and typos bother nobody: they may bring a passage back, and never make a question rest.
    """
    asked = (
        sa.select(Question, Quiz.course_id)
        .join(Quiz, Quiz.id == Question.quiz_id)
        .where(
            Question.article_id == article_id,
            Question.passage != "",
            Question.retired_at.is_(None),
            sa.or_(Quiz.removed_at.is_(None), Question.category_id.is_not(None)),  # the bank outlives the quiz
        )
    )
    resting: dict[int, int] = {}
    for question, course_id in session.execute(asked):
        there = holds(question.passage, text)
        if question.suspended_at is None and major and not there:
            question.suspended_at = at
            for asking in courses_asking(question):
                resting[asking] = resting.get(asking, 0) + 1
            _remember("suspend_question", course_id, question.id)
        elif question.suspended_at is not None and there:
            question.suspended_at = None
            _remember("resume_question", course_id, question.id)
    session.flush()
    for course_id, count in resting.items():
        emit(QuestionsSuspended(course_id, article_id, count, at))


def _remember(verb: str, course_id: int, question_id: int) -> None:
    audit.record(None, verb, subject_kind="course", subject_id=course_id, details={"question": question_id})


def text_of(revision: Revision) -> str:
    """Everything that a passage may stand in."""
    return "\n".join([revision.title, *_strings(revision.fields), revision.body])


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for each in value.values() for text in _strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in _strings(each)]
    return []


# ── lessons that are read again ──────────────────────────────────────────────────────────────────────────────────────

_confirmed = sa.orm.aliased(Publication)
_pinned = sa.orm.aliased(Publication)
_again = sa.orm.aliased(Publication)


def read_earlier() -> sa.Select[int, int]:
    """(person, lesson) where the person confirmed an earlier major version than the lesson teaches now."""
    again = (
        sa.exists()
        .where(
            LessonReadAgain.enrolment_id == LessonDone.enrolment_id,
            LessonReadAgain.lesson_id == LessonDone.lesson_id,
            LessonReadAgain.publication_id == _again.id,
            _again.major == _pinned.major,
        )
        .correlate(LessonDone, _pinned)
    )
    return (
        sa.select(Enrolment.user_id, Lesson.id)
        .select_from(LessonDone)
        .join(Enrolment, Enrolment.id == LessonDone.enrolment_id)
        .join(Lesson, Lesson.id == LessonDone.lesson_id)
        .join(_confirmed, _confirmed.id == LessonDone.publication_id)
        .join(_pinned, _pinned.id == Lesson.publication_id)
        .where(Lesson.removed_at.is_(None), _confirmed.major < _pinned.major, ~again)
    )


def to_read_again(user_id: int, lesson_ids: Collection[int]) -> set[int]:
    """Which of these lessons the person has read in an earlier major version only."""
    found = read_earlier().where(Enrolment.user_id == user_id, Lesson.id.in_(lesson_ids))
    return {lesson_id for _user, lesson_id in session.execute(found)}


def who_reads_again(lesson_id: int) -> set[int]:
    """Everybody who has read the lesson in an earlier major version only."""
    return {user_id for user_id, _lesson in session.execute(read_earlier().where(Lesson.id == lesson_id))}


def waiting_to_read_again(user_id: int) -> list[Lesson]:
    """The lessons that the person is to read again, over all their courses."""
    ids = read_earlier().where(Enrolment.user_id == user_id).with_only_columns(Lesson.id)
    return list(
        session.scalars(sa.select(Lesson).join(Course).where(Lesson.id.in_(ids)).order_by(Course.title, Lesson.id))
    )
