"""Several processes on one database: set up alike or refused; each chore done by one; tables of another version."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import chores, db, health, hosts, migrate
from core.db import database, reading, session, writing
from core.hosts import Pulse, StrangerError
from core.i18n import force_locale
from core.running import Caretaker
from core.settings import SettingsError, load
from wiki.app import create_app

both = pytest.mark.both_databases
Another = Callable[..., Flask]
MEILI = "meilisearch://key@127.0.0.1:7700/one"


@pytest.fixture
def another(engine: str, tmp_path: Path) -> Iterator[Another]:
    """``another("b", secret_key=…)``: the application of another machine on the same database."""
    made: list[Flask] = []

    def make(name: str, **more: str) -> Flask:
        common = {"database_url": engine, "secret_key": "s" * 40, "search_url": MEILI, "allow_unsafe_database": True}
        files = {"files_url": f"file://{tmp_path}/shared"}
        made.append(create_app(load({**common, **files, "var": tmp_path / name, **more}, environ={})))
        return made[-1]

    yield make
    for app in made:
        app.extensions["spiral.database"].close()


def refusal(app: Flask) -> str:
    with app.app_context():
        try:
            hosts.must_fit_in()
        except StrangerError as error:
            return str(error)
    return ""


@both
def test_who_is_set_up_differently_is_refused_by_name_of_the_setting(app: Flask, another: Another, clock: Any) -> None:
    first = another("a")
    pulse = Pulse(first, "web")
    pulse._beat()
    cases: list[tuple[dict[str, str], str]] = [
        ({"secret_key": "t" * 40}, "SPIRAL_SECRET_KEY"),
        ({"files_url": ""}, "SPIRAL_FILES_URL"),
        ({"search_url": ""}, "SPIRAL_SEARCH_URL"),
        ({"search_url": MEILI.replace("one", "two")}, "SPIRAL_SEARCH_URL"),
        ({"search_url": MEILI.replace("127.0.0.1", "its-other-name")}, ""),
        ({}, ""),
    ]
    for number, (other, setting) in enumerate(cases):
        expected = "" if database().sqlite else setting  # SQLite has one server, and the folder's lock
        said = refusal(another(f"b{number}", **other))
        assert (expected in said) and bool(said) == bool(expected)
    second = another("c", secret_key="t" * 40)
    assert refusal(first) == ""
    clock.advance(seconds=61)
    assert refusal(second) == "", "who gives no sign of life is gone"
    pulse._beat()
    pulse.stop()
    assert refusal(second) == "", "who ends says so"


@both
def test_one_machine_with_an_index_of_its_own_may_serve_and_a_second_may_not(app: Flask, another: Another) -> None:
    one = another("a", search_url="", files_url="")
    Pulse(one, "web")._beat()
    Pulse(one, "worker")._beat()
    assert refusal(one) == "", "several processes of one machine share its folder"
    if not database().sqlite:
        assert "SPIRAL_" in refusal(another("b", search_url="", files_url=""))


@both
def test_the_first_who_came_stays_in_service(app: Flask, another: Another, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that asks nobody before it starts is told by /readyz; the others go on."""
    first, second = another("a"), another("b", secret_key="t" * 40)
    Pulse(first, "web")._beat()
    for one, well in ((first, True), (second, database().sqlite)):
        with one.app_context(), force_locale("en"):
            found = {finding.name: finding for finding in health.examine(ready=True)}["hosts"]
        assert found.well is well
        assert found.well or found.said.startswith("another process "), "strangers read this: no name of a machine"


@both
def test_a_chore_is_done_by_one_of_all_processes(app: Flask, clock: Any) -> None:
    done: list[int] = []
    gate = threading.Barrier(6)

    def work() -> None:
        gate.wait()
        with app.app_context():
            chores._run(lambda: done.append(1), "a chore", 100.0)

    for expected in (1, 2):
        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(done) == expected
        clock.advance(seconds=100)


@both
def test_a_chore_that_failed_or_was_killed_is_done_by_the_next(app: Flask, clock: Any) -> None:
    def fails() -> None:
        raise RuntimeError("in the midst of it")

    done: list[int] = []
    chores._run(fails, "a chore", 100.0)
    chores._run(lambda: done.append(1), "a chore", 100.0)
    chores._run(lambda: done.append(2), "a chore", 100.0)
    assert done == [1]
    clock.advance(hours=-2)  # the clock was put right
    chores._run(lambda: done.append(3), "a chore", 100.0)
    assert done == [1, 3]


def test_what_lies_on_each_disk_is_looked_after_on_each(app: Flask, another: Another, monkeypatch: Any) -> None:
    seen: list[str] = []
    turns = {lambda: seen.append("for all"): chores.Turn(100.0), lambda: seen.append("here"): chores.Turn(100.0, True)}
    for number, function in enumerate(turns):
        function.__qualname__ = f"chore{number}"
    monkeypatch.setattr(chores, "_chores", turns)
    for machine in ("a", "b"):
        monkeypatch.setattr(chores, "_done", {})
        with another(machine).app_context():
            chores.run_due()
    assert seen == ["for all", "here", "here"]


@both
def test_a_chore_outside_of_transactions_is_done_once_and_noted_when_it_is_done(
    app: Flask, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    within: list[bool] = []

    def asks_a_bucket() -> None:
        within.append(db.has_session())
        if len(within) == 1:
            raise KeyboardInterrupt  # killed

    monkeypatch.setattr(chores, "_chores", {asks_a_bucket: chores.Turn(100.0, outside=True)})
    with pytest.raises(KeyboardInterrupt):
        chores._run(asks_a_bucket, "a chore", 100.0)
    for _turn in range(2):
        chores._run(asks_a_bucket, "a chore", 100.0)
    assert within == [False, False], "who was killed has not done it, and who has done it does it once"
    with db.alone("chore a chore") as mine:
        clock.advance(seconds=100)
        chores._run(asks_a_bucket, "a chore", 100.0)
    assert mine
    assert len(within) == (3 if database().sqlite else 2), "not beside somebody who is at it"


def test_a_process_that_only_answers_looks_after_its_machine(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    turns = {lambda: seen.append("all"): chores.Turn(100.0), lambda: seen.append("here"): chores.Turn(100.0, True)}
    monkeypatch.setattr(chores, "_chores", turns)
    monkeypatch.setattr(chores, "_done", {})
    for function in turns:
        function.__qualname__ = f"{id(function)}"
    caretaker = Caretaker(app, every=0.01)
    caretaker.start()
    while not seen:
        caretaker.join(0.01)
    caretaker.stop()
    assert seen == ["here"]
    assert not caretaker.is_alive()


@both
def test_of_two_who_would_rebuild_one_does(app: Flask) -> None:
    with db.alone("a test") as first, db.alone("a test") as second, db.alone("another") as third:
        assert (first, second, third) == (True, database().sqlite, True)
    with db.alone("a test") as again, reading():
        assert again


# ── tables of a neighbour's version ──────────────────────────────────────────────────────────────────────────────────


def tables(app: Flask) -> health.Finding:
    return {finding.name: finding for finding in health.examine(ready=True)}["database"]


def newer(*suits: str) -> None:
    """Somebody has migrated to tables that this program has never heard of."""
    with writing() as s:
        s.execute(sa.text("UPDATE alembic_version SET version_num = '9999_newer'"))
        s.execute(sa.delete(migrate.SuitedProgram))
        s.execute(sa.insert(migrate.SuitedProgram), [{"version": one} for one in ("9999_newer", *suits)])


def test_old_programs_stay_in_service_on_tables_that_suit_them(app: Flask) -> None:
    assert tables(app).well
    newer(migrate.head())
    assert tables(app).well
    assert "restart" in tables(app).said
    newer()
    assert not tables(app).well
    with reading():
        assert session.scalar(sa.text("SELECT version_num FROM alembic_version")) == "9999_newer"


def test_new_programs_wait_for_their_tables(app: Flask) -> None:
    migrate.downgrade(database(), "0045_must_read")
    assert not tables(app).well
    assert "db upgrade" in tables(app).todo


def test_whoever_migrates_notes_which_programs_the_tables_suit(app: Flask) -> None:
    with reading() as s:
        noted = set(s.scalars(sa.select(migrate.SuitedProgram.version)))
    assert noted == set(migrate.suited(migrate.head()))
    assert migrate.suited(migrate.head())[0] == migrate.head()
    assert migrate.suited(migrate.head())[-1] == "0045_must_read"
    assert migrate.suited("0002_accounts") == ["0002_accounts"]


def test_several_processes_need_postgresql(app: Flask, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^SPIRAL_WORKERS above 1 needs PostgreSQL"):
        load({"var": tmp_path, "workers": 2}, environ={})
    assert load({"var": tmp_path, "workers": 2, "database_url": "postgresql:///x"}, environ={}).workers == 2
