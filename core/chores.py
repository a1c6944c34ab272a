"""What has to be done now and then: registered by the packages, run by the worker, each in a transaction of its own.

However many processes serve, a chore is done by one of them: who does it notes so in the database, in the chore's own
transaction. Who is killed meanwhile has noted nothing, and the next one does it. What asks a store or a disk is done
*outside* of any transaction, alone under a lock of its name, and noted afterwards.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from core import clock, hosts, watch
from core.db import Base, alone, database, reading, session, writing

log = logging.getLogger(__name__)
SOON = 60.0
AGAIN = 60.0  # seconds until one that failed is tried again: what it failed of may be over by then
Chore = Callable[[], None]


class ChoreRun(Base):
    """When a chore was begun last. A chore of a folder has a row for each folder."""

    __tablename__ = "chore_runs"

    name: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    begun_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Turn:
    """How often, in seconds; ``local``: of this machine alone; ``outside``: it opens its own transactions."""

    every: float
    local: bool = False
    outside: bool = False


_chores: dict[Chore, Turn] = {}
_done: dict[Chore, float] = {}


def chore(*, every: float, local: bool = False, outside: bool = False) -> Callable[[Chore], Chore]:
    """Register a function that a worker calls every so many seconds, inside a ``writing()`` block.

    ``local``: once for each data folder, because it looks after what lies there; in processes without a worker, too.
    ``outside``: in no transaction; it waits for a disk or another machine, and nobody waits for it.
    """

    def register(function: Chore) -> Chore:
        _chores[function] = Turn(every, local, outside)
        return function

    return register


def run_due(*, local: bool = False) -> None:
    """Do what is due (needs an application context). A chore that fails is logged, and tried again within a minute.

    What is done every minute or oftener is done at every start, too: somebody may be waiting for it.
    ``local``: only what is about this machine.
    """
    now = time.monotonic()
    mine = {each: turn for each, turn in _chores.items() if turn.local or not local}
    due = [each for each, turn in mine.items() if now - _done.get(each, float("-inf")) >= turn.every]
    if not due:
        return
    names = {each: _name(each) for each in due}
    with reading():
        begun = {row.name: row.begun_at for row in session.scalars(_rows(names.values()))}
    for function in due:
        every = _chores[function].every
        every = 0.0 if every <= SOON and function not in _done else every
        _done[function] = now
        if _is_due(begun.get(names[function]), every) and not _run(function, names[function], every):
            _done[function] = now - max(0.0, _chores[function].every - AGAIN)


def _name(function: Chore) -> str:
    name = f"{function.__module__}.{function.__qualname__}"
    return f"{name}@{hosts.place()}"[:200] if _chores[function].local else name[:200]


def _rows(names: Iterable[str]) -> sa.Select[ChoreRun]:
    return sa.select(ChoreRun).where(ChoreRun.name.in_(list(names)))


def _is_due(begun: datetime | None, every: float) -> bool:
    """A time that lies ahead was noted before the clock was put right."""
    now = clock.now()
    return begun is None or begun > now or begun <= now - timedelta(seconds=every * 0.9)


def _run(function: Chore, name: str, every: float) -> bool:
    """False when it failed; done by somebody else is well, too."""
    turn = _chores.get(function)
    try:
        with watch.chore(function.__qualname__):
            if turn is not None and turn.outside:
                _alone(function, name, every)
                return True
            with writing():
                if _mine(name, every):
                    function()
    except Exception:
        log.exception("the chore %s failed", function.__qualname__)
        return False
    return True


def _alone(function: Chore, name: str, every: float) -> None:
    """Done while nobody else does it; noted afterwards, so that who is killed in the midst has not done it."""
    with alone(f"chore {name}") as free:
        if not free:
            return
        with reading():
            row = session.get(ChoreRun, name)
            due = _is_due(row.begun_at if row is not None else None, every)
        if due:
            function()
            with writing():
                _mine(name, every)


def _mine(name: str, every: float) -> bool:
    """Nobody has it in hand or has done it meanwhile; now this transaction does it."""
    insert = sqlite_insert if database().sqlite else postgres_insert
    row = session.scalar(_rows([name]).with_for_update(skip_locked=True))
    if row is None:
        new = insert(ChoreRun).values(name=name, begun_at=clock.now()).on_conflict_do_nothing()
        return session.execute(new.returning(ChoreRun.name)).first() is not None
    if not _is_due(row.begun_at, every):
        return False
    row.begun_at = clock.now()
    session.flush()
    return True
