"""A start that meets what another one left: half a start, tables of before, or people who do not belong together."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from core import hosts, migrate, seeds
from core.db import Database, reading
from core.hosts import Pulse
from core.settings import load
from wiki import serve
from wiki.app import create_app

BEFORE = "0054_hosts"
PIPELINES = sa.text("SELECT count(*) FROM pipelines")
Start = Callable[..., Flask]


@pytest.fixture
def start(engine: str, tmp_path: Path) -> Iterator[Start]:
    """What a server does before it listens, on the database of this test."""
    made: list[Flask] = []

    def begin(name: str, **more: str) -> Flask:
        files = {"files_url": f"file://{tmp_path}/shared", "search_url": "meilisearch://k@127.0.0.1:7700/one"}
        common = {"database_url": engine, "secret_key": "s" * 40, "allow_unsafe_database": True, "demo": False}
        (tmp_path / name).mkdir(exist_ok=True)
        app, _first = serve.prepared(load({**common, **files, "var": tmp_path / name, **more}, environ={}))
        made.append(app)
        return app

    yield begin
    for app in made:
        app.extensions["spiral.database"].close()


def at(app: Flask) -> str | None:
    return migrate.current(app.extensions["spiral.database"])


def said_to_suit() -> set[str]:
    with reading() as s:
        return set(s.scalars(sa.select(migrate.SuitedProgram.version)))


def taken_back(app: Flask) -> None:
    """Tables of the release before, without what is sown."""
    database = app.extensions["spiral.database"]
    migrate.downgrade(database, BEFORE)
    with database.writer.begin() as connection:
        for table in ("pipeline_versions", "pipelines"):
            if sa.inspect(connection).has_table(table):
                connection.execute(sa.text(f"DELETE FROM {table}"))


@pytest.mark.both_databases
def test_who_was_killed_before_the_seeds_were_sown_leaves_them_to_the_next_start(
    app: Flask, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_back(app)

    def killed() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(seeds, "sow", killed)
        with pytest.raises(KeyboardInterrupt):
            start("a")
    assert at(app) == migrate.head(), "the tables are up, and nothing is sown"
    with reading() as s:
        assert s.scalar(PIPELINES) == 0
    start("a")
    with reading() as s:
        assert (s.scalar(PIPELINES) or 0) > 0
    sown: list[int] = []
    monkeypatch.setattr(seeds, "sow", lambda: sown.append(1))
    start("a")
    assert sown == [], "a start that finds all there writes nothing"


@pytest.mark.both_databases
@pytest.mark.parametrize("before", [BEFORE, "0058_by_hand"])  # the younger one still says what was sown above it
def test_who_was_killed_before_saying_what_the_tables_suit_leaves_that_to_the_next_start(
    app: Flask, start: Start, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    migrate.downgrade(app.extensions["spiral.database"], before)

    def killed(_database: Database) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(migrate, "note_suited", killed)
        with pytest.raises(KeyboardInterrupt):
            start("a")
    assert at(app) == migrate.head()
    assert said_to_suit() == set(migrate.suited(before)), "the tables are up, and say what suited those before"
    start("a")
    assert said_to_suit() == set(migrate.suited(migrate.head()))


@pytest.mark.both_databases
def test_a_stranger_is_refused_before_it_touches_the_tables(app: Flask, start: Start, tmp_path: Path) -> None:
    first = start("a")
    Pulse(first, "web")._beat()
    migrate.downgrade(first.extensions["spiral.database"], BEFORE)
    if first.extensions["spiral.database"].sqlite:  # one server, and the folder's lock sees to that
        assert at(start("b", secret_key="t" * 40)) == migrate.head()
        return
    with pytest.raises(hosts.StrangerError, match="SPIRAL_SECRET_KEY"):
        start("b", secret_key="t" * 40)
    assert at(first) == BEFORE, "it changed nothing"
    with pytest.raises(hosts.StrangerError, match="SPIRAL_FILES_URL"):
        start("b", files_url="")
    assert at(first) == BEFORE
    assert at(start("b")) == migrate.head(), "who belongs here brings them up"


@pytest.mark.both_databases
def test_tables_of_a_time_without_machines_are_brought_up(app: Flask, start: Start) -> None:
    migrate.downgrade(app.extensions["spiral.database"], "0052_second_step")
    assert at(start("a")) == migrate.head()


def test_it_can_be_asked_of_any_application(tmp_path: Path) -> None:
    app = create_app(load({"var": tmp_path}, environ={}))
    database = app.extensions["spiral.database"]
    with app.app_context():
        assert not migrate.is_whole(database), "nothing is there"
        migrate.upgrade(database)
        assert not migrate.is_whole(database), "the tables alone are not enough"
        migrate.bring_up(app)
        assert migrate.is_whole(database)
    database.close()
