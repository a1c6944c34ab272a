"""Reads of the classroom: a few statements per page, however many courses and people there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from accounts.models import User
from core import clock
from core.actors import Actor
from core.db import session
from core.i18n import local
from core.permissions import allowed
from wiki.articles.models import Article, Publication, Revision
from wiki.training.audience_models import Duty
from wiki.training.models import (
    Attempt,
    AttemptAnswer,
    Course,
    Enrolment,
    Lesson,
    LessonDone,
    Question,
    Quiz,
)
from wiki.training.permissions import P
from wiki.training.practice_queries import practice_done
from wiki.training.rules import CourseState, Standing, standing
from wiki.training.version_models import CourseVersion, VersionStep


@dataclass(frozen=True, slots=True)
class Progress:
    """How one person stands towards one course."""

    lessons: int = 0
    done: int = 0
    quizzes: int = 0
    passed: int = 0
    assigned: bool = False
    begun: bool = False
    due_on: date | None = None
    completed_at: datetime | None = None
    credits: Decimal | None = None
    practice: int = 0
    practised: int = 0
    version: int | None = None  # the one that holds for them

    @property
    def steps(self) -> int:
        """Lessons, quizzes, sessions and tasks."""
        return self.lessons + self.quizzes + self.practice

    @property
    def steps_done(self) -> int:
        """Lessons confirmed, quizzes passed, sessions attended, tasks signed off."""
        return self.done + self.passed + self.practised

    @property
    def standing(self) -> Standing:
        """Today, on the centre's clock."""
        return standing(
            assigned=self.assigned,
            begun=self.begun,
            completed=self.completed_at is not None,
            due_on=self.due_on,
            today=today(),
        )


def today() -> date:
    """The calendar day in the centre."""
    return local(clock.now()).date()


# --- Courses -------------------------------------------------------------------------------------------------------


def course_by_slug(actor: Actor, slug: str) -> Course | None:
    """The course under a slug, if this person may see it, with lessons, articles, quizzes and questions."""
    return session.scalar(
        sa.select(Course)
        .where(Course.slug == slug, allowed(actor, P.SEE_COURSE))
        .options(
            joinedload(Course.author),
            *lessons_with_texts(selectinload(Course.lessons)),
            selectinload(Course.quizzes).selectinload(Quiz.questions),
        )
    )


_ABOUT_A_TEXT = (Revision.title, Revision.submission_id, Revision.audience, Revision.readers, Revision.author_id)


def lessons_with_texts(lessons: Any) -> list[Any]:
    """Loads articles and pinned titles together with lessons; the texts themselves only when they are read."""
    pinned = lessons.joinedload(Lesson.publication).joinedload(Publication.revision)
    return [lessons.joinedload(Lesson.article), pinned.load_only(*_ABOUT_A_TEXT)]


def lesson_numbered(course: Course, number: int) -> Lesson | None:
    """The lesson with this number, counted from 1."""
    return course.lessons[number - 1] if 1 <= number <= len(course.lessons) else None


def quiz_by_id(quiz_id: int) -> Quiz | None:
    """The quiz with its course and questions, also when it was taken out since."""
    return session.scalar(
        sa.select(Quiz)
        .where(Quiz.id == quiz_id)
        .options(
            *lessons_with_texts(joinedload(Quiz.course).selectinload(Course.lessons)),
            selectinload(Quiz.questions).joinedload(Question.article),
        )
    )


def courses(actor: Actor) -> sa.Select[Course]:
    """Every course this person may see, last changed first."""
    return (
        sa.select(Course)
        .where(allowed(actor, P.SEE_COURSE))
        .options(joinedload(Course.author))
        .order_by(Course.updated_at.desc(), Course.id.desc())
    )


def mine(actor: Actor) -> sa.Select[Course]:
    """The open courses that this person is to take or has begun: unfinished first, then what is due first."""
    done = began(actor.id, finished=True)
    until = due(actor.id)
    return (
        sa.select(Course)
        .where(allowed(actor, P.TAKE_COURSE))
        .where(sa.or_(is_assigned(actor.id), began(actor.id)))
        .options(joinedload(Course.author))
        .order_by(done, until.is_(None), until, Course.title, Course.id)
    )


def open_to(actor: Actor) -> sa.Select[Course]:
    """Open courses with something to learn that this person neither has to take nor has begun."""
    newest = sa.select(sa.func.max(CourseVersion.id)).where(CourseVersion.course_id == Course.id)
    filled = sa.exists().where(VersionStep.version_id == newest.correlate(Course).scalar_subquery())
    return (
        sa.select(Course)
        .where(allowed(actor, P.TAKE_COURSE), filled)
        .where(~is_assigned(actor.id), ~began(actor.id))
        .options(joinedload(Course.author))
        .order_by(Course.title, Course.id)
    )


def count_due(actor: Actor) -> int:
    """How many assigned courses this person has not completed."""
    done = began(actor.id, finished=True)
    found = sa.select(sa.func.count()).select_from(Course)
    return session.scalar(found.where(allowed(actor, P.TAKE_COURSE), is_assigned(actor.id), sa.not_(done))) or 0


def taught_in(article_id: Any) -> sa.Select[Course]:
    """The open courses that teach an article (an id or a column)."""
    return (
        sa.select(Course)
        .join(Lesson, Lesson.course_id == Course.id)
        .where(Lesson.article_id == article_id, Lesson.removed_at.is_(None), Course.state == CourseState.PUBLISHED)
        .order_by(Course.title)
    )


def taught_stamp() -> sa.ColumnElement[int | None]:
    """Changes with which courses teach ``Article``."""
    found = taught_in(Article.id).order_by(None)
    return found.with_only_columns(sa.func.sum(Course.id * Course.id)).scalar_subquery()


def enrolled(user_id: Any) -> sa.ColumnElement[bool]:
    """The enrolment of a person (an id or a column) in ``Course``."""
    return sa.and_(Enrolment.course_id == Course.id, Enrolment.user_id == user_id)


def began(user_id: Any, *, finished: bool = False) -> sa.Exists:
    """The person has begun (or completed) ``Course``.

    Correlated by name: inside a count SQLAlchemy would not see that the course is the outer one; any would do.
    """
    found = sa.exists().where(enrolled(user_id))
    if finished:
        found = found.where(Enrolment.completed_at.is_not(None))
    return found.correlate(Course, User)


def owed(user_id: Any) -> sa.ColumnElement[bool]:
    """The duties by which a person (an id or a column) is to take ``Course`` now: the one rule of who is assigned."""
    return sa.and_(Duty.course_id == Course.id, Duty.user_id == user_id, Duty.ended_at.is_(None))


def is_assigned(user_id: Any) -> sa.ColumnElement[bool]:
    """The person is to take ``Course``."""
    return sa.exists().where(owed(user_id)).correlate(Course, User)


def due(user_id: Any) -> sa.ScalarSelect[date | None]:
    """The earliest day by which the person is to have completed ``Course``."""
    return sa.select(sa.func.min(Duty.due_on)).where(owed(user_id)).correlate(Course, User).scalar_subquery()


# --- Progress ------------------------------------------------------------------------------------------------------


def progress_of(user_id: int, course_ids: Sequence[int]) -> dict[int, Progress]:
    """How a person stands towards each of these courses; one statement."""
    found = _progress(user_id).select_from(Course).outerjoin(Enrolment, enrolled(user_id))
    rows = session.execute(found.where(Course.id.in_(course_ids)).add_columns(Course.id))
    return {row[-1]: _as_progress(row) for row in rows}


def progress_in(course_id: int, user_ids: Sequence[int]) -> dict[int, Progress]:
    """How each of these people stands towards a course; one statement."""
    found = (
        _progress(User.id)
        .select_from(User)
        .join(Course, Course.id == course_id)
        .outerjoin(Enrolment, enrolled(User.id))
        .where(User.id.in_(user_ids))
        .add_columns(User.id)
    )
    return {row[-1]: _as_progress(row) for row in session.execute(found)}


def _as_progress(row: Sequence[Any]) -> Progress:
    lessons, done, quizzes, passed, assigned, enrolment_id, due_on, completed_at, credit = row[:9]
    began = enrolment_id is not None
    return Progress(lessons, done, quizzes, passed, bool(assigned), began, due_on, completed_at, credit, *row[9:12])


def version_in_force() -> sa.ColumnElement[int | None]:
    """The version of ``Course`` that holds for the outer ``Enrolment``: their own, else the newest."""
    newest = sa.select(sa.func.max(CourseVersion.id)).where(CourseVersion.course_id == Course.id)
    return sa.func.coalesce(Enrolment.version_id, newest.correlate_except(CourseVersion).scalar_subquery())


def asked(kind: str) -> sa.ColumnElement[bool]:
    """The steps of a kind that the version in force asks for, over ``VersionStep``."""
    return sa.and_(VersionStep.version_id == version_in_force(), VersionStep.kind == kind)


def _progress(user_id: Any) -> Any:
    """Columns of ``Progress`` over ``Course`` and an outer ``Enrolment``."""
    passed = sa.and_(Attempt.quiz_id == VersionStep.ref_id, Attempt.enrolment_id == Enrolment.id, Attempt.passed)
    done = sa.and_(LessonDone.lesson_id == VersionStep.ref_id, LessonDone.enrolment_id == Enrolment.id)
    around = (Course, Enrolment, User)
    count = sa.select(sa.func.count()).select_from(VersionStep)
    number = sa.select(CourseVersion.number).where(CourseVersion.id == version_in_force())
    attended, signed = practice_done(user_id, asked("session"), asked("task"))
    return sa.select(
        counted(count.where(asked("lesson")), around),
        counted(count.join(LessonDone, done).where(asked("lesson")), around),
        counted(count.where(asked("quiz")), around),
        counted(
            count.where(asked("quiz"), sa.exists().where(passed).correlate(VersionStep, Enrolment)),
            around,
        ),
        is_assigned(user_id),
        Enrolment.id,
        due(user_id),
        Enrolment.completed_at,
        Enrolment.credits,
        counted(count.where(sa.or_(asked("session"), asked("task"))), around),
        counted(attended, around) + counted(signed, around),
        counted(number, around),
    )


def counted(found: sa.Select[int], around: Sequence[Any]) -> sa.ScalarSelect[int]:
    """A count as a column of the statement around it."""
    return found.correlate(*around).scalar_subquery()


def lessons_done(course: Course, user_id: int) -> dict[int, LessonDone]:
    """What a person confirmed in a course, by lesson id."""
    rows = session.scalars(
        sa.select(LessonDone)
        .join(Enrolment, Enrolment.id == LessonDone.enrolment_id)
        .where(Enrolment.course_id == course.id, Enrolment.user_id == user_id)
    )
    return {row.lesson_id: row for row in rows}


def enrolment_certified(code: str) -> Enrolment | None:
    """The completed enrolment with this code."""
    return session.scalar(sa.select(Enrolment).where(Enrolment.certificate == code.strip().lower()))


def certificate_of(course_id: int, user_id: int) -> str | None:
    """The code under which a person's completion of a course is found."""
    mine = (Enrolment.course_id == course_id, Enrolment.user_id == user_id)
    return session.scalar(sa.select(Enrolment.certificate).where(*mine))


def attempts_of(user_id: int, quiz_ids: Sequence[int]) -> list[Attempt]:
    """Attempts of a person at these quizzes, oldest first."""
    return list(
        session.scalars(
            sa.select(Attempt)
            .where(Attempt.user_id == user_id, Attempt.quiz_id.in_(quiz_ids))
            .order_by(Attempt.quiz_id, Attempt.number)
        )
    )


def attempt_by_id(actor: Actor, attempt_id: int) -> Attempt | None:
    """An attempt that this person may see, with its answers, questions and their articles."""
    return session.scalar(
        sa.select(Attempt)
        .where(Attempt.id == attempt_id, allowed(actor, P.SEE_ATTEMPT))
        .options(
            joinedload(Attempt.user),
            *lessons_with_texts(joinedload(Attempt.quiz).joinedload(Quiz.course).selectinload(Course.lessons)),
            selectinload(Attempt.answers).joinedload(AttemptAnswer.question).joinedload(Question.article),
        )
    )


def credits_between(user_id: int, since: datetime, until: datetime) -> Decimal:
    """The credits a person earned in [since, until)."""
    total = session.scalar(
        sa.select(sa.func.sum(Enrolment.credits)).where(
            Enrolment.user_id == user_id, Enrolment.completed_at >= since, Enrolment.completed_at < until
        )
    )
    return total or Decimal(0)


def lessons_on(article_id: int) -> sa.Select[Lesson]:
    """Lessons that teach an article now."""
    return (
        sa.select(Lesson)
        .where(Lesson.article_id == article_id, Lesson.removed_at.is_(None))
        .options(joinedload(Lesson.publication))
        .order_by(Lesson.id)
    )


def enrolments(actor: Actor, course: Course) -> sa.Select[Enrolment]:
    """Who has begun a course, first come first; learners see their own only."""
    found = sa.select(Enrolment).where(Enrolment.course_id == course.id).options(joinedload(Enrolment.user))
    if not actor.holds("training", "manager"):
        found = found.where(Enrolment.user_id == actor.id)
    return found.order_by(Enrolment.id)
