"""Reads of the trainer's desk: what changed, who is behind, which questions are hard, how teams did.

A few statements for any number of courses and people: what is shown is found first, and only that is counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import joinedload

from accounts.models import Team, User
from core.actors import Actor
from core.db import database, session
from core.permissions import can
from wiki.articles.permissions import P as Articles
from wiki.training import reports
from wiki.training.audience_models import Duty
from wiki.training.models import Attempt, Course, Enrolment, Lesson, Question, Quiz
from wiki.training.must_read_models import QuestionFigures
from wiki.training.queries import today
from wiki.training.rules import SOON, CourseState

ENOUGH = 5  # a question answered less often than this says nothing
EASY = 0.8  # what is answered right so often is not hard


def mine(actor: Actor, *, every: bool) -> sa.ColumnElement[bool]:
    """Over ``Course``: open courses of this trainer, or of all."""
    is_open = Course.state == CourseState.PUBLISHED
    return is_open if every else sa.and_(is_open, Course.author_id == actor.id)


def courses(actor: Actor, *, every: bool) -> sa.Select[Course]:
    """The courses of the desk by title."""
    return sa.select(Course).where(mine(actor, every=every)).order_by(Course.title, Course.id)


# ── what changed ─────────────────────────────────────────────────────────────────────────────────────────────────────


def marked(actor: Actor, *, every: bool, limit: int) -> list[Lesson]:
    """Lessons whose text had a major change, newest first; only of texts that the trainer may read."""
    found = reports.marked().where(mine(actor, every=every)).limit(limit)
    return [lesson for lesson in session.scalars(found) if can(actor, Articles.READ, lesson.article)]


def resting(actor: Actor, *, every: bool, limit: int) -> list[Question]:
    """Questions that are not asked, because their passage has changed."""
    found = (
        sa.select(Question)
        .join(Question.quiz)
        .join(Quiz.course)
        .where(mine(actor, every=every), Quiz.removed_at.is_(None))
        .where(Question.suspended_at.is_not(None), Question.retired_at.is_(None))
        .options(joinedload(Question.quiz).joinedload(Quiz.course))
        .order_by(Question.suspended_at.desc(), Question.id)
        .limit(limit)
    )
    return list(session.scalars(found))


# ── who is behind ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Behind:
    """Somebody is to complete a course soon, or should have."""

    user_id: int
    name: str
    team: str
    course: str
    slug: str
    due_on: date
    begun: bool

    @property
    def late(self) -> bool:
        """The day has passed."""
        return self.due_on < today()


def behind(actor: Actor, *, every: bool, limit: int) -> list[Behind]:
    """Who has not completed what is late or due soon, over all courses, what is due first comes first."""
    until, size = today() + SOON, limit
    while True:
        last = session.scalar(_due(actor, until, every=every, columns=[Duty.due_on]).offset(size - 1).limit(1))
        there: Any = session.execute(_due(actor, last or until, every=every, columns=_SHOWN))
        found: dict[tuple[int, str], Behind] = {}
        rows = [
            Behind(who, name, team, title, slug, due_on, begun is not None)
            for who, name, team, title, slug, due_on, begun in there
        ]
        for one in sorted(rows, key=lambda row: (row.due_on, row.course, row.name, row.user_id)):
            found.setdefault((one.user_id, one.slug), one)
        if last is None or len(found) >= limit:
            return list(found.values())[:limit]
        size *= 4  # several assignments meet the same people


_SHOWN = [User.id, User.name, sa.func.coalesce(Team.name, ""), Course.title, Course.slug, Duty.due_on, Enrolment.id]


def _due(actor: Actor, until: date, *, every: bool, columns: Sequence[Any]) -> Any:
    """What active people are to complete until a day and have not, the earliest first.

    The sums of nothing keep SQLite from beginning with courses or people: by the day, the first fifty are soon found.
    """
    done = sa.and_(Enrolment.course_id == Duty.course_id, Enrolment.user_id == Duty.user_id)
    in_course, of_person = Course.id == Duty.course_id + 0, User.id == Duty.user_id + 0
    return (
        sa.select(*columns)
        .select_from(Duty)
        .join(Course, in_course)
        .join(User, of_person)
        .outerjoin(Team, Team.id == User.team_id)
        .outerjoin(Enrolment, done)
        .where(mine(actor, every=every), Duty.due_on <= until, Duty.ended_at.is_(None))
        .where(User.active, Enrolment.completed_at.is_(None))
        .order_by(Duty.due_on)
    )


# ── hard questions ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Hard:
    """How often a question was answered, and how often right."""

    question: Question
    asked: int
    right: int

    @property
    def share(self) -> int:
        """Percent answered right."""
        return round(100 * self.right / self.asked)


def hard(actor: Actor, *, every: bool, limit: int) -> list[Hard]:
    """Questions of now that fewer than 80 % answer right, the hardest first."""
    share = sa.cast(QuestionFigures.right, sa.Float) / QuestionFigures.asked
    found = (
        sa.select(Question, QuestionFigures.asked, QuestionFigures.right)
        .join(QuestionFigures, QuestionFigures.question_id == Question.id)
        .join(Question.quiz)
        .join(Quiz.course)
        .where(mine(actor, every=every), Quiz.removed_at.is_(None), Question.retired_at.is_(None))
        .where(QuestionFigures.asked >= ENOUGH, share < EASY)
        .options(joinedload(Question.quiz).joinedload(Quiz.course))
        .order_by(share, Question.id)
        .limit(limit)
    )
    return [Hard(*row) for row in session.execute(found)]


def count_answers(attempt: Attempt) -> None:
    """Add the answers of a new attempt to the figures of its questions."""
    insert = (sqlite.insert if database().sqlite else postgresql.insert)(cast(sa.Table, QuestionFigures.__table__))
    row = QuestionFigures
    add = insert.on_conflict_do_update(
        index_elements=["question_id"],
        set_={"asked": row.asked + 1, "right": row.right + insert.excluded.right},
    )
    for one in sorted(attempt.answers, key=lambda answer: answer.question_id):
        session.execute(add, {"question_id": one.question_id, "asked": 1, "right": int(one.right)})


def discount_answers(attempt: Attempt) -> None:
    """Take the answers of an attempt that was declared void out of the figures of its questions."""
    row = QuestionFigures
    for one in sorted(attempt.answers, key=lambda answer: answer.question_id):
        session.execute(
            sa.update(row)
            .where(row.question_id == one.question_id, row.asked > 0)
            .values(asked=row.asked - 1, right=row.right - int(one.right))
        )


# ── cohorts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Cohort:
    """The people of one team in one course. ``score``: mean of each person's best, percent; ``days``: mean from the
    first act in the course to its completion."""

    course: Course
    team_id: int | None
    team: str
    team_slug: str
    people: set[int] = field(default_factory=set)
    completed: int = 0
    days: float | None = None
    score: int | None = None


def cohorts(shown: Sequence[Course]) -> list[Cohort]:
    """How each team did in each of these courses, by course and team."""
    ids = [course.id for course in shown]
    by_id = {course.id: course for course in shown}
    names = {row.id: (row.name, row.slug) for row in session.scalars(sa.select(Team))}
    found: dict[tuple[int, int | None], Cohort] = {}

    def of(course_id: int, team_id: int | None) -> Cohort:
        key = (course_id, team_id)
        if key not in found:
            found[key] = Cohort(by_id[course_id], team_id, *names.get(team_id or 0, ("", "")))
        return found[key]

    for course_id, team_id, user_id in session.execute(_assigned(ids)):
        of(course_id, team_id).people.add(user_id)
    _add_enrolments(ids, of)
    for course_id, team_id, score in session.execute(_scores(ids)):
        of(course_id, team_id).score = round(score)
    place = {course.id: at for at, course in enumerate(shown)}
    return sorted(found.values(), key=lambda one: (place[one.course.id], one.team == "", one.team))


def _assigned(ids: Sequence[int]) -> Any:
    return (
        sa.select(Duty.course_id, User.team_id, User.id)
        .join(User, User.id == Duty.user_id)
        .where(Duty.course_id.in_(ids), Duty.ended_at.is_(None), User.active)
    )


def _add_enrolments(ids: Sequence[int], of: Callable[[int, int | None], Cohort]) -> None:
    rows = session.execute(
        sa.select(Enrolment.course_id, User.team_id, User.id, Enrolment.created_at, Enrolment.completed_at)
        .join(User, User.id == Enrolment.user_id)
        .where(Enrolment.course_id.in_(ids))
    )
    spans: dict[tuple[int, int | None], list[float]] = {}
    for course_id, team_id, user_id, began, done in rows:
        cohort = of(course_id, team_id)
        cohort.people.add(user_id)
        if done is not None:
            cohort.completed += 1
            spans.setdefault((course_id, team_id), []).append((done - began).total_seconds() / 86_400)
    for (course_id, team_id), days in spans.items():
        of(course_id, team_id).days = sum(days) / len(days)


def _scores(ids: Sequence[int]) -> Any:
    """(course, team, mean of each person's best score per quiz)."""
    best = (
        sa.select(Quiz.course_id, User.team_id, sa.func.max(Attempt.score).label("best"))
        .join(Attempt, Attempt.quiz_id == Quiz.id)
        .join(User, User.id == Attempt.user_id)
        .where(Quiz.course_id.in_(ids), Quiz.removed_at.is_(None), Attempt.counts)
        .group_by(Quiz.course_id, User.team_id, Attempt.quiz_id, Attempt.user_id)
        .subquery()
    )
    return sa.select(best.c.course_id, best.c.team_id, sa.func.avg(best.c.best)).group_by(
        best.c.course_id, best.c.team_id
    )
