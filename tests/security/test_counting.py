"""Counting how often somebody asks, without a thread for each request."""

import threading

import pytest

from wiki.api import counting
from wiki.api.counting import Counted


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    at = [1000.0]
    monkeypatch.setattr(counting.time, "time", lambda: at[0])
    return at


def test_a_count_ends_with_its_time_and_is_nobody_elses(now: list[float]) -> None:
    counted = Counted()
    assert [counted.incr("a", 1) for _ in range(3)] == [1, 2, 3]
    assert counted.incr("b", 1) == 1
    now[0] += 0.9
    assert counted.incr("a", 1) == 4
    now[0] += 0.1
    assert counted.incr("a", 1) == 1
    now[0] += 5
    counted.incr("b", 1)
    assert set(counted.expirations) == set(counted.storage) == {"b"}, "what is over is forgotten"


def test_no_request_starts_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted()
    counted.timer.join()  # the library starts one when it begins
    started: list[threading.Thread] = []
    monkeypatch.setattr(threading.Thread, "start", started.append)
    for _ in range(3):
        counted.incr("a", 1)
    assert started == []
