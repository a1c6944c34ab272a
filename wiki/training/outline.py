"""The one order of a course: modules, and in them lessons, sessions, tasks and quizzes as the trainer placed them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from core import clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Invalid, NotFound
from core.i18n import _
from core.permissions import require
from core.texts import one_line
from wiki.training.models import Course
from wiki.training.ops import number, touched
from wiki.training.permissions import P
from wiki.training.practice_models import CourseModule, CourseSession, CourseTask, Placing
from wiki.training.practice_queries import sessions_of, tasks_of
from wiki.training.practice_rules import MODULE, STEPS, arranged, moved


class Heading(Protocol):
    """What is shown of a module."""

    @property
    def id(self) -> int: ...

    @property
    def title(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Outline:
    """What a course consists of, by key, and the order of these keys."""

    order: list[str]
    modules: Mapping[str, Heading]
    sessions: list[CourseSession]
    tasks: list[CourseTask]


def outline(course: Course) -> Outline:
    """The order of a course as its learners meet it; three statements beside its lessons and quizzes."""
    modules = session.scalars(
        sa.select(CourseModule)
        .where(CourseModule.course_id == course.id, CourseModule.removed_at.is_(None))
        .order_by(CourseModule.id)
    ).all()
    placed = session.scalars(
        sa.select(Placing.step).where(Placing.course_id == course.id).order_by(Placing.position)
    ).all()
    kinds: dict[str, Sequence[Any]] = {
        "lesson": course.lessons,
        "session": sessions_of(course.id),
        "task": tasks_of(course.id),
        "quiz": course.quizzes,
    }
    there = [f"{kind}:{one.id}" for kind in STEPS for one in kinds[kind]]
    named = {f"{MODULE}{one.id}": one for one in modules}
    order = arranged([*there, *named], placed)
    return Outline(order, named, list(kinds["session"]), list(kinds["task"]))


def place(course: Course, actor: Actor, wanted: Sequence[str], *, key: str = "", way: str = "") -> None:
    """The course has its steps in the order wanted, after ``key`` was moved one place ``up`` or ``down`` in it.

    What somebody added meanwhile is kept, at the end; what is not there is passed over.

    Raises:
        Forbidden.
    """
    require(actor, P.TEACH)
    lock(Course, course.id)
    before = outline(course).order
    after = arranged(before, wanted)
    if key:
        after = moved(after, key, way)
    if after != before:
        _write(course, after)
        touched(course, actor, "order")


def _write(course: Course, order: Sequence[str]) -> None:
    session.execute(sa.delete(Placing).where(Placing.course_id == course.id))
    session.add_all(Placing(course_id=course.id, step=step, position=at) for at, step in enumerate(order, 1))
    at = {step: position for position, step in enumerate(order)}
    number(sorted(course.lessons, key=lambda one: at[f"lesson:{one.id}"]))  # 'lesson 2' is the second one
    number(sorted(course.quizzes, key=lambda one: at[f"quiz:{one.id}"]))


def add_module(course: Course, actor: Actor, title: str) -> CourseModule:
    """A module without steps stands at the end of the course; what is added next belongs to it.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.TEACH)
    lock(Course, course.id)
    before = outline(course).order
    module = CourseModule(course_id=course.id, title=_title(title), created_at=clock.now())
    session.add(module)
    session.flush()
    _write(course, [*before, f"{MODULE}{module.id}"])
    touched(course, actor, "add_module", title=module.title)
    return module


def rename_module(module: CourseModule, course: Course, actor: Actor, title: str) -> None:
    """The module is called so.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.TEACH)
    before, module.title = module.title, _title(title)
    touched(course, actor, "rename_module", before=before, title=module.title)


def remove_module(module: CourseModule, course: Course, actor: Actor) -> None:
    """The heading is gone; its steps stay where they are and belong to the module before."""
    require(actor, P.TEACH)
    module.removed_at = clock.now()
    touched(course, actor, "remove_module", title=module.title)


def find_module(course: Course, module_id: int) -> CourseModule:
    """A module that this course has.

    Raises:
        NotFound.
    """
    found = session.get(CourseModule, module_id)
    if found is None or found.course_id != course.id or found.removed_at is not None:
        raise NotFound(_("This course has no such module."))
    return found


def _title(title: str) -> str:
    found = one_line(title)
    if not found:
        raise Invalid({"module": _("Give the module a name.")})
    if len(found) > 200:
        raise Invalid({"module": _("A title may have %(n)s characters at most.", n=200)})
    return found
