"""A course before a course: who has not completed what comes first does not begin; who has begun goes on."""

import sqlalchemy as sa

from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Invalid
from core.i18n import _
from core.permissions import allowed, can, require
from wiki.training.models import Course, Enrolment
from wiki.training.ops import touched
from wiki.training.permissions import P
from wiki.training.practice_models import Prerequisite
from wiki.training.practice_rules import closes_a_circle
from wiki.training.rules import CourseState


def needed_by(course: Course) -> list[Course]:
    """The courses to be completed before this one, by title."""
    found = sa.select(Course).join(Prerequisite, Prerequisite.needs_id == Course.id)
    return list(session.scalars(found.where(Prerequisite.course_id == course.id).order_by(Course.title, Course.id)))


def missing(course: Course, user_id: int) -> list[Course]:
    """What the person has still to complete before they may begin; nothing once they have begun.

    A course that was taken back into a draft cannot be asked for.
    """
    mine = sa.exists().where(Enrolment.course_id == Course.id, Enrolment.user_id == user_id)
    begun = sa.exists().where(Enrolment.course_id == course.id, Enrolment.user_id == user_id)
    found = (
        sa.select(Course)
        .join(Prerequisite, Prerequisite.needs_id == Course.id)
        .where(Prerequisite.course_id == course.id, Course.state == CourseState.PUBLISHED)
        .where(~mine.where(Enrolment.completed_at.is_not(None)), ~begun)
        .order_by(Course.title, Course.id)
    )
    return list(session.scalars(found))


def must_have_completed(course: Course, user_id: int) -> None:
    """Nothing happens when the person may begin.

    Raises:
        Conflict: naming what comes first.
    """
    first = missing(course, user_id)
    if first:
        names = _(", ").join(_("“%(title)s”", title=one.title) for one in first)
        raise Conflict(_("Please complete %(courses)s first.", courses=names), code="course-locked")


def must_be_unlocked(course: Course, actor: Actor) -> None:
    """Nothing happens when this person may see what the quizzes of the course ask: they may begin it, or they teach.

    Raises:
        Conflict: naming what comes first.
    """
    if not can(actor, P.TEACH):
        must_have_completed(course, actor.id)


def to_choose(course: Course, actor: Actor) -> list[Course]:
    """Open courses that could be asked for."""
    taken = [course.id, *(one.id for one in needed_by(course))]
    return list(
        session.scalars(
            sa.select(Course)
            .where(allowed(actor, P.TAKE_COURSE), Course.id.not_in(taken))
            .order_by(Course.title, Course.id)
        )
    )


def need(course: Course, actor: Actor, needed: Course | None) -> None:
    """The course is begun only after ``needed``. Asking twice is asking once.

    Raises:
        Forbidden, Invalid: no such course, or it would wait for itself.
    """
    require(actor, P.TEACH)
    if needed is None:
        raise Invalid({"needs": _("Choose a course.")})
    lock(Course, course.id)
    rows: dict[int, list[int]] = {}
    for course_id, needs_id in session.execute(sa.select(Prerequisite.course_id, Prerequisite.needs_id)):
        rows.setdefault(course_id, []).append(needs_id)
    way = closes_a_circle(rows, course.id, needed.id)
    if way:
        titles = {one.id: one.title for one in session.scalars(sa.select(Course).where(Course.id.in_(way)))}
        names = _(" → ").join(titles[one] for one in [course.id, *way])
        raise Invalid({"needs": _("Then the course would wait for itself: %(way)s.", way=names)})
    if session.get(Prerequisite, (course.id, needed.id)) is None:
        session.add(Prerequisite(course_id=course.id, needs_id=needed.id))
        touched(course, actor, "need", title=needed.title)


def let_go(course: Course, actor: Actor, needed_id: int) -> None:
    """That course need not be completed first any more."""
    require(actor, P.TEACH)
    row = session.get(Prerequisite, (course.id, needed_id))
    if row is not None:
        title = row.needs.title
        session.delete(row)
        touched(course, actor, "let_go", title=title)
