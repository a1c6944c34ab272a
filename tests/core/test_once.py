"""``core.once``: one answer, however many come at once. ``core.gently``: long work rests."""

import threading
import time
from collections.abc import Iterator

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


def test_work_rests_in_proportion_and_light_work_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    busy = iter((0.0, 0.001, 0.002, 0.102, 0.102, 5.0, 5.0))  # what each look at the clock of this thread shows
    monkeypatch.setattr(time, "thread_time", lambda: next(busy))
    monkeypatch.setattr(time, "sleep", rests.append)

    def given() -> Iterator[int]:
        yield from range(4)

    assert list(gently.gently(given())) == [0, 1, 2, 3]
    assert rests == [pytest.approx(min(gently.LONGEST_REST, gently.REST * 0.102)), gently.LONGEST_REST]
