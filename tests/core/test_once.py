"""``core.once``: one answer, however many come at once. ``core.gently``: long work rests."""

import threading
import time

import pytest

from core import gently
from core.once import once


def test_many_at_once_have_it_made_once() -> None:
    made: list[str] = []
    inside = threading.Event()

    @once
    def table(name: str) -> list[str]:
        made.append(name)
        inside.wait(0.2)  # everybody is at the door by now
        return [name]

    found: list[list[str]] = []
    people = [threading.Thread(target=lambda: found.append(table("a"))) for _ in range(16)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    assert made == ["a"]
    assert all(each is found[0] for each in found)
    assert table("b") == ["b"]


def test_what_failed_is_made_again_and_one_may_need_another() -> None:
    tries = iter((ValueError, None))

    @once
    def inner() -> int:
        if error := next(tries):
            raise error
        return 1

    @once
    def outer() -> int:
        return inner() + 1

    with pytest.raises(ValueError):
        outer()
    assert outer() == 2


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The rests that were taken, in seconds; nobody was answered for long."""
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", taken.append)
    monkeypatch.setattr(gently, "_answered", set())
    monkeypatch.setattr(gently, "_last", float("-inf"))
    return taken


def test_work_rests_in_proportion_and_light_work_does_not(monkeypatch: pytest.MonkeyPatch, rests: list[float]) -> None:
    busy = iter((0.0, 0.001, 0.002, 0.052, 0.052, 5.0, 5.0))  # what each look at the clock of this thread shows
    monkeypatch.setattr(time, "thread_time", lambda: next(busy))
    assert list(gently.gently(range(4))) == [0, 1, 2, 3]
    assert rests == [pytest.approx(gently.REST * 0.052), gently.LONGEST_REST]


def test_work_rests_longer_while_people_are_answered(monkeypatch: pytest.MonkeyPatch, rests: list[float]) -> None:
    busy = iter((0.0, 0.02, 0.02))
    monkeypatch.setattr(time, "thread_time", lambda: next(busy))
    assert gently.giving_way(lambda environ, start: [b"answer"])({}, None) == [b"answer"]
    assert list(gently.gently([1])) == [1]
    assert rests == [pytest.approx(gently.REST_BUSY * 0.02)]


def test_work_begins_when_nobody_is_being_answered_and_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is under way: the work waits for its end, for half a second at most."""
    told: list[str] = []
    going_on, begun = threading.Event(), threading.Event()

    def slow(_environ: object, _start: object) -> list[bytes]:
        begun.set()
        going_on.wait(20)
        told.append("answered")
        return []

    answering = threading.Thread(target=gently.giving_way(slow), args=({}, None))
    answering.start()
    begun.wait(20)
    threading.Timer(0.1, going_on.set).start()
    monkeypatch.setattr(gently, "GIVES_WAY", 20.0)
    told += [f"piece {each}" for each in gently.gently([1])]
    answering.join()
    assert told == ["answered", "piece 1"]

    monkeypatch.setattr(gently, "_answered", {1})
    monkeypatch.setattr(gently, "GIVES_WAY", 0.01)
    assert list(gently.gently([1])) == [1]
