"""Who has completed a course: decided in one place, whatever brought it about."""

import secrets
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from core import audit, clock
from core.db import session
from core.events import emit
from wiki.training.events import CourseCompleted
from wiki.training.models import Attempt, Course, Enrolment, LessonDone
from wiki.training.practice_queries import practice_in, practised_by
from wiki.training.rules import Requires, is_complete
from wiki.training.version_models import CourseVersion


@dataclass(frozen=True, slots=True)
class Asked:
    """What a version of a course asks for, and what it gives."""

    requires: Requires
    credits: Decimal
    lessons: set[int]
    quizzes: set[int]
    practice: set[str]


def asked_in(course: Course, version_id: int | None) -> Asked:
    """What is asked of those under a version; without one, what the course says now."""
    version = session.get(CourseVersion, version_id) if version_id is not None else None
    if version is None:
        lessons, quizzes = {one.id for one in course.lessons}, {one.id for one in course.quizzes}
        return Asked(course.requires, course.credits, lessons, quizzes, practice_in(course.id))
    practice = {key for key in version.order if key.startswith(("session:", "task:"))}
    return Asked(version.requires, version.credits, set(version.ids("lesson")), set(version.ids("quiz")), practice)


def settle(course: Course, *, user_id: int | None = None) -> list[Enrolment]:
    """Everybody (or this person) who has done all that their version of the course asks for has completed it, and is
    told of once.

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
    asked = {version_id: asked_in(course, version_id) for version_id in {row.version_id for row in rows}}
    finished = [row for row, full in _full(rows, asked) if full]
    for row in finished:
        _complete(course, row, asked[row.version_id].credits)
    return finished


def is_done(course: Course, row: Enrolment) -> bool:
    """This person has done all that their version of the course asks for, as things stand now."""
    return _full([row], {row.version_id: asked_in(course, row.version_id)})[0][1]


def _full(rows: list[Enrolment], asked: Mapping[int | None, Asked]) -> list[tuple[Enrolment, bool]]:
    done, passed, practised = _done(rows), _passed(rows), practised_by(rows)
    return [
        (
            row,
            is_complete(
                asked[row.version_id].requires,
                lessons=asked[row.version_id].lessons,
                done=done[row.id],
                quizzes=asked[row.version_id].quizzes,
                passed=passed[row.id],
                practice=asked[row.version_id].practice,
                practised=practised[row.id],
            ),
        )
        for row in rows
    ]


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


def _complete(course: Course, row: Enrolment, given: Decimal) -> None:
    row.completed_at, row.credits, row.certificate = clock.now(), given, secrets.token_hex(8)
    session.flush()
    audit.record(
        None, "complete", subject_kind="course", subject_id=course.id,
        details={"user": row.user_id, "credits": str(given)},
    )  # fmt: skip
    emit(
        CourseCompleted(
            course_id=course.id,
            slug=course.slug,
            title=course.title,
            enrolment_id=row.id,
            user_id=row.user_id,
            credits=given,
            at=row.completed_at,
        )
    )
