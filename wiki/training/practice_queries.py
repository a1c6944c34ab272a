"""Reads of sessions and tasks: what a course has, who was there, what was signed."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core.db import session
from wiki.training.models import Enrolment
from wiki.training.practice_models import CourseSession, CourseTask, Seat, TaskReport
from wiki.training.practice_rules import Verdict
from wiki.training.version_models import VersionStep


def practice_done(
    user_id: Any, sessions: sa.ColumnElement[bool], tasks: sa.ColumnElement[bool]
) -> tuple[sa.Select[int], sa.Select[int]]:
    """How many of these ``sessions`` and ``tasks`` (over ``VersionStep``) the person (an id or a column) has done, in
    the outer ``Enrolment``."""
    count = sa.select(sa.func.count()).select_from(VersionStep)
    seen = sa.and_(Seat.session_id == VersionStep.ref_id, Seat.user_id == user_id, Seat.attended_at.is_not(None))
    signed = sa.and_(
        TaskReport.task_id == VersionStep.ref_id,
        TaskReport.enrolment_id == Enrolment.id,
        TaskReport.verdict == Verdict.SIGNED,
    )
    return count.join(Seat, seen).where(sessions), count.join(TaskReport, signed).where(tasks)


def practice_in(course_id: int) -> set[str]:
    """The keys of the sessions and tasks that a course asks for."""
    return {f"session:{one.id}" for one in sessions_of(course_id)} | {f"task:{one.id}" for one in tasks_of(course_id)}


def practised_by(enrolments: Iterable[Enrolment]) -> dict[int, set[str]]:
    """By enrolment, the keys of the sessions attended and the tasks signed off; of this or any other course."""
    rows = list(enrolments)
    by_person = {row.user_id: row.id for row in rows}
    found: dict[int, set[str]] = defaultdict(set)
    seats = sa.select(Seat.user_id, Seat.session_id).where(
        Seat.user_id.in_(list(by_person)), Seat.attended_at.is_not(None)
    )
    for user_id, session_id in session.execute(seats):
        found[by_person[user_id]].add(f"session:{session_id}")
    signed = sa.select(TaskReport.enrolment_id, TaskReport.task_id).where(
        TaskReport.enrolment_id.in_(list(by_person.values())), TaskReport.verdict == Verdict.SIGNED
    )
    for enrolment_id, task_id in session.execute(signed):
        found[enrolment_id].add(f"task:{task_id}")
    return found


def sessions_of(course_id: int) -> list[CourseSession]:
    """The sessions of a course, first come first."""
    found = sa.select(CourseSession).where(CourseSession.course_id == course_id, CourseSession.removed_at.is_(None))
    return list(session.scalars(found.order_by(CourseSession.starts_at, CourseSession.id)))


def tasks_of(course_id: int) -> list[CourseTask]:
    """The tasks of a course, in the order in which they were written."""
    found = sa.select(CourseTask).where(CourseTask.course_id == course_id, CourseTask.removed_at.is_(None))
    return list(session.scalars(found.order_by(CourseTask.id)))


def seats_of(session_ids: Iterable[int], user_id: int | None = None) -> list[Seat]:
    """Who takes part in these sessions; of one person only when one is named."""
    found = sa.select(Seat).where(Seat.session_id.in_(list(session_ids)))
    return list(session.scalars(found if user_id is None else found.where(Seat.user_id == user_id)))


def taken(session_ids: Iterable[int]) -> dict[int, int]:
    """How many said that they come, by session."""
    found = sa.select(Seat.session_id, sa.func.count()).where(
        Seat.session_id.in_(list(session_ids)), Seat.taken_at.is_not(None)
    )
    return {row[0]: row[1] for row in session.execute(found.group_by(Seat.session_id))}


def reports_of(task_ids: Iterable[int], user_id: int) -> list[TaskReport]:
    """What a person said about these tasks and what was answered, oldest first."""
    return list(
        session.scalars(
            sa.select(TaskReport)
            .join(TaskReport.enrolment)
            .where(TaskReport.task_id.in_(list(task_ids)), Enrolment.user_id == user_id)
            .options(joinedload(TaskReport.judged_by))
            .order_by(TaskReport.id)
        )
    )
