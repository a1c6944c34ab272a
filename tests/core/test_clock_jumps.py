"""The machine's clock is put back an hour: what happened keeps its order, and what was promised is done."""

from datetime import timedelta

import pytest

from core import audit, chain, outbox
from core.db import reading, writing

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def kept():
    """What a handler of this test was asked to do."""
    done = []
    outbox.handler("test.clock")(lambda jobs: done.extend(job.key for job in jobs))
    yield done
    outbox._handlers.pop("test.clock")


def test_the_trail_keeps_its_order_and_its_seals(app, clock):
    with writing():
        audit.record(None, "first", subject_kind="test", subject_id=1)
        chain.seal()
    clock.set(clock.now() - AN_HOUR)
    with writing():
        audit.record(None, "second", subject_kind="test", subject_id=1)
    with writing():
        chain.seal()
    with reading() as s:
        assert [row.verb for row in s.scalars(audit.trail("test", 1))] == ["first", "second"]
        assert chain.verify().unsealed == 0


def test_a_promise_made_before_is_kept_at_once_and_one_for_later_waits(app, clock, kept):
    with writing():
        outbox.promise("test.clock", "now")
        outbox.promise("test.clock", "later", at=clock.now() + timedelta(minutes=5))
    clock.set(clock.now() - AN_HOUR)
    outbox.drain()
    assert kept == ["now"]
    clock.set(clock.now() + AN_HOUR + timedelta(minutes=6))
    outbox.drain()
    assert kept == ["now", "later"]


def test_what_a_dead_worker_held_is_not_held_for_an_hour(app, clock, kept):
    """It took the job and died; then the clock was put back."""
    with writing():
        outbox.promise("test.clock", "mine")
    assert outbox._claim("dead", None)
    clock.set(clock.now() - AN_HOUR)
    clock.advance(minutes=2)
    outbox.drain()
    assert kept == ["mine"]
