"""To whom an opening task goes at first. A suggestion that steers notices and lists: whoever holds the seat may still
take it, unless the stage wants it claimed first."""

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from accounts.absences import away
from accounts.models import User
from core import clock
from core.db import session
from core.events import emit
from workflows.caretakers import caretakers_of
from workflows.definitions import OWN, Routing, Seat
from workflows.events import TaskClaimed
from workflows.models import Task, Turn
from workflows.queries import eligible_for
from workflows.rules import Claim, TaskState


def category_for(seat: Seat, path: str | None) -> str | None:
    """The category that narrows a seat: the one it names, or – for ``*`` – the nearest one above what is judged that
    somebody looks after; ``None``: the seat is not narrowed."""
    if seat.category != OWN:
        return seat.category
    return next(iter(caretakers_of(path or "")), None)


def assign(task: Task) -> None:
    """The task is with somebody afterwards, if its seat is not a pool and somebody is there to take it."""
    seat = task.definition_seat
    if seat.routing is Routing.POOL or task.blind:
        return
    people = eligible_for(task)
    gone = away([user.id for user in people])
    people = [user for user in people if user.id not in gone]
    chosen = CHOICES[seat.routing](task, people) if people else None
    if chosen is not None:
        give(task, chosen.id, Claim.ROUTED, by=None)


def give(task: Task, user_id: int, how: Claim, *, by: int | None) -> None:
    """The task is with this person; ``by``: who gave it, nobody when the routing chose."""
    before = task.claimed_by_id
    task.claimed_by_id, task.claimed_at, task.claim_kind = user_id, clock.now(), how
    session.flush()
    emit(TaskClaimed(task.id, task.review_id, user_id, before, by, how.value, task.claimed_at))


def _owner(task: Task, people: Sequence[User]) -> User | None:
    """Who looks after the category; the least loaded of several; nobody: the pool."""
    found = caretakers_of(task.review.category or "")
    owners = {user_id for ids in found.values() for user_id in ids}
    mine = [user for user in people if user.id in owners]
    return _least_loaded(task, mine) if mine else None


def _least_loaded(task: Task, people: Sequence[User]) -> User:
    """Who has the fewest open tasks; among equals whose turn it is."""
    rows = session.execute(
        sa.select(Task.claimed_by_id, sa.func.count())
        .where(Task.state == TaskState.OPEN, Task.claimed_by_id.in_([user.id for user in people]))
        .group_by(Task.claimed_by_id)
    )
    load = {row[0]: row[1] for row in rows}
    fewest = min(load.get(user.id, 0) for user in people)
    return _in_turn(task, [user for user in people if load.get(user.id, 0) == fewest])


def _in_turn(task: Task, people: Sequence[User]) -> User:
    """Who has waited longest for a turn in this role."""
    rows = session.execute(sa.select(Turn.user_id, Turn.at).where(Turn.role == task.role))
    turns = {row.user_id: row.at for row in rows}
    chosen = min(people, key=lambda user: (user.id in turns, turns.get(user.id), user.id))
    _had_their_turn(task.role, chosen.id)
    return chosen


def _had_their_turn(role: str, user_id: int) -> None:
    """Also when another transaction gives the same person their first turn at this instant."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(Turn).values(role=role, user_id=user_id, at=clock.now())
    session.execute(row.on_conflict_do_update(index_elements=["role", "user_id"], set_={"at": row.excluded.at}))


CHOICES: dict[Routing, Callable[[Task, Sequence[User]], User | None]] = {
    Routing.OWNER: _owner,
    Routing.LEAST_LOADED: _least_loaded,
    Routing.ROUND_ROBIN: _in_turn,
}
