"""Counting how often somebody asks: by token, for all processes together, without a thread for each request."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from core.db import database
from tests.clients import Script
from tests.make import Make
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


@pytest.mark.both_databases
def test_processes_count_together_where_there_are_several(app: Any, now: list[float], query_count: Any) -> None:
    one, other = Counted(), Counted()
    with query_count() as asked:
        assert [one.incr("a", 1) for _ in range(100)][-1] == 100
    assert len([each for each in asked if "throttles" in each]) == (0 if database().sqlite else 4)
    assert [other.incr("a", 1) for _ in range(10)][-1] == 10, "who asks seldom is nobody else's business"
    seen = [other.incr("a", 1) for _ in range(200)]
    if database().sqlite:  # one process is the site
        assert seen[-1] == 210
        return
    assert seen[0] == 97, "eleven of ours, and of theirs those told of"
    assert 310 - counting.STEP < seen[-1] <= 310
    assert one.incr("a", 1) == 101
    assert 310 - 2 * counting.STEP < [one.incr("a", 1) for _ in range(25)][-1] - 26 <= 310
    now[0] += 1
    assert [other.incr("a", 1) for _ in range(20)][-1] == 20, "another second"


def test_each_token_has_its_own_calls_whatever_it_calls(
    app: Any, make: Make, now: list[float], api: Callable[..., Script]
) -> None:
    person = make.user("rep")
    one, other = api(person), api(person)
    assert {one.get(path).status_code for _ in range(125) for path in ("/me", "/absences")} == {200}
    assert one.get("/me").status_code == one.get("/submissions").status_code == 429
    assert other.get("/me").status_code == 200
    now[0] += 1
    assert one.get("/me").status_code == 200
