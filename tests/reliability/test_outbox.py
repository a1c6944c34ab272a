"""A bad job blocks nobody and is shown in words; two workers take no job twice; a dead one's jobs are taken over."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import alive, leases, outbox
from core.db import database, reading, session, writing
from core.outbox import BATCH, LEASE, TRIES, Job, OutboxJob, handler, promise, promise_all
from core.settings import ROOT
from tests.clients import Browser
from tests.make import Make
from wiki import jobs as page

pytestmark = pytest.mark.both_databases
# A worker as a process of its own: each effect is a line of one file, which the system appends whole.
KEEPER = """
import os, sys, time
from core import alive, outbox
from wiki.app import create_app
app = create_app()
kept = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
outbox.BATCH = int(sys.argv[2])
@outbox.handler("test")
def keep(jobs):
    time.sleep(0.05)  # the other one has its turn meanwhile
    os.write(kept, "".join(f"{os.getpid()} {job.key}\\n" for job in jobs).encode())
with app.app_context():
    print("ready", flush=True)
    sys.stdin.readline()
    outbox.drain()
"""


@pytest.fixture(autouse=True)
def _topics() -> Iterator[None]:
    """Handlers of this test alone."""
    before, lanes = dict(outbox._handlers), dict(outbox._lanes)
    yield
    outbox._handlers.clear()
    outbox._handlers.update(before)
    outbox._lanes.clear()
    outbox._lanes.update(lanes)


def all_jobs() -> dict[str, OutboxJob]:
    with reading() as s:
        return {job.key: job for job in s.scalars(sa.select(OutboxJob))}


def poison(jobs: Sequence[Job]) -> None:
    if any(job.key == "bad" for job in jobs):
        raise ValueError("the answer was «no»")


def test_outbox_poison(app: Flask, clock) -> None:
    handler("test")(poison)
    with writing():
        promise_all("test", {"bad": {}, **{f"good {n}": {} for n in range(5)}})
    assert outbox.drain() == 5
    waits: list[timedelta] = []
    for turn in range(1, TRIES):
        job = all_jobs()["bad"]
        assert (job.attempts, job.parked_at, job.error) == (turn, None, "ValueError: the answer was «no»")
        waits.append(job.available_at - clock.now())
        with writing():
            promise("test", f"meanwhile {turn}")
        assert outbox.drain() == 1, "nobody waits behind it"
        clock.advance(seconds=waits[-1].total_seconds())
        outbox.drain()
    for turn, wait in enumerate(waits, 1):
        longest = min(300.0, 2.0**turn)
        assert timedelta(seconds=longest / 2) <= wait <= timedelta(seconds=longest), "each time later, with jitter"
    assert all_jobs()["bad"].parked_at == clock.now()
    assert outbox.drain() == 0


def test_shown_in_words_and_tried_again_at_a_button(
    app: Flask, make: Make, clock, signed_in: Callable[..., Browser]
) -> None:
    calls: list[str] = []
    handler("mails")(lambda jobs: calls.append("mended"))
    with writing():
        for key, error in (("bad", "ValueError: the answer was «no»"), ("worse", "KeyError: 7")):
            now = clock.now()
            lost = OutboxJob(topic="mails", key=key, payload={}, created_at=now, available_at=now, attempts=TRIES)
            lost.parked_at, lost.error = now, error
            session.add(lost)
        promise("notices", "tried")
        session.flush()
        session.execute(sa.update(OutboxJob).where(OutboxJob.key == "tried").values(error="OSError: x", attempts=3))
    admin = signed_in(make.user("admin"))
    text = admin.text("/admin/jobs")
    for said in ("Send a mail", "Its reader has not got it.", "the answer was «no»", "3 tries so far"):
        assert said in text
    job = all_jobs()["bad"]
    answer = admin.submit("/admin/jobs", to=f"/admin/jobs/{job.id}/again")
    assert answer.status_code == 303
    assert outbox.drain(lane="mail") == 1
    assert calls == ["mended"]
    assert admin.submit("/admin/jobs", to=f"/admin/jobs/{job.id}/again").status_code == 404
    assert admin.submit("/admin/jobs", to="/admin/jobs/again").status_code == 303
    assert outbox.drain(lane="mail") == 1
    assert "Nothing was given up" in admin.text("/admin/jobs")


def test_every_topic_has_its_words() -> None:
    assert set(page.WORDS) == set(outbox.handlers())


def test_two_workers_take_no_job_twice(app: Flask) -> None:
    done: Counter[str] = Counter()
    lock, begun = threading.Lock(), threading.Barrier(2)

    @handler("test")
    def keep(jobs: Sequence[Job]) -> None:
        time.sleep(0.01)
        with lock:
            done.update(job.key for job in jobs)

    with writing():
        promise_all("test", {f"{n}": {} for n in range(3 * BATCH)})

    def work() -> None:
        with app.app_context():
            begun.wait()
            outbox.drain()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert set(done.values()) == {1}
    assert len(done) == 3 * BATCH
    assert all_jobs() == {}


def _two_processes_drain(app: Flask, place: Path, count: int, batch: int) -> None:
    """Both begin at the same instant; each does a part, and every promise has one effect."""
    kept = place / "kept"
    kept.touch()
    url = app.config["SPIRAL"].database
    mine = {name: value for name, value in os.environ.items() if not name.startswith("SPIRAL_")}
    common = {**mine, "SPIRAL_DATABASE_URL": url, "SPIRAL_ALLOW_UNSAFE_DATABASE": "1"}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", KEEPER, str(kept), str(batch)], cwd=ROOT, text=True,
            env={**common, "SPIRAL_VAR": str(place / f"var{number}")}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for number in range(2)
    ]  # fmt: skip
    try:
        for worker in workers:
            assert worker.stdout
            assert worker.stdout.readline() == "ready\n"
        with writing():
            promise_all("test", {f"{n}": {} for n in range(count)})
        for worker in workers:
            assert worker.stdin
            worker.stdin.write("begin\n")
            worker.stdin.flush()
        assert [worker.wait(240) for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    lines = [line.split() for line in kept.read_text("utf-8").splitlines()]
    assert Counter(key for _worker, key in lines) == {f"{n}": 1 for n in range(count)}
    parts = Counter(worker for worker, _key in lines)
    assert len(parts) == 2, "both were at work"
    assert min(parts.values()) >= count // 10, parts
    assert all_jobs() == {}


def test_two_processes_drain_200_promises(app: Flask, tmp_path: Path) -> None:
    """Two workers of one outbox: every promise has one effect, and each worker does a fair part."""
    _two_processes_drain(app, tmp_path, 200, 5)


@pytest.mark.soak
def test_two_processes_drain_1000_promises(app: Flask, tmp_path: Path) -> None:
    """The same with many more."""
    _two_processes_drain(app, tmp_path, 1000, 10)


def test_who_takes_jobs_passes_over_what_another_holds(app: Flask) -> None:
    """On PostgreSQL the statement says so, and nobody waits for an open transaction that holds jobs; SQLite has one
    writer at a time, and its statement knows no such words."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    engine = database().writer
    with writing():
        promise_all("test", {key: {} for key in "abcde"})
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        with contextlib.ExitStack() as held:
            if not database().sqlite:
                first = held.enter_context(engine.connect())
                rows = sa.select(OutboxJob.id).order_by(OutboxJob.id).limit(2).with_for_update()
                assert len(first.execute(rows).all()) == 2
                said.clear()
                with writing() as s:  # who waits all the same is stopped, and the test with it
                    s.execute(sa.text("SET lock_timeout = '5s'"))
            taken = [job.key for job in outbox._claim("other", None)]
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    asked = [one for one in said if one.startswith("SELECT") and "outbox_jobs" in one]
    assert asked
    skips = ["FOR UPDATE SKIP LOCKED" in one for one in asked]
    assert (any(skips), taken) == ((False, list("abcde")) if database().sqlite else (True, list("cde")))


def test_what_a_dead_worker_held_is_taken_over(app: Flask, clock) -> None:
    done: list[list[str]] = []
    handler("test")(lambda jobs: done.append([job.key for job in jobs]))
    with writing():
        promise_all("test", {"a": {}, "b": {}})
    assert len(outbox._claim("dead", None)) == 2
    assert outbox.drain() == 0
    clock.advance(seconds=LEASE.total_seconds() - 1)
    assert outbox.drain() == 0
    clock.advance(seconds=2)
    with writing():
        promise("test", "c")
    assert outbox.drain() == 3
    assert done == [["c"], ["a"], ["b"]], "what may have killed its worker is tried alone, after all that is new"


def test_on_the_same_machine_nobody_waits_for_the_lease_of_who_is_dead(app: Flask, clock) -> None:
    """Dead is whose process has ended, or whose number another process has now; nobody else, and nobody elsewhere."""
    here, mine, began, nonce = alive.me().split(".")
    said = [sys.executable, "-c", "from core import alive; print(alive.me())"]
    ended = subprocess.run(said, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    words = {
        "ended": ended,
        "before": f"{here}.{mine}.{int(began) - 1}.{nonce}",
        "living": alive.me(),
        "elsewhere": f"{'0' * 16}.{ended.partition('.')[2]}",
        "old": nonce * 2,
        "odd": f"{here}.{'9' * 30}.x.y",
    }
    done: list[str] = []
    handler("test")(lambda jobs: done.extend(job.key for job in jobs))
    for key, word in words.items():
        with writing():
            promise("test", key)
        assert [job.key for job in outbox._claim(word, None)] == [key]
    with writing():
        promise("test", "deadly")
    outbox._claim(ended, None)
    with writing():
        session.execute(sa.update(OutboxJob).where(OutboxJob.key == "deadly").values(attempts=outbox.QUICK))
        outbox.inherit()
    assert outbox.drain() == 2
    assert sorted(done) == ["before", "ended"]
    clock.advance(seconds=LEASE.total_seconds() + 1)
    assert outbox.drain() == 5


def test_what_is_in_hand_does_not_wait(app: Flask, clock) -> None:
    """An index that is made anew for ten minutes takes no machine out of service; a worker that died does."""
    with writing():
        promise("test", "long")
    began = clock.now()
    assert [job.key for job in outbox._claim("me", None)] == ["long"]
    clock.advance(minutes=10)
    with writing():
        session.execute(sa.update(OutboxJob).values(leased_until=clock.now() + LEASE))
    with reading():
        assert outbox.oldest() is None
    clock.advance(seconds=LEASE.total_seconds() + 1)
    with reading():
        assert outbox.oldest() == began


def test_a_job_that_kills_its_worker_is_parked_alone(app: Flask, clock) -> None:
    done: list[str] = []

    @handler("test")
    def keep(jobs: Sequence[Job]) -> None:
        if any(job.key == "deadly" for job in jobs):
            raise SystemExit
        done.extend(job.key for job in jobs)

    with writing():
        promise_all("test", {"a": {}, "deadly": {}, "b": {}})
    for _ in range(TRIES + 2):
        with contextlib.suppress(SystemExit):
            outbox.drain()
        clock.advance(seconds=LEASE.total_seconds() + 1)
    assert sorted(done) == ["a", "b"]
    assert set(all_jobs()) == {"deadly"}
    job = all_jobs()["deadly"]
    assert (job.attempts, job.error, job.parked_at is not None) == (TRIES, outbox.DIED, True)


def test_who_works_long_keeps_the_lease_and_who_hangs_loses_it(app: Flask, clock) -> None:
    """Else the mails at the end of a slow batch would be sent twice."""
    other: list[int] = []
    began = time.monotonic()

    @handler("test")
    def keep(_jobs: Sequence[Job]) -> None:
        for turn in range(1, 5):  # an hour's work, while its lease is for a minute
            clock.advance(seconds=50)
            leases.look(began + turn * (leases.EVERY + 1))
            other.append(len(outbox._claim("rival", None)))
        clock.advance(seconds=61)
        leases.look(time.monotonic() + leases.LONGEST)
        other.append(len(outbox._claim("rival", None)))

    with writing():
        promise("test", "slow")
    outbox.drain()
    assert other == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("said", ["database or disk is full", "server closed the connection unexpectedly"])
def test_a_database_in_trouble_costs_no_try(app: Flask, clock, said: str) -> None:
    trouble = [True]

    @handler("test")
    def keep(_jobs: Sequence[Job]) -> None:
        if trouble[0]:
            raise sa.exc.OperationalError("INSERT", {}, Exception(said))

    with writing():
        promise("test", "a")
    for _ in range(TRIES + 1):
        assert outbox.drain() == 0
        clock.advance(seconds=outbox.RECOVERY + 1)
    assert all_jobs()["a"].attempts == 0
    trouble[0] = False
    assert outbox.drain() == 1


def test_what_could_not_be_put_down_is_free_when_the_trouble_is_over(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk was full when the work was done, and so for what it says in the outbox: nobody waits for a lease."""
    done = threading.Event()
    trouble, real = [True], outbox._postponed

    @handler("test")
    def keep(_jobs: Sequence[Job]) -> None:
        if trouble[0]:
            raise sa.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))
        done.set()

    def postponed(*of: Any) -> None:
        if trouble[0]:
            trouble[0] = False
            raise sa.exc.OperationalError("UPDATE", {}, Exception("database or disk is full"))
        real(*of)

    monkeypatch.setattr(outbox, "_postponed", postponed)
    with writing():
        promise("test", "a")
    worker = outbox.Worker(app, every=0.05)
    worker.mates = []
    worker.start()
    try:
        assert done.wait(LEASE.total_seconds() / 2), "long before the end of its lease"
    finally:
        worker.stop()
    assert "a" not in all_jobs()
