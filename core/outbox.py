"""What leaves the building is promised in the transaction and done after it, until the other side agrees.

Handlers may be called twice, out of order, and killed midway: doing it twice must be doing it once. Jobs of one topic
and key are coalesced; a job that keeps failing is parked after ``TRIES`` tries, visible, and may be retried.
"""

import logging
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column

from core import alive, chores, clock, leases, watch
from core.db import Base, after_commit, database, reading, session, writing
from core.trouble import trouble_of

log = logging.getLogger(__name__)

TRIES = 10
LEASE = timedelta(seconds=60)  # after so long without a sign of life its worker is held to be dead
RECOVERY = 5.0  # seconds until a database without room, or a lost one, is asked again
QUICK = 3  # so many tries of a job that may kill its worker come quickly after each other
DIED = "The process that worked on it ended in the midst of it."
BATCH = 200
MAIN = ""


class OutboxJob(Base):
    """One promise. It is deleted when kept."""

    __tablename__ = "outbox_jobs"
    __table_args__ = (
        sa.Index("ix_outbox_jobs_due", "parked_at", "available_at"),
        sa.CheckConstraint("attempts >= 0", name="attempts_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(sa.String(64))
    key: Mapped[str] = mapped_column(sa.String(200))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    available_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(sa.String(64))
    parked_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(sa.Text)


@dataclass(frozen=True, slots=True)
class Job:
    """What a handler sees: the newest payload of one topic and key."""

    topic: str
    key: str
    payload: dict[str, Any]


Handler = Callable[[Sequence[Job]], None]
_handlers: dict[str, Handler] = {}
_lanes: dict[str, str] = {}  # the lane of each topic that has one of its own
_wakes: defaultdict[str, threading.Event] = defaultdict(threading.Event)


class Postponed(Exception):
    """The other side is away: nothing is wrong with the promise, and no try is counted.

    All that waits for the same topic waits ``seconds`` more.
    """

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


def handler(topic: str, *, lane: str = MAIN) -> Callable[[Handler], Handler]:
    """Register what keeps the promises of a topic. It gets a batch and opens its own transactions.

    ``lane``: who talks to machines that may not answer has a lane of their own, and nobody else waits behind them.
    """

    def register(function: Handler) -> Handler:
        _handlers[topic] = function
        if lane != MAIN:
            _lanes[topic] = lane
        return function

    return register


def handlers() -> dict[str, Handler]:
    """The registry (tests run every one of them twice)."""
    return dict(_handlers)


def promise(topic: str, key: str, payload: dict[str, Any] | None = None, *, at: datetime | None = None) -> None:
    """Promise, in the current transaction, that the topic's handler will see this key after the commit (or ``at``)."""
    now = clock.now()
    row = {"topic": topic, "key": key, "payload": payload or {}, "created_at": now, "available_at": at or now}
    session.connection().execute(_KEEP, {**row, "attempts": 0})
    after_commit(_wake(topic))


_KEEP = sa.insert(cast(sa.Table, OutboxJob.__table__)).inline()  # nobody asks for its number; nothing else is written


def promise_all(topic: str, payloads: Mapping[str, dict[str, Any]]) -> None:
    """The same for many keys, in one statement."""
    now = clock.now()
    rows = [
        {"topic": topic, "key": key, "payload": payload, "created_at": now, "available_at": now, "attempts": 0}
        for key, payload in payloads.items()
    ]
    if rows:
        session.execute(sa.insert(OutboxJob), rows)
        after_commit(_wake(topic))


def _wake(topic: str) -> Callable[[], None]:
    return _wakes[_lanes.get(topic, MAIN)].set


def waiting(topic: str | None = None) -> int:
    """How many promises are open and due, parked ones apart."""
    found = sa.select(sa.func.count()).select_from(OutboxJob).where(OutboxJob.parked_at.is_(None))
    found = found.where(OutboxJob.available_at <= clock.now())
    return session.scalar(found.where(OutboxJob.topic == topic) if topic else found) or 0


def given_up() -> int:
    """How many jobs were given up and wait for somebody to retry them."""
    found = sa.select(sa.func.count()).select_from(OutboxJob).where(OutboxJob.parked_at.is_not(None))
    return session.scalar(found) or 0


def oldest() -> datetime | None:
    """Since when the oldest due promise waits. What a living worker has in hand does not wait, however long it takes
    (an index made anew); one that hangs loses its lease (``core.leases``)."""
    now = clock.now()
    due = sa.select(sa.func.min(OutboxJob.available_at)).where(OutboxJob.parked_at.is_(None))
    idle = sa.or_(OutboxJob.leased_until.is_(None), OutboxJob.leased_until < now)
    return session.scalar(due.where(OutboxJob.available_at <= now, idle))


def parked() -> sa.Select[OutboxJob]:
    """Jobs that gave up, newest first."""
    return sa.select(OutboxJob).where(OutboxJob.parked_at.is_not(None)).order_by(OutboxJob.id.desc())


def failing() -> sa.Select[OutboxJob]:
    """Jobs that failed and have tries left, or whose other side is away; newest first."""
    open_ = sa.and_(OutboxJob.parked_at.is_(None), OutboxJob.error.is_not(None))
    return sa.select(OutboxJob).where(open_).order_by(OutboxJob.id.desc())


def retry(job_id: int) -> bool:
    """Give a parked job its tries again; false when there is none of this number."""
    return bool(_retried(OutboxJob.id == job_id))


def retry_all() -> int:
    """Give every parked job its tries again, in one statement; how many there were."""
    return _retried(sa.true())


def _retried(which: sa.ColumnElement[bool]) -> int:
    again = sa.update(OutboxJob).where(which, OutboxJob.parked_at.is_not(None))
    done = session.execute(again.values(parked_at=None, attempts=0, available_at=clock.now(), leased_until=None))
    after_commit(_wakes[MAIN].set)
    for lane in set(_lanes.values()):
        after_commit(_wakes[lane].set)
    return cast(sa.CursorResult[Any], done).rowcount


def drain(*, me: str | None = None, lane: str | None = None) -> int:
    """Keep every due promise once; returns how many jobs were done. A failing job waits its turn, the rest go on.

    ``lane``: only the topics of this lane, ``MAIN`` being that of all without one; ``None``: all.
    """
    me = me or alive.me()
    done = 0
    while batch := _claim(me, lane):
        with leases.kept([row.id for row in batch], _prolong):
            for topic in dict.fromkeys(row.topic for row in batch):
                done += _keep(topic, [row for row in batch if row.topic == topic])
    return done


def _claim(me: str, lane: str | None) -> list[OutboxJob]:
    """A batch of what nobody has tried yet or whose turn it is again; else one job whose worker died, by itself.

    A job that takes its worker with it would otherwise take a whole batch along, again and again.
    """
    now = clock.now()
    # a clock that was put back must not hold up what was due before, nor make a lease longer than it is
    put_back = sa.and_(OutboxJob.created_at > now, OutboxJob.available_at <= OutboxJob.created_at)
    due = sa.select(OutboxJob).where(OutboxJob.parked_at.is_(None), sa.or_(OutboxJob.available_at <= now, put_back))
    if lane is not None:
        topics = [topic for topic, its in _lanes.items() if lane in {MAIN, its}]
        due = due.where(OutboxJob.topic.not_in(topics) if lane == MAIN else OutboxJob.topic.in_(topics))
    ended = sa.or_(OutboxJob.leased_until < now, OutboxJob.leased_until > now + 2 * LEASE)
    orphans = due.where(ended)
    for found in (due.where(OutboxJob.leased_until.is_(None)).limit(BATCH), orphans.limit(1)):
        while rows := _leased(found.order_by(OutboxJob.id), me, now):
            if mine := [row for row in rows if row.parked_at is None]:
                return mine
    return []


def _leased(found: sa.Select[OutboxJob], me: str, now: datetime) -> list[OutboxJob]:
    """These jobs, leased to me. One whose worker died has had a try, and is parked when that was its last."""
    with reading() as s:
        if s.scalar(found.with_only_columns(OutboxJob.id).limit(1)) is None:
            return []
    with writing() as s:
        rows = list(s.scalars(found if database().sqlite else found.with_for_update(skip_locked=True)))
        for row in rows:
            if row.leased_until is not None:
                row.attempts, row.error = row.attempts + 1, DIED
            if row.attempts >= TRIES:
                row.parked_at, row.leased_until, row.leased_by = now, None, None
            else:
                row.leased_until, row.leased_by = now + LEASE, me
    return rows


def _prolong(ids: Sequence[int]) -> None:
    with writing() as s:
        held = sa.update(OutboxJob).where(OutboxJob.id.in_(ids), OutboxJob.leased_until.is_not(None))
        s.execute(held.values(leased_until=clock.now() + LEASE))


def _put_down(me: str) -> None:
    """Of what I hold nothing is in my hands: the database was away or full when I was done. It need not wait for the
    end of the lease, and costs no try."""
    with writing() as s:
        mine = sa.update(OutboxJob).where(OutboxJob.leased_by == me, OutboxJob.leased_until.is_not(None))
        s.execute(mine.values(leased_until=None, leased_by=None))


@chores.chore(every=30, local=True)
def inherit() -> None:
    """The leases of processes that were killed on this machine have ended; at every start, too.

    The search and the mail go on at once after a crash. A job that died more than ``QUICK`` times has to wait for
    its lease as before: it may be what kills us, and each time somebody has to start us again.
    """
    now = clock.now()
    held = sa.and_(OutboxJob.leased_until > now, OutboxJob.attempts < QUICK)
    holders = session.scalars(sa.select(OutboxJob.leased_by).where(held).distinct())
    if gone := [holder for holder in holders if holder and alive.dead(holder)]:
        theirs = sa.update(OutboxJob).where(held, OutboxJob.leased_by.in_(gone))
        session.execute(theirs.values(leased_until=now - timedelta(seconds=1)))


def _keep(topic: str, rows: list[OutboxJob]) -> int:
    newest = {row.key: row for row in rows}
    jobs = [Job(topic, key, row.payload) for key, row in newest.items()]
    try:
        _handle(topic, jobs)
    except Postponed as error:
        _postponed(topic, rows, error)
        return 0
    except Exception as error:  # noqa: BLE001 - whatever a handler raises, the others go on
        if (trouble := trouble_of(error)) is not None:
            _postponed(topic, rows, Postponed(trouble.value, RECOVERY))
            return 0
        if len(jobs) == 1:
            _failed(rows, error)
            return 0
        return sum(_keep(topic, [row for row in rows if row.key == job.key]) for job in jobs)
    with writing() as s:
        s.execute(sa.delete(OutboxJob).where(OutboxJob.id.in_([row.id for row in rows])))
    return len(rows)


def _handle(topic: str, jobs: Sequence[Job]) -> None:
    if topic not in _handlers:
        raise LookupError(f"nobody handles {topic!r}")
    with watch.job(topic, len(jobs)):
        _handlers[topic](jobs)


def _postponed(topic: str, rows: list[OutboxJob], error: Postponed) -> None:
    """The rest of the topic waits too, or each batch of it would find out anew."""
    log.warning("outbox topic %s waits %s s: %s", topic, error.seconds, error)
    now = clock.now()
    mine = OutboxJob.id.in_([row.id for row in rows])
    free = sa.or_(OutboxJob.leased_until.is_(None), OutboxJob.leased_until < now)
    due = sa.and_(OutboxJob.topic == topic, OutboxJob.parked_at.is_(None), OutboxJob.available_at <= now, free)
    later = {"leased_until": None, "leased_by": None, "error": str(error)[:2000]}
    with writing() as s:
        s.execute(
            sa.update(OutboxJob)
            .where(sa.or_(mine, due))
            .values(available_at=now + timedelta(seconds=error.seconds), **later)
        )


def _failed(rows: list[OutboxJob], error: Exception) -> None:
    log.warning("outbox job %s %s failed: %s", rows[0].topic, rows[0].key, error)
    now = clock.now()
    with writing() as s:
        mine = sa.and_(OutboxJob.id.in_([row.id for row in rows]), OutboxJob.leased_by == rows[0].leased_by)
        for row in s.scalars(sa.select(OutboxJob).where(mine)):
            row.attempts += 1
            row.leased_until = row.leased_by = None
            row.error = f"{type(error).__name__}: {getattr(error, 'orig', error)}"[:2000]  # no values of statements
            if row.attempts >= TRIES:
                row.parked_at = now
            else:
                wait = min(300.0, 2.0**row.attempts) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
                row.available_at = now + timedelta(seconds=wait)


class Worker(threading.Thread):
    """Drains the outbox: at once after a commit of this process, within ``every`` seconds after one of another.

    Each lane has a thread of its own, so that a mail server that hangs holds up nothing but mail.
    """

    def __init__(self, app: Flask, *, every: float = 0.25, lane: str = MAIN) -> None:
        super().__init__(name=f"outbox-{lane or 'worker'}", daemon=True)
        self.app, self.every, self.lane = app, every, lane
        self.me = ""
        self.cut_off = False  # the database was in trouble, perhaps just when something was to be put down
        self.stopping = threading.Event()
        lanes = sorted(set(_lanes.values())) if lane == MAIN else []
        self.mates = [Worker(app, every=every, lane=each) for each in lanes]

    def start(self) -> None:
        """Begin, all lanes."""
        super().start()
        for mate in self.mates:
            mate.start()

    def run(self) -> None:
        self.me = alive.me()
        while not self.stopping.is_set():
            try:
                with self.app.app_context():
                    if self.cut_off:
                        _put_down(self.me)
                        self.cut_off = False
                    drain(me=self.me, lane=self.lane)
                    if self.lane == MAIN:
                        chores.run_due()
            except Exception as error:
                self.cut_off = self.cut_off or trouble_of(error) is not None
                log.exception("the outbox worker stumbled; it goes on in a second")
                self.stopping.wait(1)
            _wakes[self.lane].wait(self.every)
            _wakes[self.lane].clear()

    def hurry(self) -> None:
        """Begin no further batch, in any lane."""
        self.stopping.set()
        for mate in self.mates:
            mate.hurry()
        _wakes[self.lane].set()

    def stop(self) -> None:
        """Finish the batch in hand and end. A mail that is on its way is sent again, as the same, after the start."""
        self.hurry()
        for mate in self.mates:
            mate.stop()
        self.join(timeout=20 if self.lane == MAIN else 1)
