"""The courses that a path asks people to take: assigned with the day of their step, and let go with it.

A path keeps its hands off what a trainer assigned: it neither moves a day that was set by hand nor takes back what
somebody asked for beside it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from accounts.models import User
from accounts.people import actor_of
from core.actors import Actor
from core.db import session
from core.events import on
from wiki.people.path_models import Cohort, Newcomer, Path
from wiki.people.proficiency_rules import Works, day_of
from wiki.training import assigning as teaching
from wiki.training.audience_models import Duty
from wiki.training.audience_rules import Circle
from wiki.training.events import CourseUndone
from wiki.training.models import Assignment, Course, Enrolment
from wiki.training.rules import CourseState
from workflows.calendar_queries import calendar_of


def works_of(user: User) -> Works:
    """Which days are working days where this person works: by their site's calendar, else the centre's."""
    calendar = calendar_of(None, user.team.site_id if user.team else None)
    return lambda day: bool(calendar.on(day))


def walking(path: Path) -> list[Newcomer]:
    """Who walks the path now."""
    found = sa.select(Newcomer).join(Cohort).where(Cohort.path_id == path.id, Newcomer.ended_on.is_(None))
    return list(session.scalars(found.order_by(Newcomer.id)))


def ask(course: Course, newcomer: Newcomer, actor: Actor) -> None:
    """The person is to take the course by the day of the first step that asks for it; what was assigned to them by hand
    stays as it is, and who has completed the course is asked nothing."""
    if _completed(course, newcomer):
        return
    known = teaching.standing(course, Circle(user_id=newcomer.user_id))
    if known is not None and known.by_hand:
        return
    day = min(step.day for step in newcomer.cohort.path.steps if step.course_id == course.id)
    due = day_of(newcomer.hired_on, day, works_of(newcomer.user))
    if known is None or known.due_on != due:
        teaching.assign(course, actor, user=newcomer.user, due_on=due, by_hand=False)


def _completed(course: Course, newcomer: Newcomer) -> bool:
    done = sa.select(Enrolment.id).where(
        Enrolment.course_id == course.id, Enrolment.user_id == newcomer.user_id, Enrolment.completed_at.is_not(None)
    )
    return session.scalar(done) is not None


@on(CourseUndone)
def ask_after_all(event: CourseUndone) -> None:
    """Who had completed a course of their path, and has not after all, is asked for it like everybody who walks it."""
    found = sa.select(Newcomer).where(Newcomer.user_id == event.user_id, Newcomer.ended_on.is_(None))
    newcomer = session.scalar(found)
    steps = newcomer.cohort.path.steps if newcomer is not None else ()
    course = next((step.course for step in steps if step.course_id == event.course_id), None)
    if newcomer is not None and course is not None and course.state is CourseState.PUBLISHED:
        ask(course, newcomer, actor_of(session.get_one(User, event.actor_id)))


def release(newcomer: Newcomer, actor: Actor | None) -> None:
    """They walk the path no longer: what only it asked of them ends with it."""
    for course in _courses(newcomer.cohort.path).values():
        known = teaching.standing(course, Circle(user_id=newcomer.user_id))
        if known is not None and not known.by_hand:
            teaching.lapse(known, actor)


def owed_for_it(newcomer: Newcomer) -> list[str]:
    """The courses, by title, that they owe only because they walk the path; before it is ended for them."""
    courses = _courses(newcomer.cohort.path)
    owed = _owed(sorted(courses), [newcomer.user_id])
    return sorted(courses[one].title for one, rows in owed.items() if _only_the_path(rows[newcomer.user_id]))


def _courses(path: Path) -> dict[int, Course]:
    return {step.course.id: step.course for step in path.steps if step.course is not None}


def _only_the_path(rows: Sequence[Assignment]) -> bool:
    return all(row.user_id is not None and not row.by_hand for row in rows)


def let_go(course: Course, path: Path, actor: Actor) -> None:
    """A step of the path asks for the course no longer: what only the path asked for ends, or follows another step."""
    still = any(step.course_id == course.id for step in path.steps)
    for newcomer in walking(path):
        known = teaching.standing(course, Circle(user_id=newcomer.user_id))
        if known is None or known.by_hand:
            continue
        if not still:
            teaching.unassign(known, actor)
        elif course.state is CourseState.PUBLISHED:
            ask(course, newcomer, actor)


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom it touches when a step is taken out: who owes its course no longer, and who owes it all the same."""

    freed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def touched(path: Path) -> dict[int, Touched]:
    """By step, of those who walk the path and have not completed the course; before anything is taken out."""
    people = {one.user_id: one.user.name for one in walking(path)}
    asked = [step for step in path.steps if step.course_id is not None]
    owed = _owed([step.course_id for step in asked if step.course_id is not None], sorted(people))
    found = {}
    for step in asked:
        others = any(one.course_id == step.course_id and one.id != step.id for one in asked)
        freed, kept = list[str](), list[str]()
        for user_id, rows in owed[step.course_id or 0].items():
            (freed if _only_the_path(rows) and not others else kept).append(people[user_id])
        found[step.id] = Touched(tuple(sorted(freed)), tuple(sorted(kept)))
    return found


def _owed(courses: Sequence[int], people: Sequence[int]) -> dict[int, dict[int, list[Assignment]]]:
    """By course and person: why they owe it."""
    done = sa.exists().where(
        Enrolment.course_id == Duty.course_id, Enrolment.user_id == Duty.user_id, Enrolment.completed_at.is_not(None)
    )
    rows = session.execute(
        sa.select(Duty.course_id, Duty.user_id, Assignment)
        .join(Assignment, Assignment.id == Duty.assignment_id)
        .where(Duty.course_id.in_(courses), Duty.user_id.in_(people), Duty.ended_at.is_(None), ~done.correlate(Duty))
    )
    found: dict[int, dict[int, list[Assignment]]] = defaultdict(lambda: defaultdict(list))
    for course_id, user_id, row in rows:
        found[course_id][user_id].append(row)
    return found
