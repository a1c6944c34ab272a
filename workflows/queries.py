"""Reads of the review engine."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload, lazyload

from accounts.models import Absence, User, UserRole
from core import clock
from core.actors import Actor
from core.db import UtcDateTime, session
from core.permissions import allowed
from workflows.caretaker_models import Caretaker
from workflows.definitions import Case, choose
from workflows.models import (
    CarriedApproval,
    Decision,
    Pipeline,
    Review,
    ReviewAuthor,
    Round,
    RoundPerson,
    Task,
    TaskPerson,
)
from workflows.permissions import P
from workflows.rules import OPEN, TaskState, Verb

Column = sa.orm.InstrumentedAttribute[Any] | sa.ColumnElement[Any]


def count_if(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """Of how many rows it is true; 0 of none."""
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def wrote_by(name: str) -> sa.ColumnElement[bool]:
    """A condition over ``Task``: somebody of this name (or part of it) is among the authors."""
    name = name[:200]  # no name is longer, and SQLite takes no pattern of 50,000 letters
    return sa.exists().where(
        ReviewAuthor.review_id == Task.review_id,
        ReviewAuthor.user_id == User.id,
        sa.or_(User.name.icontains(name.strip(), autoescape=True), User.username == name.strip().lower()),
    )


def count_waiting(actor: Actor) -> int:
    """How many tasks wait for this person."""
    return session.scalar(sa.select(sa.func.count()).select_from(Task).where(allowed(actor, P.DECIDE))) or 0


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


def last_stage(subject_kind: str, subject_id: int) -> str | None:
    """The stage at which the newest review of a subject stands, if it is open."""
    return session.scalar(_last_stage(), {"kind": subject_kind, "subject": subject_id})


@cache  # asked with every decision
def _last_stage() -> sa.Select[str | None]:
    kind, subject = sa.bindparam("kind", type_=sa.String), sa.bindparam("subject", type_=sa.Integer)
    found = sa.select(Review.stage).where(Review.subject_kind == kind, Review.subject_id == subject)
    return found.order_by(Review.id.desc()).limit(1)


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
    """The open tasks of some reviews; second opinions, which hold nobody up, are not among them."""
    return list(
        session.scalars(
            sa.select(Task)
            .where(Task.review_id.in_(review_ids), Task.state == TaskState.OPEN, sa.not_(Task.blind))
            .options(joinedload(Task.review).lazyload(Review.authors), lazyload(Task.people))
            .order_by(Task.id)
        )
    )


def hidden_from(actor: Actor) -> sa.ColumnElement[bool]:
    """Over ``Decision``: what this person may not see yet. A blind opinion is shown to its giver only; and who may
    still give one on the same seat and revision does not see what the others found."""
    blind = sa.and_(Decision.blind, Decision.actor_id != actor.id)
    asked = aliased(Task)
    mine = sa.exists().where(
        asked.round_id == Decision.round_id,
        asked.stage == Decision.stage,
        asked.blind,
        asked.state == TaskState.OPEN,
        asked.role.in_(sorted(str(role) for role in actor.roles)),
        Decision.actor_id != actor.id,
    )
    wrote = sa.exists().where(ReviewAuthor.review_id == Decision.review_id, ReviewAuthor.user_id == actor.id)
    return sa.or_(blind, sa.and_(mine, sa.not_(wrote)))


def decisions_of(review_id: int, actor: Actor) -> list[tuple[Decision, str]]:
    """Every decision of a review that this person may see now, with its giver's name, oldest first."""
    rows = session.execute(
        sa.select(Decision, User.name)
        .join(User, User.id == Decision.actor_id)
        .where(Decision.review_id == review_id, sa.not_(hidden_from(actor)))
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
        .where(sa.not_(Decision.blind))
        .where(sa.or_(Decision.round_id == Round.id, carried))
        .order_by(Decision.id)
    )
    found: dict[int, list[tuple[Decision, str]]] = {}
    for decision, name in rows:
        found.setdefault(decision.review_id, []).append((decision, name))
    return found


def eligible_for(task: Task) -> list[User]:
    """The active people who could decide this task now, deputies of those who are away included."""
    found = sa.select(User).join(Task, sa.true()).where(Task.id == task.id, may_fill()).order_by(User.id)
    return list(session.scalars(found))


def eligible_ids(task: Task) -> set[int]:
    """Whose ``eligible_for`` it is, without fetching the people."""
    if task.team_id is None and task.category is None and not task.named:
        return _holders(task.role) - _barred(task)
    return set(session.scalars(_eligible(), {"task_id": task.id}))


def count_eligible(task: Task) -> int:
    """How many people could decide this task now. It is asked with every move."""
    if task.team_id is None and task.category is None and not task.named:
        about = {"role": task.role, "round": task.round_id, "outsiders": task.review.outsider_ids}
        return session.scalar(_free_holders(), about) or 0
    return len(eligible_ids(task))


@cache
def _free_holders() -> sa.Select[int]:
    """The common case: any holder of the role, if not an author and not seen in the round."""
    acted = sa.select(RoundPerson.user_id).where(RoundPerson.round_id == sa.bindparam("round"))
    return (
        sa.select(sa.func.count())
        .select_from(UserRole)
        .join(User, User.id == UserRole.user_id)
        .where(User.active, UserRole.role == sa.bindparam("role"), UserRole.user_id.not_in(acted))
        .where(UserRole.user_id.not_in(sa.bindparam("outsiders", expanding=True)))
    )


def _holders(role: str) -> set[int]:
    active = sa.select(UserRole.user_id).join(User, User.id == UserRole.user_id).where(User.active)
    return set(session.scalars(active.where(UserRole.role == role)))


def _barred(task: Task) -> set[int]:
    acted = sa.select(RoundPerson.user_id).where(RoundPerson.round_id == task.round_id)
    return {*session.scalars(acted), *task.review.outsider_ids}


@cache
def _eligible() -> sa.Select[int]:
    here = Task.id == sa.bindparam("task_id", type_=sa.Integer)
    return sa.select(User.id).join(Task, sa.true()).where(here, may_fill())


@cache  # asked whenever a task opens, and it takes longer to say than to answer
def may_fill() -> sa.ColumnElement[bool]:
    """A condition over ``User`` and ``Task`` together: this person could decide this task if it were open.

    The same rule as ``permissions.decidable``, asked from the other side.
    """
    now = sa.bindparam("now", callable_=clock.now, type_=UtcDateTime(), unique=True)
    away = aliased(User)
    stands_in = sa.exists().where(  # about this very task, also two queries deep (``correlate_except``)
        Absence.deputy_id == User.id,
        Absence.user_id == away.id,
        Absence.reviews,
        Absence.ended_at.is_(None),
        Absence.starts_at <= now,
        Absence.ends_at > now,
        away.active,
        _has_role(away.id),
        _fits(away.id, away.team_id),
        _is_free(away.id),
    )
    stands_in = stands_in.correlate_except(Absence, away)
    return sa.and_(User.active, _has_role(User.id), _is_free(User.id), sa.or_(_fits(User.id, User.team_id), stands_in))


def _has_role(user_id: Column) -> sa.ColumnElement[bool]:
    return sa.exists().where(UserRole.user_id == user_id, UserRole.role == Task.role).correlate_except(UserRole)


def _fits(user_id: Column, team_id: Column) -> sa.ColumnElement[bool]:
    looks_after = sa.exists().where(Caretaker.user_id == user_id, Caretaker.category == Task.category)
    named = sa.exists().where(TaskPerson.task_id == Task.id, TaskPerson.user_id == user_id)
    return sa.and_(
        sa.or_(Task.team_id.is_(None), Task.team_id == team_id),
        sa.or_(Task.category.is_(None), looks_after.correlate_except(Caretaker)),
        sa.or_(sa.not_(Task.named), named.correlate_except(TaskPerson)),
    )


def _is_free(user_id: Column) -> sa.ColumnElement[bool]:
    wrote = sa.exists().where(ReviewAuthor.review_id == Task.review_id, ReviewAuthor.user_id == user_id)
    acted = sa.exists().where(RoundPerson.round_id == Task.round_id, RoundPerson.user_id == user_id)
    return sa.not_(sa.or_(wrote.correlate_except(ReviewAuthor), acted.correlate_except(RoundPerson)))


def approvals_given() -> sa.ScalarSelect[int]:
    """How many approvals count for a seat so far, given in its round or carried into it, over ``Task``."""
    carried = sa.exists().where(CarriedApproval.round_id == Task.round_id, CarriedApproval.decision_id == Decision.id)
    return (
        sa.select(sa.func.count())
        .select_from(Decision)
        .where(
            Decision.review_id == Task.review_id,
            Decision.stage == Task.stage,
            Decision.seat == Task.seat,
            Decision.verb == Verb.APPROVE,
            sa.not_(Decision.blind),
            sa.or_(Decision.round_id == Task.round_id, carried.correlate(Task, Decision)),
        )
        .correlate(Task)
        .scalar_subquery()
    )


def short_of_people() -> sa.ColumnElement[bool]:
    """Over ``Task``: fewer people could still decide it than approvals are missing."""
    free = sa.select(sa.func.count()).select_from(User).where(may_fill()).correlate(Task).scalar_subquery()
    return free < Task.needed - approvals_given()


def pipeline_for(case: Case) -> Pipeline | None:
    """The definition that a new review of this case begins with: the closest fit."""
    found = {one.key: one for one in session.scalars(active_pipelines())}
    key = choose({key: one.definition for key, one in found.items()}, case)
    return found[key] if key else None


def active_pipelines() -> sa.Select[Pipeline]:
    """The version of every pipeline that new reviews begin with, by key."""
    return sa.select(Pipeline).where(Pipeline.active).order_by(Pipeline.key)
