"""How fast anybody may ask: at every address, by token, person or network, counted for all processes together."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts import counting, pace
from accounts.counting import Counted
from core.db import database
from tests.clients import Browser, Script
from tests.house.test_routes import UNSAFE, address, rules
from tests.make import Make


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    at = [1000.0]
    monkeypatch.setattr(counting.time, "time", lambda: at[0])
    return at


@pytest.fixture
def settings(settings: Any) -> Any:
    return settings.model_copy(update={"rate": 250})


def test_a_count_ends_with_its_second_and_is_nobody_elses(now: list[float]) -> None:
    counted = Counted()
    assert [counted.add("a") for _ in range(3)] == [1, 2, 3]
    assert counted.add("b") == 1
    now[0] += 0.9
    assert counted.add("a") == 4
    now[0] += 0.1
    assert counted.add("a") == 1
    now[0] += 5
    counted.add("b")
    assert set(counted.asked) == {"b"}, "what is over is forgotten"


@pytest.mark.both_databases
def test_processes_count_together_where_there_are_several(app: Any, now: list[float], query_count: Any) -> None:
    one, other = Counted(), Counted()
    with query_count() as asked:
        assert [one.add("a") for _ in range(100)][-1] == 100
    assert len([each for each in asked if "throttles" in each]) == (0 if database().sqlite else 4)
    assert [other.add("a") for _ in range(10)][-1] == 10, "who asks seldom is nobody else's business"
    seen = [other.add("a") for _ in range(200)]
    if database().sqlite:  # one process is the site
        assert seen[-1] == 210
        return
    assert seen[0] == 97, "eleven of ours, and of theirs those told of"
    assert 310 - counting.STEP < seen[-1] <= 310
    assert one.add("a") == 101
    assert 310 - 2 * counting.STEP < [one.add("a") for _ in range(25)][-1] - 26 <= 310
    now[0] += 1
    assert [other.add("a") for _ in range(20)][-1] == 20, "another second"


@pytest.mark.both_databases
def test_where_nothing_can_be_added_up_nobody_waits_for_it(
    app: Any, now: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    with database().writer.begin() as rival:
        hold = "DELETE FROM throttles" if database().sqlite else "LOCK TABLE throttles IN EXCLUSIVE MODE"
        rival.exec_driver_sql(hold)
        quick = Counted()
        assert [quick.add("a") for _ in range(12)][-1] == 12, "a process counts by itself"
    assert ("requests of this second were not added up" in caplog.text) is not database().sqlite


def test_each_token_has_its_own_calls_whatever_it_calls(
    app: Any, make: Make, now: list[float], api: Callable[..., Script]
) -> None:
    person = make.user("rep")
    one, other = api(person), api(person)
    assert {one.get(path).status_code for _ in range(125) for path in ("/me", "/absences")} == {200}
    refused = one.get("/me")
    assert refused.status_code == one.get("/submissions").status_code == 429
    assert (refused.json["code"], refused.headers["Retry-After"]) == ("throttled", "1")
    assert other.get("/me").status_code == 200
    now[0] += 1
    assert one.get("/me").status_code == 200


def test_the_wall_stands_around_every_address(
    app: Any, make: Make, now: list[float], signed_in: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has used up a second is refused at each rule of the map, signed in or not; what browsers keep and what
    watches over the site is not counted."""
    app.config["PROPAGATE_BUGS"] = False
    person, anybody = signed_in(make.user("admin", "manager")), app.test_client()
    token = {"X-CSRFToken": person.csrf("/profile")}
    let_in = set()
    for browser in (person, anybody):
        now[0] += 1
        assert {browser.get("/login").status_code for _ in range(250)} <= {200, 302, 303}
        for rule in rules(app):
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                if method in UNSAFE and browser is anybody:
                    continue  # without the token of a form it comes no further: test_csrf_every_route
                if rule.rule.startswith("/embed") and browser is person:
                    continue  # no cookie counts there: whoever has no pass is the network's
                if browser.open(address(rule), method=method, headers=token).status_code != 429:
                    let_in.add(rule.endpoint)
    assert let_in == pace.UNCOUNTED - {"static"}
    assert person.get("/static/css/tokens.css?v=1").status_code == 200
    now[0] += 1
    assert person.get("/profile").status_code == 200
