"""A promise that waits for a machine elsewhere holds up no other."""

import threading

import pytest

from core import outbox
from core.db import reading, writing
from core.outbox import Worker, handler, promise, promise_all


@pytest.fixture
def topics():
    """Handlers of this test alone."""
    before, slow = dict(outbox._handlers), set(outbox._slow)
    yield
    outbox._handlers.clear()
    outbox._handlers.update(before)
    outbox._slow.clear()
    outbox._slow.update(slow)


@pytest.mark.usefixtures("topics")
def test_the_slow_lane_holds_up_nothing(app):
    stuck, released, kept = threading.Event(), threading.Event(), threading.Event()

    @handler("test.slow", slow=True)
    def slow(_jobs):
        stuck.set()
        released.wait(20)

    @handler("test.quick")
    def quick(_jobs):
        kept.set()

    worker = Worker(app, every=0.02)
    worker.mate.every = 0.02
    worker.start()
    try:
        with writing():
            promise("test.slow", "a")
        assert stuck.wait(10)
        with writing():
            promise("test.quick", "b")
        assert kept.wait(10), "while the other still waits"
        assert not released.is_set()
    finally:
        released.set()
        worker.stop()


@pytest.mark.usefixtures("topics")
@pytest.mark.both_databases
def test_each_lane_keeps_its_own_and_draining_keeps_both(app):
    seen: list[str] = []
    handler("test.slow", slow=True)(lambda jobs: seen.extend(job.key for job in jobs))
    handler("test.quick")(lambda jobs: seen.extend(job.key for job in jobs))
    with writing():
        promise_all("test.slow", {"s1": {}, "s2": {"n": 1}})
        promise_all("test.quick", {"q": {}})
        promise_all("test.quick", {})
    assert outbox.drain(slow=False) == 1
    assert seen == ["q"]
    assert outbox.drain() == 2
    assert sorted(seen) == ["q", "s1", "s2"]
    with reading():
        assert outbox.waiting() == 0
