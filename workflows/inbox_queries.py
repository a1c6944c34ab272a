"""What an inbox asks the database: rows, counts, and what follows an item. Nothing is joined that is not shown."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, lazyload

from accounts.absences import principals
from core import clock
from core.actors import Actor
from core.db import session
from core.permissions import allowed
from workflows.models import Review, Task
from workflows.permissions import P, fits_alone
from workflows.queries import count_if, wrote_by

LATER = timedelta(hours=24)
FARTHEST = 500  # how far 'the next item' is looked for
HOLDERS = ("me", "pool", "colleagues", "others")


@dataclass(frozen=True, slots=True)
class Wish:
    """What of an inbox is shown; empty: everything."""

    kind: str = ""
    role: str = ""
    stage: str = ""
    author: str = ""
    due: str = ""
    holder: str = ""

    def __bool__(self) -> bool:
        return any((self.kind, self.role, self.stage, self.author, self.due, self.holder))


def waiting(who: Actor, wish: Wish | None = None) -> sa.Select[Task]:
    """The tasks this person may decide now, most urgent first, with their reviews."""
    found = (
        sa.select(Task)
        .join(Task.review)
        .where(allowed(who, P.DECIDE))
        .options(contains_eager(Task.review).lazyload(Review.authors), lazyload(Task.people))
        .order_by(Task.due_at, Task.id)
    )
    for condition in _conditions(who, wish or Wish()):
        found = found.where(condition)
    return found


def _conditions(who: Actor, wish: Wish) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wish.kind:
        found.append(Review.topic == wish.kind)
    if wish.role:
        found.append(Task.role == wish.role)
    if wish.stage:
        found.append(Task.stage == wish.stage)
    if wish.author:
        found.append(wrote_by(wish.author))
    if wish.due in {"overdue", "today"}:
        found.append(_before(wish.due))
    if wish.holder in HOLDERS:
        found.append(lies_with(who)[wish.holder])
    return found


def _before(due: str) -> sa.ColumnElement[bool]:
    now = clock.now()
    return Task.due_at < (now if due == "overdue" else now + LATER)


def lies_with(who: Actor) -> dict[str, sa.ColumnElement[bool]]:
    """With whom a task lies, as conditions over ``Task``: me, the pool, a colleague – or somebody I stand in for."""
    away = [person.id for person in principals(who.id)]
    theirs = sa.and_(Task.claimed_by_id.is_not(None), Task.claimed_by_id.in_(away)) if away else sa.false()
    others = sa.or_(theirs, sa.not_(fits_alone(who))) if away else sa.false()
    return {
        "me": Task.claimed_by_id == who.id,
        "pool": Task.claimed_by_id.is_(None),
        "colleagues": sa.and_(Task.claimed_by_id.is_not(None), Task.claimed_by_id != who.id, sa.not_(theirs)),
        "others": others,
    }


def counts_of(who: Actor) -> dict[str, int]:
    """How many tasks wait for this person: all, overdue, due within a day, and by whom they lie with; one query."""
    now = clock.now()
    parts = {"overdue": Task.due_at < now, "today": Task.due_at < now + LATER, **lies_with(who)}
    sums = [count_if(condition) for condition in parts.values()]
    row = session.execute(sa.select(sa.func.count(), *sums).select_from(Task).where(allowed(who, P.DECIDE))).one()
    return dict(zip(["all", *parts], row, strict=True))


def around(who: Actor, task_id: int) -> tuple[int, sa.Row[int, str] | None, int]:
    """The place of a task in the inbox (0: not in it), what follows it, and how many there are, as far as is looked."""
    found = waiting(who).options().with_only_columns(Task.id, Review.title, maintain_column_froms=True)
    rows = session.execute(found.limit(FARTHEST)).all()
    ids = [row.id for row in rows]
    at = ids.index(task_id) if task_id in ids else -1
    rest = [row for row in [*rows[at + 1 :], *rows[: max(at, 0)]] if row.id != task_id]
    return at + 1, (rest[0] if rest else None), len(rows)
