"""Which open tasks too few people could still decide. Asked of thousands: a quick look at the pools finds the few for
which it may be so, and only those are asked exactly."""

from collections.abc import Iterator

import sqlalchemy as sa

from accounts.models import User, UserRole
from core.db import session
from workflows.caretaker_models import Caretaker
from workflows.models import Review, ReviewAuthor, RoundPerson, Task, TaskPerson
from workflows.queries import short_of_people
from workflows.rules import State, TaskState

CHUNK = 500  # ids in one question
WAITING = sa.and_(Task.state == TaskState.OPEN, sa.not_(Task.blind))


def blocked_tasks() -> set[int]:
    """The open tasks for which fewer people are left than approvals are missing; second opinions are not waited for."""
    suspects, found = sorted(_suspects()), set()
    for start in range(0, len(suspects), CHUNK):
        some = Task.id.in_(suspects[start : start + CHUNK])
        found |= set(session.scalars(sa.select(Task.id).where(some, short_of_people())))
    return found


def _suspects() -> Iterator[int]:
    """Tasks whose pool, less everybody who wrote or acted, might not suffice: never too few of them. Deputies and the
    approvals that are there already can only make it better."""
    pools, named, acted, wrote = _Pools(), _named(), _acted(), _wrote()
    rows = sa.select(
        Task.id, Task.role, Task.team_id, Task.category, Task.named, Task.needed, Task.round_id, Task.review_id
    )
    for row in session.execute(rows.where(WAITING)):
        pool = pools.of(row.role, row.team_id, row.category)
        size = len(pool & named.get(row.id, set())) if row.named else len(pool)
        if size - acted.get(row.round_id, 0) - wrote.get(row.review_id, 0) < row.needed:
            yield row.id


class _Pools:
    """The active people of each role, team and category: read once."""

    def __init__(self) -> None:
        self.roles: dict[str, set[int]] = {}
        self.teams: dict[int | None, set[int]] = {}
        self.carers: dict[str, set[int]] = {}
        self.known: dict[tuple[str, int | None, str | None], set[int]] = {}
        holders = sa.select(UserRole.user_id, UserRole.role, User.team_id).join(User, User.id == UserRole.user_id)
        for row in session.execute(holders.where(User.active)):
            self.roles.setdefault(str(row.role), set()).add(row.user_id)
            self.teams.setdefault(row.team_id, set()).add(row.user_id)
        for carer in session.execute(sa.select(Caretaker.user_id, Caretaker.category)):
            self.carers.setdefault(carer.category, set()).add(carer.user_id)

    def of(self, role: str, team_id: int | None, category: str | None) -> set[int]:
        """Who fits such a seat, before authors and those who acted are taken away."""
        key = (role, team_id, category)
        if key not in self.known:
            found = set(self.roles.get(role, ()))
            if team_id is not None:
                found &= self.teams.get(team_id, set())
            if category is not None:
                found &= self.carers.get(category, set())
            self.known[key] = found
        return self.known[key]


def _named() -> dict[int, set[int]]:
    rows = sa.select(TaskPerson.task_id, TaskPerson.user_id).join(Task, Task.id == TaskPerson.task_id)
    found: dict[int, set[int]] = {}
    for row in session.execute(rows.where(WAITING, Task.named)):
        found.setdefault(row.task_id, set()).add(row.user_id)
    return found


def _acted() -> dict[int, int]:
    """How many have acted, by round."""
    rows = session.execute(sa.select(RoundPerson.round_id, sa.func.count()).group_by(RoundPerson.round_id))
    return {row[0]: row[1] for row in rows}


def _wrote() -> dict[int, int]:
    """How many may not judge because they wrote or published, by review."""
    rows = sa.select(ReviewAuthor.review_id, sa.func.count()).join(Review, Review.id == ReviewAuthor.review_id)
    found = session.execute(rows.where(Review.state == State.IN_REVIEW).group_by(ReviewAuthor.review_id))
    return {row[0]: row[1] for row in found}
