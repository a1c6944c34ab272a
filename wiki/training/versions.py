"""Numbered versions of a course: what each asked for, who is under which, and the next one.

A version keeps the outline and what is given for it, not the course: lessons, quizzes and tasks are never deleted, so
naming them is enough. What a step teaches and asks follows its articles for everybody, whatever version they are in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Invalid, NotFound
from core.events import emit, on
from core.i18n import _
from core.permissions import can, require
from core.texts import one_line
from wiki.training.asking import draws, fixed
from wiki.training.events import CourseChanged, CoursePublished, CourseRenewed
from wiki.training.models import Assignment, Course, Enrolment, Lesson, Quiz
from wiki.training.ops import SUBJECT, must_be_ready
from wiki.training.outline import Outline, outline
from wiki.training.permissions import P
from wiki.training.practice_models import CourseSession, CourseTask
from wiki.training.practice_rules import MODULE, STEPS
from wiki.training.progress import settle
from wiki.training.rules import CourseState
from wiki.training.version_models import CourseVersion, VersionStep
from wiki.training.version_rules import WHO, Change, Plan, compare


class Heading(NamedTuple):
    """A module as it was called when the version was published."""

    id: int
    title: str


@dataclass(frozen=True, slots=True)
class Edition:
    """A course as somebody meets it. ``version`` ``None``: as it is being written."""

    version: CourseVersion | None
    outline: Outline
    lessons: Sequence[Lesson]
    quizzes: Sequence[Quiz]
    own: bool = False  # the person began it, or moved on to it


def newest(course_id: int) -> CourseVersion | None:
    """The version that whoever begins now begins; a draft has none."""
    found = sa.select(CourseVersion).where(CourseVersion.course_id == course_id)
    return session.scalar(found.order_by(CourseVersion.number.desc()).limit(1))


def version_of(row: Enrolment) -> CourseVersion | None:
    """The version that somebody began, or was moved on to; ``None``: from before versions were counted."""
    return session.get(CourseVersion, row.version_id) if row.version_id is not None else None


def as_written(course: Course) -> Edition:
    """The course as its trainer sees it while changing it."""
    return Edition(None, outline(course), course.lessons, course.quizzes)


def seen_by(course: Course, actor: Actor) -> Edition:
    """The version that this person has begun; else, for who teaches, the course as it is being written; else the newest
    one. One statement more than the course itself, unless steps were taken out of it since."""
    mine = sa.and_(Enrolment.version_id == CourseVersion.id, Enrolment.user_id == actor.id)
    row: Any = session.execute(
        sa.select(CourseVersion, Enrolment.id)
        .outerjoin(Enrolment, mine)
        .where(CourseVersion.course_id == course.id)
        .order_by(Enrolment.id.is_(None), CourseVersion.number.desc())
        .limit(1)
    ).first()
    if row is None or (row[1] is None and can(actor, P.TEACH)):
        return as_written(course)
    return _edition(course, row[0], own=row[1] is not None)


def is_met(step: Lesson | Quiz | CourseSession | CourseTask, actor: Actor) -> bool:
    """This person meets the step: the version in which they are has it; whoever teaches meets those of any version."""
    if can(actor, P.TEACH) and step.removed_at is None:
        return True
    kind = {Lesson: "lesson", Quiz: "quiz", CourseSession: "session", CourseTask: "task"}[type(step)]
    there = sa.select(VersionStep.ref_id).where(VersionStep.kind == kind, VersionStep.ref_id == step.id)
    if not can(actor, P.TEACH):
        mine = sa.select(Enrolment.version_id).where(
            Enrolment.course_id == step.course_id, Enrolment.user_id == actor.id
        )
        last = sa.select(sa.func.max(CourseVersion.id)).where(CourseVersion.course_id == step.course_id)
        there = there.where(VersionStep.version_id == sa.func.coalesce(mine.scalar_subquery(), last.scalar_subquery()))
    return session.scalar(there.limit(1)) is not None


def find_lesson(course: Course, number: int, edition: Edition) -> Lesson:
    """The lesson with this number, counted from 1, in what somebody sees of a course.

    Raises:
        NotFound.
    """
    if not 1 <= number <= len(edition.lessons):
        raise NotFound(_("This course has no lesson %(n)s.", n=number))
    return edition.lessons[number - 1]


def _edition(course: Course, version: CourseVersion, *, own: bool) -> Edition:
    lessons = _rows(Lesson, course.lessons, version.ids("lesson"))
    quizzes = _rows(Quiz, course.quizzes, version.ids("quiz"))
    written = outline(course)
    found = Outline(
        version.order,
        {
            row["step"]: Heading(int(row["step"].removeprefix(MODULE)), row["title"])
            for row in version.outline
            if row["step"].startswith(MODULE)
        },
        _rows(CourseSession, written.sessions, version.ids("session")),
        _rows(CourseTask, written.tasks, version.ids("task")),
    )
    return Edition(version, found, lessons, quizzes, own)


def _rows(kind: Any, known: Sequence[Any], ids: Sequence[int]) -> list[Any]:
    """The rows with these ids, in this order; asked for only where they were taken out since."""
    there = {one.id: one for one in known}
    missing = [one for one in ids if one not in there]
    if missing:
        there |= {one.id: one for one in session.scalars(sa.select(kind).where(kind.id.in_(missing)))}
    return [there[one] for one in ids if one in there]


# ── what a course says now ───────────────────────────────────────────────────────────────────────────────────────────


def plan(course: Course) -> Plan:
    """What a version of the course as it is written would say."""
    found = outline(course)
    lessons = {f"lesson:{one.id}": one for one in course.lessons}
    quizzes = {f"quiz:{one.id}": one for one in course.quizzes}
    titles = {f"session:{one.id}": one.title for one in found.sessions}
    titles |= {f"task:{one.id}": one.title for one in found.tasks}
    titles |= {key: one.title for key, one in found.modules.items()}
    rows: list[dict[str, Any]] = []
    for key in found.order:
        if key in lessons:
            pinned = lessons[key].publication
            rows.append({"step": key, "publication": pinned.id, "version": pinned.version})
        elif key in quizzes:
            rows.append({"step": key, **_quiz(quizzes[key])})
        else:
            rows.append({"step": key, "title": titles[key]})
    return Plan(rows, course.credits, course.requires, _audience(course.id))


def _quiz(quiz: Quiz) -> dict[str, Any]:
    return {
        "title": quiz.title,
        "mark": quiz.pass_mark,
        "questions": [[one.id, one.text[:200]] for one in fixed(quiz)],
        "draws": [[one.category.name if one.category else "", one.count] for one in draws(quiz)],
    }


def _audience(course_id: int) -> list[dict[str, Any]]:
    found = sa.select(Assignment).where(Assignment.course_id == course_id, Assignment.ended_at.is_(None))
    return [
        {"circle": row.circle, "due_on": row.due_on.isoformat() if row.due_on else None, "days": row.days}
        for row in session.scalars(found.order_by(Assignment.id))
    ]


def plan_of(version: CourseVersion) -> Plan:
    """What a version said."""
    return Plan(version.outline, version.credits, version.requires, version.audience)


def changes(course: Course, version: CourseVersion | None) -> list[Change]:
    """What is another now than in its newest version, who is to take it left out: that holds at once."""
    return [one for one in compare(plan_of(version), plan(course)) if one.sort not in WHO] if version else []


def _write(version: CourseVersion, said: Plan) -> None:
    version.outline, version.audience = list(said.outline), list(said.audience)
    version.credits, version.requires = said.credits, said.requires
    session.flush()
    session.execute(sa.delete(VersionStep).where(VersionStep.version_id == version.id))
    rows = [
        {"version_id": version.id, "kind": kind, "ref_id": number} for kind in STEPS for number in version.ids(kind)
    ]
    if rows:
        session.execute(sa.insert(VersionStep), rows)


def _made(course: Course, number: int, note: str, actor_id: int) -> CourseVersion:
    made = CourseVersion(
        course_id=course.id, number=number, note=note, credits=course.credits, requires=course.requires, outline=[],
        audience=[], published_at=clock.now(), published_by_id=actor_id,
    )  # fmt: skip
    session.add(made)
    _write(made, plan(course))
    return made


@on(CoursePublished)
def first(event: CoursePublished) -> None:
    """A course that is opened to learners is its version 1."""
    course = session.get_one(Course, event.course_id)
    if newest(course.id) is None:
        _made(course, 1, "", event.author_id)


@on(CourseChanged)
def flow(event: CourseChanged) -> None:
    """A version that nobody has begun takes the change; one that somebody has begun stays, and the change waits."""
    version = newest(event.course_id)
    if version is not None and not is_begun(version):
        _write(version, plan(session.get_one(Course, event.course_id)))


def is_begun(version: CourseVersion) -> bool:
    """Somebody began it, or was moved on to it."""
    return session.scalar(sa.select(Enrolment.id).where(Enrolment.version_id == version.id).limit(1)) is not None


# ── the next version ─────────────────────────────────────────────────────────────────────────────────────────────────


def renew(course: Course, actor: Actor, note: str, *, move: bool) -> CourseVersion:
    """The course as it is written is its next version: for whoever begins from now on, and with ``move`` for everybody
    who is under way; without, they finish what they began. Who has completed the course is asked nothing.

    Raises:
        Forbidden, Invalid: no note. Conflict: a draft, nothing is another, or a quiz has no questions.
    """
    require(actor, P.TEACH)
    lock(Course, course.id)
    before, said = newest(course.id), one_line(note)[:500]
    if before is None or course.state is not CourseState.PUBLISHED:
        raise Conflict(_("Publish the course first."), code="draft-course")
    if not said:
        raise Invalid({"note": _("Say in a sentence what is new; learners read it.")})
    if not changes(course, before):
        raise Conflict(_("Nothing has changed since version %(n)s.", n=before.number), code="same-version")
    must_be_ready(course)
    made = _made(course, before.number + 1, said, actor.id)
    audit.record(
        actor, "publish_version", subject_kind=SUBJECT, subject_id=course.id,
        details={"title": str(made.number), "note": said, "move": move},
    )  # fmt: skip
    if move:
        _move(course, made, actor)
    return made


def move_on(course: Course, actor: Actor) -> int:
    """Everybody who is under way in an earlier version goes on in the newest one. Returns how many.

    Raises:
        Forbidden, Conflict: a draft.
    """
    require(actor, P.TEACH)
    version = newest(course.id)
    if version is None:
        raise Conflict(_("Publish the course first."), code="draft-course")
    moved = _move(course, version, actor)
    if moved:
        audit.record(
            actor, "move_on", subject_kind=SUBJECT, subject_id=course.id, details={"title": str(version.number)}
        )
    return moved


def _move(course: Course, version: CourseVersion, actor: Actor) -> int:
    session.flush()
    behind = sa.select(Enrolment).where(
        Enrolment.course_id == course.id, Enrolment.completed_at.is_(None),
        sa.or_(Enrolment.version_id.is_(None), Enrolment.version_id != version.id),
    )  # fmt: skip
    rows = list(session.scalars(behind.with_for_update()))
    for row in rows:
        row.version_id = version.id
    session.flush()
    settle(course)
    people = tuple(row.user_id for row in rows if row.completed_at is None)
    if people:
        emit(CourseRenewed(course.id, version.id, version.number, people, actor.id, clock.now()))
    return len(rows)


def people_in(course: Course) -> dict[int, tuple[int, int]]:
    """By version: how many are under way in it, and how many completed the course in it."""
    done = sa.func.count(Enrolment.completed_at)
    found = (
        sa.select(Enrolment.version_id, sa.func.count() - done, done)
        .where(Enrolment.course_id == course.id, Enrolment.version_id.is_not(None))
        .group_by(Enrolment.version_id)
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(found) if row[0] is not None}


def history(course: Course) -> list[CourseVersion]:
    """All versions, the newest first."""
    found = sa.select(CourseVersion).where(CourseVersion.course_id == course.id)
    return list(session.scalars(found.order_by(CourseVersion.number.desc())))
