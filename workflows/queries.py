"""Reads of the review engine."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload

from accounts.models import User, UserRole
from core import clock
from core.actors import Actor
from core.db import session
from core.permissions import allowed
from workflows.models import CarriedApproval, Decision, Pipeline, Review, ReviewAuthor, Round, Task, TaskPerson
from workflows.permissions import P, who_acted
from workflows.rules import OPEN, TaskState, Verb


def waiting_for(
    actor: Actor, *, topic: str | None = None, stage: str | None = None, overdue: bool = False
) -> sa.Select[Task]:
    """What this person may decide now, most urgent first."""
    found = (
        sa.select(Task)
        .join(Task.review)
        .where(allowed(actor, P.DECIDE))
        .options(joinedload(Task.review).selectinload(Review.authors))
        .order_by(Task.due_at, Task.id)
    )
    if topic:
        found = found.where(Review.topic == topic)
    if stage:
        found = found.where(Task.stage == stage)
    if overdue:
        found = found.where(Task.due_at < clock.now())
    return found


def wrote_by(name: str) -> sa.ColumnElement[bool]:
    """A condition over ``Task``: somebody of this name (or part of it) is among the authors."""
    return sa.exists().where(
        ReviewAuthor.review_id == Task.review_id,
        ReviewAuthor.user_id == User.id,
        sa.or_(User.name.icontains(name.strip(), autoescape=True), User.username == name.strip().lower()),
    )


def all_open(*, role: str | None = None, overdue: bool = False) -> sa.Select[Task]:
    """Every task that waits for anybody, most urgent first."""
    found = (
        sa.select(Task)
        .join(Task.review)
        .where(Task.state == TaskState.OPEN)
        .options(joinedload(Task.review).selectinload(Review.authors))
        .order_by(Task.due_at, Task.id)
    )
    if role:
        found = found.where(Task.role == role)
    return found.where(Task.due_at < clock.now()) if overdue else found


def count_waiting(actor: Actor) -> int:
    """How many tasks wait for this person."""
    return session.scalar(sa.select(sa.func.count()).select_from(Task).where(allowed(actor, P.DECIDE))) or 0


def decided_by(actor: Actor) -> sa.Select[Decision]:
    """What this person decided, newest first."""
    return (
        sa.select(Decision)
        .where(Decision.actor_id == actor.id, Decision.verb != Verb.COMMENT)
        .options(joinedload(Decision.task))
        .order_by(Decision.id.desc())
    )


def open_review(subject_kind: str, subject_id: int) -> Review | None:
    """The open review of a subject, if there is one."""
    return session.scalar(
        sa.select(Review).where(
            Review.subject_kind == subject_kind, Review.subject_id == subject_id, Review.state.in_(OPEN)
        )
    )


def last_review(subject_kind: str, subject_id: int) -> Review | None:
    """The newest review of a subject, open or closed."""
    return session.scalar(
        sa.select(Review)
        .where(Review.subject_kind == subject_kind, Review.subject_id == subject_id)
        .order_by(Review.id.desc())
        .limit(1)
    )


def last_reviews(subject_kind: str, subject_ids: Sequence[int]) -> dict[int, Review]:
    """The newest review of each of some subjects, by subject; one query whatever their number."""
    newest = (
        sa.select(sa.func.max(Review.id))
        .where(Review.subject_kind == subject_kind, Review.subject_id.in_(subject_ids))
        .group_by(Review.subject_id)
    )
    found = sa.select(Review).where(Review.id.in_(newest)).options(lazyload(Review.authors))
    return {review.subject_id: review for review in session.scalars(found)}


def open_tasks(review_ids: Sequence[int]) -> list[Task]:
    """The open tasks of some reviews."""
    return list(
        session.scalars(
            sa.select(Task)
            .where(Task.review_id.in_(review_ids), Task.state == TaskState.OPEN)
            .options(joinedload(Task.review).lazyload(Review.authors), lazyload(Task.people))
            .order_by(Task.id)
        )
    )


def decisions_of(review_id: int) -> list[tuple[Decision, str]]:
    """Every decision of a review with its giver's name, oldest first."""
    rows = session.execute(
        sa.select(Decision, User.name)
        .join(User, User.id == Decision.actor_id)
        .where(Decision.review_id == review_id)
        .order_by(Decision.id)
    )
    return [(decision, name) for decision, name in rows]


def approvals_of(subject_kind: str, subject_id: int) -> list[tuple[Decision, str]]:
    """The approvals with which the newest review of a subject ended, those carried over included."""
    review = last_review(subject_kind, subject_id)
    return approvals_in([review]).get(review.id, []) if review is not None else []


def approvals_in(reviews: Sequence[Review]) -> dict[int, list[tuple[Decision, str]]]:
    """The approvals that stand in the newest round of each review with their givers' names, by review; one query."""
    carried = sa.exists().where(CarriedApproval.round_id == Round.id, CarriedApproval.decision_id == Decision.id)
    rows = session.execute(
        sa.select(Decision, User.name)
        .join(Review, Review.id == Decision.review_id)
        .join(Round, sa.and_(Round.review_id == Review.id, Round.number == Review.round_number))
        .join(User, User.id == Decision.actor_id)
        .where(Decision.review_id.in_([review.id for review in reviews]), Decision.verb == Verb.APPROVE)
        .where(sa.or_(Decision.round_id == Round.id, carried))
        .order_by(Decision.id)
    )
    found: dict[int, list[tuple[Decision, str]]] = {}
    for decision, name in rows:
        found.setdefault(decision.review_id, []).append((decision, name))
    return found


def eligible_for(task: Task) -> list[User]:
    """The active people who could decide this task now."""
    found = (
        sa.select(User)
        .join(UserRole, UserRole.user_id == User.id)
        .where(UserRole.role == task.role, User.active)
        .where(User.id.not_in([*task.review.author_ids, *who_acted(task.round_id)]))
        .order_by(User.id)
    )
    if task.team_id is not None:
        found = found.where(User.team_id == task.team_id)
    if task.named:
        found = found.where(User.id.in_(sa.select(TaskPerson.user_id).where(TaskPerson.task_id == task.id)))
    return list(session.scalars(found))


def active_pipeline(topic: str) -> Pipeline | None:
    """The definition that a new review of this topic begins with."""
    return session.scalar(sa.select(Pipeline).where(Pipeline.topic == topic, Pipeline.active))


def pipelines() -> sa.Select[Pipeline]:
    """Every active definition."""
    return sa.select(Pipeline).where(Pipeline.active).order_by(Pipeline.topic)
