"""A promise that waits for a machine elsewhere holds up no other."""

import threading

import pytest

from core import outbox
from core.db import reading, writing
from core.outbox import Worker, handler, promise, promise_all


@pytest.fixture
def topics():
    """Handlers of this test alone."""
    before, lanes = dict(outbox._handlers), dict(outbox._lanes)
    yield
    outbox._handlers.clear()
    outbox._handlers.update(before)
    outbox._lanes.clear()
    outbox._lanes.update(lanes)


@pytest.mark.usefixtures("topics")
def test_the_slow_lane_holds_up_nothing(app):
    stuck, released, kept = threading.Event(), threading.Event(), threading.Event()

    @handler("test.slow", lane="test")
    def slow(_jobs):
        stuck.set()
        released.wait(120)

    @handler("test.quick")
    def quick(_jobs):
        kept.set()

    worker = Worker(app, every=0.02)
    worker.start()
    try:
        with writing():
            promise("test.slow", "a")
        assert stuck.wait(60)
        with writing():
            promise("test.quick", "b")
        assert kept.wait(60), "while the other still waits"
        assert not released.is_set()
    finally:
        released.set()
        worker.stop()


@pytest.mark.usefixtures("topics")
@pytest.mark.both_databases
def test_each_lane_keeps_its_own_and_draining_keeps_both(app):
    seen: list[str] = []
    handler("test.slow", lane="test")(lambda jobs: seen.extend(job.key for job in jobs))
    handler("test.quick")(lambda jobs: seen.extend(job.key for job in jobs))
    with writing():
        promise_all("test.slow", {"s1": {}, "s2": {"n": 1}})
        promise_all("test.quick", {"q": {}})
        promise_all("test.quick", {})
    assert outbox.drain(lane=outbox.MAIN) == 1
    assert seen == ["q"]
    assert outbox.drain() == 2
    assert sorted(seen) == ["q", "s1", "s2"]
    with reading():
        assert outbox.waiting() == 0


@pytest.mark.usefixtures("topics")
@pytest.mark.both_databases
def test_who_is_away_is_asked_again_soon_and_however_often(app, clock):
    away, seen = [True], []

    @handler("test.away", lane="test")
    def keep(jobs):
        if away[0]:
            raise outbox.Postponed("nobody answers", 5)
        seen.extend(job.key for job in jobs)

    with writing():
        promise_all("test.away", {str(n): {} for n in range(outbox.BATCH + 50)})
    for _ in range(3 * outbox.TRIES):
        assert outbox.drain() == 0
        with reading() as s:
            jobs = s.scalars(outbox.sa.select(outbox.OutboxJob)).all()
        assert {(job.attempts, job.parked_at, job.error) for job in jobs} == {(0, None, "nobody answers")}
        clock.advance(seconds=6)
    away[0] = False
    assert outbox.drain() == outbox.BATCH + 50
    assert len(seen) == outbox.BATCH + 50
