"""What every test can use.

``app``       an application over a fresh, migrated database, with an application context open
``db``        a write transaction, rolled back afterwards; such a test runs on SQLite and on PostgreSQL
``make``      things for tests (tests/make.py); committed at once when no transaction is open
``client``    a browser that is not signed in; ``signed_in(user)`` one that is
``api``       ``api(user)``: a script with that user's token
``clock``     a stopped clock; ``clock.advance(hours=1)``

Tests without ``db`` run on SQLite, and on both when marked ``both_databases`` (test, class or module).
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import CodeType
from typing import Any

import argon2
import jinja2
import pytest
import sqlalchemy as sa
from flask import Flask
from jinja2.bccache import Bucket

from accounts import passwords
from accounts.models import User
from core import buffers, caches, migrate
from core import clock as core_clock
from core.db import Database, session, writing
from core.settings import Settings, load
from tests.clients import Browser, Script
from tests.make import Make
from tests.support import postgres, routing, run, statements, traced
from wiki.app import create_app
from wiki.notifications import telling

pytest_plugins = ["tests.support.plugin", "tests.support.passed"]

SQLITE, POSTGRES = "sqlite", "postgresql"


def pytest_configure(config: pytest.Config) -> None:
    routing.install()
    statements.install()
    config.addinivalue_line("markers", "both_databases: runs on SQLite and on PostgreSQL, also without `db`")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Say on which databases a test runs."""
    if "engine" in metafunc.fixturenames:
        both = "db" in metafunc.fixturenames or metafunc.definition.get_closest_marker("both_databases")
        names = [SQLITE, pytest.param(POSTGRES, marks=pytest.mark.postgres)] if both else [SQLITE]
        metafunc.parametrize("engine", names, indirect=True, scope="function")


@pytest.fixture(scope="session", autouse=True)
def _told_at_once() -> None:
    """Everyday notices wait some seconds in the product; a test of its own sees to that."""
    telling.LATER = timedelta(0)


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hashing as slowly as in the product would take most of the run; the product's own parameters have their tests."""
    strong = passwords.HASHER
    passwords.HASHER = argon2.PasswordHasher(memory_cost=64, time_cost=1, parallelism=1)
    yield
    passwords.HASHER = strong


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database, made once in this process."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    app = create_app(load({"var": path.parent, "database_url": f"sqlite:///{path}"}, environ={}))
    migrate.bring_up(app)
    database: Database = app.extensions["spiral.database"]
    with database.writer.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


def _migrate_postgres(url: str) -> None:
    place = {"var": Path(tempfile.mkdtemp()), "database_url": url, "allow_unsafe_database": True}
    app = create_app(load(place, environ={}))
    migrate.bring_up(app)
    app.extensions["spiral.database"].close()


@pytest.fixture(scope="session")
def migrated_template() -> str:
    """The name of a migrated, empty database of PostgreSQL, made once in a run."""
    postgres.template("migrated", build=_migrate_postgres)
    return "migrated"


@pytest.fixture
def migrated_postgres(request: pytest.FixtureRequest, new_postgres: Callable[..., str]) -> Callable[[], str]:
    """A way to the address of a migrated database of PostgreSQL, of this test alone."""
    return lambda: new_postgres(template=request.getfixturevalue("migrated_template"))


@pytest.fixture
def engine(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path, migrated_postgres: Callable[[], str]
) -> str:
    """The address of a migrated database of this test alone."""
    if request.param == SQLITE:
        shutil.copyfile(sqlite_template, tmp_path / "spiral.db")
        return f"sqlite:///{tmp_path / 'spiral.db'}"
    return migrated_postgres()


@pytest.fixture
def settings(engine: str, tmp_path: Path) -> Settings:
    """The settings of the application of this test; nothing of the environment reaches it."""
    return load(
        {"var": tmp_path, "database_url": engine, "locale": "en", "threads": 4, "allow_unsafe_database": True,
         "rate": 1_000_000},
        environ={},
    )  # fmt: skip


class _Compiled(jinja2.FileSystemBytecodeCache):
    """What templates were compiled to: on disk for the other workers of a run, and at hand for the next application."""

    def __init__(self, directory: str) -> None:
        super().__init__(directory)
        self.known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.known.get((bucket.key, bucket.checksum))
        if bucket.code is None:
            super().load_bytecode(bucket)
        if bucket.code is not None:
            self.known[bucket.key, bucket.checksum] = bucket.code


@pytest.fixture(scope="session")
def _compiled() -> jinja2.BytecodeCache:
    """Templates are compiled once in a run: an eighth of what tests cost otherwise."""
    place = run.folder() / "templates"
    place.mkdir(exist_ok=True)
    return _Compiled(str(place))


@pytest.fixture
def app(settings: Settings, _compiled: jinja2.BytecodeCache) -> Iterator[Flask]:
    """The application, as the product makes it, with an application context open."""
    caches.forget_everything()
    buffers.forget_all()
    app = create_app(settings)
    app.testing = True
    app.jinja_env.bytecode_cache = _compiled
    app.test_client_class = Browser
    silent = traced.watch(app)
    with app.app_context():
        yield app
    app.extensions["spiral.database"].close()
    assert silent == [], "written without an act; see tests/support/traced.py"


@pytest.fixture
def db(app: Flask, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The session of one write transaction, rolled back at the end of the test."""
    if {"client", "api", "signed_in"} & set(request.fixturenames):
        pytest.fail("db holds the write transaction, so a request would wait for it; use writing() blocks here")
    with writing():
        yield session
        session.flush()
        session.rollback()


@pytest.fixture
def make(app: Flask) -> Make:
    return Make()


@pytest.fixture
def client(app: Flask) -> Browser:
    """A browser in which nobody is signed in."""
    browser = app.test_client()
    assert isinstance(browser, Browser)
    return browser


@pytest.fixture
def signed_in(app: Flask) -> Callable[[User], Browser]:
    """``signed_in(user)``: a browser of its own in which this user has signed in."""

    def browser(user: User) -> Browser:
        fresh = app.test_client()
        assert isinstance(fresh, Browser)
        return fresh.sign_in(user)

    return browser


@pytest.fixture
def api(app: Flask, make: Make) -> Callable[..., Script]:
    """``api(user)``: a script with a token of this user; ``api()``: one without."""

    def script(user: User | None = None, *, scopes: list[str] | None = None) -> Script:
        return Script(
            app.test_client(use_cookies=False),
            make.token(user, scopes=scopes) if user else None,
        )

    return script


@dataclass
class Clock:
    """The stopped clock of a test; begins on a Monday morning, nine o'clock in Shanghai."""

    at: datetime = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def set(self, at: datetime) -> None:
        """Move to a moment."""
        self.at = at.astimezone(UTC)
        core_clock._fixed[-1] = self.at

    def advance(self, **span: float) -> None:
        """Move on: ``clock.advance(hours=1)``."""
        self.set(self.at + timedelta(**span))


@pytest.fixture
def clock() -> Iterator[Clock]:
    stopped = Clock()
    with core_clock.fixed(stopped.at):
        yield stopped


@pytest.fixture
def query_count(app: Flask) -> Callable[[], Any]:
    """``with query_count() as n: …`` then ``len(n)``: the statements that reached the database."""
    return lambda: _Counted(app.extensions["spiral.database"])


class _Counted:
    def __init__(self, database: Database) -> None:
        self.engines = (database.reader, database.writer)
        self.statements: list[str] = []

    def _note(self, *about: Any) -> None:
        self.statements.append(about[2])

    def __enter__(self) -> list[str]:
        for one in self.engines:
            sa.event.listen(one, "before_cursor_execute", self._note)
        return self.statements

    def __exit__(self, *_: Any) -> None:
        for one in self.engines:
            sa.event.remove(one, "before_cursor_execute", self._note)
