"""What the team board asks: the load of people and pools, what each number counts, and open questions to experts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload, lazyload

from accounts.models import User, UserRole
from accounts.rules import REVIEWERS
from core import clock
from core.actors import Actor
from core.db import session
from workflows.models import Decision, ExpertRequest, Review, Task
from workflows.queries import count_if, hidden_from
from workflows.rules import TaskState, Verb

NOBODY = "-"  # as a holder: the pool


@dataclass(frozen=True, slots=True)
class Watch:
    """What of everything that is open is looked at. ``holder``: a username, ``-`` for nobody, empty for all.
    ``binding``: only what holds a review up – no second opinions."""

    role: str = ""
    overdue: bool = False
    blocked: bool = False
    holder: str = ""
    binding: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """How much lies somewhere."""

    open: int = 0
    overdue: int = 0
    blocked: int = 0
    free: int = 0  # of the open ones: with nobody
    oldest_at: datetime | None = None


def everything_open(watch: Watch) -> sa.Select[Task]:
    """Every task that waits for anybody, most urgent first."""
    found = (
        sa.select(Task)
        .join(Task.review)
        .where(Task.state == TaskState.OPEN)
        .options(contains_eager(Task.review).lazyload(Review.authors), lazyload(Task.people))
        .order_by(Task.due_at, Task.id)
    )
    if watch.role:
        found = found.where(Task.role == watch.role)
    if watch.overdue:
        found = found.where(Task.due_at < clock.now())
    if watch.binding:
        found = found.where(sa.not_(Task.blind))
    if watch.blocked:
        found = found.where(Task.blocked_at.is_not(None))
    if watch.holder == NOBODY:
        found = found.where(Task.claimed_by_id.is_(None))
    elif watch.holder:
        person = sa.select(User.id).where(User.username == watch.holder.strip().lower())
        found = found.where(Task.claimed_by_id.in_(person))
    return found


def reviewers() -> list[User]:
    """Active people in the reviewing roles, by name, with their teams."""
    found = (
        sa.select(User)
        .where(User.active, User.role_rows.any(UserRole.role.in_(REVIEWERS)))
        .options(joinedload(User.team))
        .order_by(User.name, User.id)
    )
    return list(session.scalars(found))


def loads_by_role() -> dict[str, Load]:
    """What waits for each role."""
    rows = session.execute(
        sa.select(
            Task.role,
            sa.func.count(),
            count_if(Task.due_at < clock.now()),
            count_if(Task.blocked_at.is_not(None)),
            count_if(Task.claimed_by_id.is_(None)),
            sa.func.min(Task.opened_at),
        )
        .where(Task.state == TaskState.OPEN)
        .group_by(Task.role)
    )
    return {row[0]: Load(*row[1:]) for row in rows}


def loads_by_holder() -> dict[int, Load]:
    """What lies with each person."""
    rows = session.execute(
        sa.select(
            Task.claimed_by_id,
            sa.func.count(),
            count_if(Task.due_at < clock.now()),
            count_if(Task.blocked_at.is_not(None)),
        )
        .where(Task.state == TaskState.OPEN, Task.claimed_by_id.is_not(None))
        .group_by(Task.claimed_by_id)
    )
    return {row[0]: Load(*row[1:]) for row in rows if row[0] is not None}


def decided_counts(people: Sequence[int], since: datetime, reader: Actor) -> dict[int, int]:
    """How many verdicts each of these people has given, as far as the reader may know of them."""
    rows = session.execute(
        sa.select(Decision.actor_id, sa.func.count())
        .where(Decision.actor_id.in_(people), Decision.decided_at >= since, Decision.verb != Verb.COMMENT)
        .where(sa.not_(hidden_from(reader)))
        .group_by(Decision.actor_id)
    )
    return dict(rows.all())


def decided_since(user_id: int, since: datetime, reader: Actor) -> sa.Select[Decision]:
    """The verdicts somebody has given, newest first, as far as the reader may know of them."""
    return (
        sa.select(Decision)
        .where(Decision.actor_id == user_id, Decision.decided_at >= since, Decision.verb != Verb.COMMENT)
        .where(sa.not_(hidden_from(reader)))
        .options(
            joinedload(Decision.task).options(joinedload(Task.review).lazyload(Review.authors), lazyload(Task.people))
        )
        .order_by(Decision.id.desc())
    )


def questions_to(user_id: int) -> list[ExpertRequest]:
    """What this person was asked as somebody who knows better, newest first."""
    found = (
        sa.select(ExpertRequest)
        .where(ExpertRequest.user_id == user_id, ExpertRequest.revoked_at.is_(None))
        .order_by(ExpertRequest.id.desc())
        .limit(200)
    )
    return list(session.scalars(found))


def questions_waiting(user_id: int) -> int:
    """How many of them can still be answered."""
    found = (
        sa.select(sa.func.count())
        .select_from(ExpertRequest)
        .join(Task, Task.id == ExpertRequest.task_id)
        .where(ExpertRequest.user_id == user_id, ExpertRequest.revoked_at.is_(None))
        .where(ExpertRequest.answered_at.is_(None), ExpertRequest.expires_at > clock.now())
        .where(Task.state == TaskState.OPEN)
    )
    return session.scalar(found) or 0
