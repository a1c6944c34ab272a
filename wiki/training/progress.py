"""Who has completed a course: decided in one place, whatever brought it about."""

import secrets
from collections import defaultdict

import sqlalchemy as sa

from core import audit, clock
from core.db import session
from core.events import emit
from wiki.training.events import CourseCompleted
from wiki.training.models import Attempt, Course, Enrolment, LessonDone
from wiki.training.practice_queries import practice_in, practised_by
from wiki.training.rules import is_complete


def settle(course: Course, *, user_id: int | None = None) -> list[Enrolment]:
    """Everybody (or this person) who has done all that the course asks for has completed it, and is told of once.

    Called after every act that can complete somebody: a lesson confirmed, a quiz passed, somebody seen at a
    session, a task signed off, a requirement taken away.
    """
    waiting = sa.select(Enrolment).where(Enrolment.course_id == course.id, Enrolment.completed_at.is_(None))
    if user_id is not None:
        waiting = waiting.where(Enrolment.user_id == user_id)
    session.flush()
    rows = list(session.scalars(waiting.with_for_update().execution_options(populate_existing=True)))
    if not rows:
        return []
    lessons, quizzes = {one.id for one in course.lessons}, {one.id for one in course.quizzes}
    done, passed = _done(rows), _passed(rows)
    practice, practised = practice_in(course.id), practised_by(rows)
    finished = [
        row
        for row in rows
        if is_complete(
            course.requires,
            lessons=lessons,
            done=done[row.id],
            quizzes=quizzes,
            passed=passed[row.id],
            practice=practice,
            practised=practised[row.id],
        )
    ]
    for row in finished:
        _complete(course, row)
    return finished


def is_done(course: Course, row: Enrolment) -> bool:
    """This person has done all that the course asks for, as things stand now."""
    return is_complete(
        course.requires,
        lessons={one.id for one in course.lessons},
        done=_done([row])[row.id],
        quizzes={one.id for one in course.quizzes},
        passed=_passed([row])[row.id],
    )


def _done(rows: list[Enrolment]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    ids = [row.id for row in rows]
    for enrolment_id, lesson_id in session.execute(
        sa.select(LessonDone.enrolment_id, LessonDone.lesson_id).where(LessonDone.enrolment_id.in_(ids))
    ):
        found[enrolment_id].add(lesson_id)
    return found


def _passed(rows: list[Enrolment]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    ids = [row.id for row in rows]
    for enrolment_id, quiz_id in session.execute(
        sa.select(Attempt.enrolment_id, Attempt.quiz_id).where(Attempt.enrolment_id.in_(ids), Attempt.passed)
    ):
        found[enrolment_id].add(quiz_id)
    return found


def _complete(course: Course, row: Enrolment) -> None:
    row.completed_at, row.credits, row.certificate = clock.now(), course.credits, secrets.token_hex(8)
    session.flush()
    audit.record(
        None, "complete", subject_kind="course", subject_id=course.id,
        details={"user": row.user_id, "credits": str(course.credits)},
    )  # fmt: skip
    emit(
        CourseCompleted(
            course_id=course.id,
            slug=course.slug,
            title=course.title,
            enrolment_id=row.id,
            user_id=row.user_id,
            credits=course.credits,
            at=row.completed_at,
        )
    )
