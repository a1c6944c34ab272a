"""Reads for those who teach: courses in figures, learners and who is behind, what changed under a course."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from accounts.models import Team, User
from core.actors import Actor
from core.db import session
from wiki.articles import queries as articles
from wiki.articles.models import Article
from wiki.training.audience_models import Duty
from wiki.training.models import Assignment, Attempt, Course, Lesson, Quiz
from wiki.training.queries import began, counted, due, is_assigned, owed, today
from wiki.training.rules import SOON, CourseState


@dataclass(frozen=True, slots=True)
class Totals:
    """A course as a trainer sees it in a list."""

    lessons: int
    quizzes: int
    marked: int
    learners: int
    completed: int
    overdue: int


def totals_of(course_ids: Sequence[int]) -> dict[int, Totals]:
    """Figures of some courses; one statement. Learners are those who are to take it or have begun."""
    concerned = sa.or_(is_assigned(User.id), began(User.id))
    finished = began(User.id, finished=True)
    late = due(User.id) < today()
    people = sa.select(sa.func.count()).select_from(User)
    lessons = sa.and_(Lesson.course_id == Course.id, Lesson.removed_at.is_(None))
    counts = (
        sa.select(sa.func.count()).select_from(Lesson).where(lessons),
        sa.select(sa.func.count()).select_from(Quiz).where(Quiz.course_id == Course.id, Quiz.removed_at.is_(None)),
        sa.select(sa.func.count()).select_from(Lesson).where(lessons, Lesson.marked_at.is_not(None)),
        people.where(User.active, concerned),
        people.where(finished),
        people.where(User.active, late, sa.not_(finished)),
    )
    found = sa.select(Course.id, *(counted(one, (Course,)) for one in counts)).where(Course.id.in_(course_ids))
    return {row[0]: Totals(*tuple(row)[1:]) for row in session.execute(found)}


def learners(course: Course, *, team: str | None = None) -> sa.Select[User]:
    """Active people who are to take the course, and everybody who has begun it, by team and name."""
    found = (
        sa.select(User)
        .join(Course, Course.id == course.id)
        .outerjoin(User.team)
        .where(sa.or_(sa.and_(User.active, is_assigned(User.id)), began(User.id)))
        .options(joinedload(User.team))
        .order_by(Team.name.is_(None), Team.name, User.name, User.id)
    )
    return found.where(Team.slug == team) if team else found


def behind(course: Course) -> sa.Select[User]:
    """Active people whose due day has passed and who have not completed the course."""
    finished = began(User.id, finished=True)
    return learners(course).where(User.active, due(User.id) < today(), sa.not_(finished))


def falling_behind(*, limit: int = 20) -> list[tuple[User, Course, date]]:
    """Who is late or nearly so, over all open courses, what was due first comes first: for the trainer's home."""
    finished = began(User.id, finished=True)
    found = (
        sa.select(User, Course, sa.func.min(Duty.due_on))
        .join(Duty, Duty.user_id == User.id)
        .join(Course, owed(User.id))
        .where(User.active, Course.state == CourseState.PUBLISHED)
        .where(Duty.due_on <= today() + SOON, sa.not_(finished))
        .options(selectinload(User.team))
        .group_by(User.id, Course.id)
        .order_by(sa.func.min(Duty.due_on), User.name, Course.id)
        .limit(limit)
    )
    return [(user, course, due_on) for user, course, due_on in session.execute(found) if due_on]


def marked() -> sa.Select[Lesson]:
    """Lessons whose article had a major change since it was pinned, newest change first."""
    return (
        sa.select(Lesson)
        .join(Lesson.course)
        .where(Lesson.marked_at.is_not(None), Lesson.removed_at.is_(None))
        .options(joinedload(Lesson.course), joinedload(Lesson.article), joinedload(Lesson.publication))
        .order_by(Lesson.marked_at.desc(), Lesson.id)
    )


def assignments(course: Course) -> sa.Select[Assignment]:
    """Who is to take the course by order, what is due first comes first."""
    return (
        sa.select(Assignment)
        .where(Assignment.course_id == course.id, Assignment.ended_at.is_(None))
        .options(joinedload(Assignment.team), joinedload(Assignment.tier), joinedload(Assignment.user))
        .order_by(Assignment.due_on.is_(None), Assignment.due_on, Assignment.id)
    )


def reached(course: Course) -> dict[int, int]:
    """How many people each assignment of a course reaches now."""
    found = sa.select(Duty.assignment_id, sa.func.count()).where(Duty.course_id == course.id, Duty.ended_at.is_(None))
    return {row[0]: row[1] for row in session.execute(found.group_by(Duty.assignment_id))}


def to_teach(actor: Actor, words: str) -> sa.Select[Article]:
    """Articles this trainer may pin: those whose title has the words, last changed first."""
    found = articles.published(actor)
    for word in words.split()[:6]:
        found = found.where(Article.title.icontains(word[:200], autoescape=True))
    return found


def best_scores(course: Course, user_ids: Sequence[int]) -> dict[int, dict[int, tuple[int, int, int]]]:
    """Per person and quiz of a course: best score, number of attempts, id of the last one; void ones left out."""
    found = (
        sa.select(
            Attempt.user_id, Attempt.quiz_id, sa.func.max(Attempt.score), sa.func.count(), sa.func.max(Attempt.id)
        )
        .join(Quiz, Quiz.id == Attempt.quiz_id)
        .where(Quiz.course_id == course.id, Attempt.user_id.in_(user_ids), Attempt.counts)
        .group_by(Attempt.user_id, Attempt.quiz_id)
    )
    scores: dict[int, dict[int, tuple[int, int, int]]] = {}
    for user_id, quiz_id, best, count, last in session.execute(found):
        scores.setdefault(user_id, {})[quiz_id] = (best, count, last)
    return scores
