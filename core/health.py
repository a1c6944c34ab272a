"""Is this installation well? Checks that packages register, asked by ``/readyz`` and ``flask doctor``."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from core import clock, hosts, migrate, outbox
from core.db import UnsafeDatabaseError, database, reading, session
from core.settings import Settings

Check = Callable[[], str]
OUTBOX_PATIENCE = timedelta(minutes=5)
DISK_FREE = 200 << 20  # bytes below which the installation is not well


class UnwellError(Exception):
    """Something is wrong; the sentence says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check."""

    name: str
    well: bool
    said: str


_checks: dict[str, tuple[Check, bool]] = {}


def check(name: str, *, ready: bool = True) -> Callable[[Check], Check]:
    """Register a check: it answers a sentence about the good state or raises ``UnwellError``.

    Without ``ready`` only the doctor asks it, and it cannot take the installation out of service.
    """

    def register(function: Check) -> Check:
        _checks[name] = (function, ready)
        return function

    return register


def examine(*, ready: bool = False) -> list[Finding]:
    """Ask every check, or only those that decide whether to serve."""
    return [_ask(name, function) for name, (function, decides) in _checks.items() if decides or not ready]


def _ask(name: str, function: Check) -> Finding:
    try:
        return Finding(name, True, function())
    except (UnwellError, UnsafeDatabaseError) as error:
        return Finding(name, False, str(error))
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", error)).strip().splitlines()[0]
        return Finding(name, False, f"the database does not answer: {said}")
    except OSError as error:
        return Finding(name, False, str(error))


def _settings() -> Settings:
    found: Settings = current_app.config["SPIRAL"]
    return found


@check("database")
def _database() -> str:
    at, wanted = migrate.fits(database()), migrate.head()
    if at is None:
        found = migrate.current(database()) or "nothing"
        raise UnwellError(f"the database is at {found}, this version needs {wanted}; run: flask db upgrade")
    return f"at {at}" if at == wanted else f"at {at}, newer than this version ({wanted}), which still suits it: restart"


@check("hosts")
def _hosts() -> str:
    if database().sqlite:
        return "one process"
    with reading():
        found = next(hosts.strangers(named=False), None)  # strangers may read this: no name
        living = session.scalars(hosts.living()).all()
    if found:
        raise UnwellError(found)
    return f"{len({row.name for row in living})} machines, {len(living)} processes"


@check("durability", ready=False)
def _durability() -> str:
    with database().writer.connect() as connection:  # connecting already refuses what could lose work
        if not database().sqlite:
            return "PostgreSQL flushes what it acknowledges" if not database().allow_unsafe else "not checked, as told"
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    if found != {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}:
        raise UnwellError(f"SQLite is set up as {found}")
    return "WAL, synchronous=FULL, foreign keys on"


@check("outbox")
def _outbox() -> str:
    with reading():
        oldest, waiting = outbox.oldest(), outbox.waiting()
    age = clock.now() - oldest if oldest else timedelta(0)
    if age > OUTBOX_PATIENCE:
        raise UnwellError(
            f"{waiting} promises wait, the oldest for {int(age.total_seconds())} s; is a worker running? flask worker"
        )
    return f"{waiting} waiting, the oldest for {int(age.total_seconds())} s"


@check("parked", ready=False)
def _parked() -> str:
    with reading():
        parked = outbox.given_up()
    if parked:
        raise UnwellError(f"{parked} jobs of the outbox were given up after {outbox.TRIES} tries")
    return "nothing given up"


@check("disk")
def _disk() -> str:
    free = shutil.disk_usage(_settings().var).free
    if free < DISK_FREE:
        raise UnwellError(f"{free >> 20} MB free in the data folder; make room")  # strangers may read this: no path
    return f"{free >> 20} MB free"


@check("folder", ready=False)
def _folder() -> str:
    var: Path = _settings().var
    if not os.access(var, os.W_OK):
        raise UnwellError(f"{var} cannot be written to")
    key = var / "secret-key"
    if key.exists() and key.stat().st_mode & 0o077:
        raise UnwellError(f"{key} can be read by others; run: chmod 600 {key}")
    return str(var)
