"""Whom an assignment reaches: found by one rule, and kept per person as a ``Duty``.

Who is to take a course is asked of the duties alone, by ``owed``. They follow in the transaction in which an assignment
or a person changes; a chore looks again at a few at a time, for what two transactions could not see of each other.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from accounts.events import PersonDisabled, PersonMoved
from accounts.models import User, UserRole
from core import clock
from core.chores import chore
from core.db import database, session
from core.events import emit, on
from core.i18n import local
from wiki.training.audience_models import Duty
from wiki.training.audience_rules import Circle, due_day
from wiki.training.events import CourseAssigned
from wiki.training.models import Assignment, Course, Enrolment

CHUNK = 200  # assignments that one turn of the chore looks at


def circle_of(row: Assignment) -> Circle:
    """Whom an assignment is for."""
    return Circle(row.user_id, row.role, row.team_id, row.tier_id)


def takes(circle: Circle) -> sa.ColumnElement[bool]:
    """The twin of ``Circle.takes``, over ``User``."""
    found: list[sa.ColumnElement[bool]] = [User.active.is_(True)]
    if circle.user_id is not None:
        found.append(User.id == circle.user_id)
    if circle.role is not None:
        found.append(User.role_rows.any(UserRole.role == circle.role))
    if circle.team_id is not None:
        found.append(User.team_id == circle.team_id)
    if circle.tier_id is not None:
        found.append(User.tier_id == circle.tier_id)
    return sa.and_(*found)


def reaches() -> sa.ColumnElement[bool]:
    """The twin of ``Circle.takes``, over ``Assignment`` and ``User``; what has ended reaches nobody."""
    holds = sa.exists().where(UserRole.user_id == User.id, UserRole.role == Assignment.role)
    return sa.and_(
        Assignment.ended_at.is_(None),
        User.active,
        sa.or_(Assignment.user_id.is_(None), Assignment.user_id == User.id),
        sa.or_(Assignment.team_id.is_(None), Assignment.team_id == User.team_id),
        sa.or_(Assignment.tier_id.is_(None), Assignment.tier_id == User.tier_id),
        sa.or_(Assignment.role.is_(None), holds.correlate(User, Assignment)),
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a circle would reach now: how many, who of them are to take the course already, who have completed it."""

    people: int
    known: int
    completed: int
    names: tuple[str, ...]


def reach(circle: Circle, course: Course, *, named: int = 6) -> Reach:
    """What assigning the course to this circle would mean, before anybody does."""
    mine = sa.select(User.id).where(takes(circle))
    known = sa.exists().where(Duty.user_id == User.id, Duty.course_id == course.id, Duty.ended_at.is_(None))
    done = sa.exists().where(
        Enrolment.user_id == User.id, Enrolment.course_id == course.id, Enrolment.completed_at.is_not(None)
    )

    def count(who: sa.Select[int]) -> int:
        return session.scalar(sa.select(sa.func.count()).select_from(who.subquery())) or 0

    names = session.scalars(sa.select(User.name).where(takes(circle)).order_by(User.name, User.id).limit(named))
    return Reach(count(mine), count(mine.where(known)), count(mine.where(done)), tuple(names))


# ── keeping it true ──────────────────────────────────────────────────────────────────────────────────────────────────


def follow(
    *, assignments: Collection[int] | None = None, people: Collection[int] | None = None, actor_id: int | None = None
) -> None:
    """Who left a circle of these assignments (or these people: of any) is to take the course no longer; who came into
    it is from now on, and is told unless they have completed it or were to take it as soon."""
    session.flush()
    _end(assignments, people)
    found = sa.select(Assignment, User.id).join(User, reaches())
    there = sa.exists().where(Duty.assignment_id == Assignment.id, Duty.user_id == User.id, Duty.ended_at.is_(None))
    found = found.where(~there.correlate(Assignment, User)).order_by(Assignment.id, User.id)
    if assignments is not None:
        found = found.where(Assignment.id.in_(assignments))
    if people is not None:
        found = found.where(User.id.in_(people))
    rows = [(row, user_id) for row, user_id in session.execute(found)]
    if rows:
        _reach(rows, actor_id)


def _end(assignments: Collection[int] | None, people: Collection[int] | None) -> None:
    still = sa.exists().where(Assignment.id == Duty.assignment_id, User.id == Duty.user_id, reaches())
    left = sa.update(Duty).where(Duty.ended_at.is_(None), ~still.correlate(Duty)).values(ended_at=clock.now())
    if assignments is not None:
        left = left.where(Duty.assignment_id.in_(assignments))
    if people is not None:
        left = left.where(Duty.user_id.in_(people))
    session.execute(left.execution_options(synchronize_session="fetch"))


def _reach(rows: Sequence[tuple[Assignment, int]], actor_id: int | None) -> None:
    now = clock.now()
    day = _day(now)
    due = {row: due_day(row.due_on, row.days, assigned=_day(row.created_at), reached=day) for row, _user in rows}
    settled, known = _before(rows)
    insert = (sqlite.insert if database().sqlite else postgresql.insert)(cast(sa.Table, Duty.__table__))
    session.execute(
        insert.on_conflict_do_nothing(),  # another transaction has reached them at the same moment
        [
            {"assignment_id": row.id, "course_id": row.course_id, "user_id": one, "since": now, "due_on": due[row]}
            for row, one in rows
        ],
    )
    told: dict[Assignment, list[int]] = defaultdict(list)
    for row, one in rows:
        if (row.course_id, one) not in settled and not _as_soon(known[row.course_id, one], due[row]):
            told[row].append(one)
        known[row.course_id, one].append(due[row])
    for row, people in told.items():
        tell(row, people, due[row], actor_id)


def _as_soon(known: Collection[date | None], due: date | None) -> bool:
    """They were to take it by that day anyhow."""
    return bool(known) and (due is None or any(one is not None and one <= due for one in known))


def _before(rows: Sequence[tuple[Assignment, int]]) -> tuple[set[tuple[int, int]], dict[Any, list[date | None]]]:
    """By course and person: who has completed it, and by which days somebody is to take it already."""
    courses, people = {row.course_id for row, _user in rows}, {user_id for _row, user_id in rows}
    done = sa.select(Enrolment.course_id, Enrolment.user_id).where(
        Enrolment.course_id.in_(courses), Enrolment.user_id.in_(people), Enrolment.completed_at.is_not(None)
    )
    owed = sa.select(Duty.course_id, Duty.user_id, Duty.due_on).where(
        Duty.course_id.in_(courses), Duty.user_id.in_(people), Duty.ended_at.is_(None)
    )
    known: dict[Any, list[date | None]] = defaultdict(list)
    for course_id, user_id, due_on in session.execute(owed):
        known[course_id, user_id].append(due_on)
    return {(course_id, user_id) for course_id, user_id in session.execute(done)}, known


def tell(row: Assignment, user_ids: Iterable[int], due: date | None, actor_id: int | None) -> None:
    """These people hear of the course and their own last day."""
    people = tuple(user_ids)
    if people:
        emit(CourseAssigned(row.id, row.course_id, people, due, actor_id, clock.now()))


def move_days(row: Assignment, actor_id: int) -> None:
    """Everybody whom the assignment reached has the last day that follows from it now; whose day moves is told."""
    moved: dict[date | None, list[int]] = defaultdict(list)
    for duty in session.scalars(sa.select(Duty).where(Duty.assignment_id == row.id, Duty.ended_at.is_(None))):
        due = due_day(row.due_on, row.days, assigned=_day(row.created_at), reached=_day(duty.since))
        if due != duty.due_on:
            duty.due_on = due
            moved[due].append(duty.user_id)
    session.flush()
    finished = set(
        session.scalars(
            sa.select(Enrolment.user_id).where(
                Enrolment.course_id == row.course_id, Enrolment.completed_at.is_not(None)
            )
        )
    )
    for due, user_ids in moved.items():
        tell(row, [one for one in user_ids if one not in finished], due, actor_id)


def _day(at: datetime) -> date:
    return local(at).date()


@on(PersonMoved)
@on(PersonDisabled)
def follow_the_person(event: Any) -> None:
    """Another team, tier or role means other courses."""
    follow(people=[event.user_id])


_next = 0


@chore(every=300)
def look_again() -> None:
    """What somebody assigned while somebody else moved a person: neither saw the other's act. A few at a time."""
    global _next
    _name_circles()
    ids = list(
        session.scalars(
            sa.select(Assignment.id)
            .where(Assignment.id > _next, Assignment.ended_at.is_(None))
            .order_by(Assignment.id)
            .limit(CHUNK)
        )
    )
    _next = ids[-1] if len(ids) == CHUNK else 0
    if ids:
        follow(assignments=ids)


def _name_circles() -> None:
    """What a process of the release before assigned says for whom it is; where somebody assigned the same, once."""
    unnamed = sa.select(Assignment).where(Assignment.circle == "", Assignment.ended_at.is_(None))
    for row in session.scalars(unnamed.order_by(Assignment.id).limit(CHUNK)).all():
        key = circle_of(row).key
        same = sa.select(Assignment.id).where(
            Assignment.course_id == row.course_id, Assignment.circle == key, Assignment.ended_at.is_(None)
        )
        if session.scalar(same.limit(1)) is None:
            row.circle = key
        else:
            row.ended_at = clock.now()
        session.flush()
