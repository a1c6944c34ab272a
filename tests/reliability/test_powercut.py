"""The power goes at any moment: what was acknowledged is there, and the database is whole; nothing less is allowed."""

import contextlib
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from core.db import Database, UnsafeDatabaseError
from tests.reliability.powercut import disk_at, recorded
from tests.support import postgres, run
from tests.support.server import ROOT, Server


def acknowledged_is_there(template: Path, place: Path, *, commits: int, cuts: int, seed: int = 1) -> None:
    if not shutil.which("strace"):
        run.leave_out("strace", "sudo apt-get install -y strace")
    if subprocess.run(["strace", "true"], capture_output=True, check=False).returncode:
        run.leave_out("strace that may follow a process", ci=False)
    var, begun = place / "var", place / "begun"
    for folder in (var, begun):
        folder.mkdir()
        shutil.copyfile(template, folder / "spiral.db")
    steps = recorded(var, commits)
    said = [step for step in steps if step.verb == "say"]
    assert [step.at for step in said] == list(range(commits))
    assert sum(step.verb == "sync" for step in steps) >= commits, "each commit reaches the disk"
    assert any(step.verb == "write" and step.file == "spiral.db" for step in steps), "a checkpoint is among it"
    chance = random.Random(seed)
    for cut in sorted(chance.sample(range(len(steps)), cuts)):
        told = disk_at(steps[:cut], begun, place / "after", chance)
        with contextlib.closing(sqlite3.connect(place / "after" / "spiral.db")) as found:
            assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",), cut
            kept = {int(key) for (key,) in found.execute("SELECT key FROM idempotency_keys")}
        assert told <= kept, f"cut at {cut} of {len(steps)}: {sorted(told - kept)} were acknowledged and are lost"
        assert kept <= set(range(len(told) + 1)), "at most the commit under way is there beside them"


def test_twelve_cuts(sqlite_template: Path, tmp_path: Path) -> None:
    acknowledged_is_there(sqlite_template, tmp_path, commits=110, cuts=12)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_200_cuts(sqlite_template: Path, tmp_path: Path) -> None:
    acknowledged_is_there(sqlite_template, tmp_path, commits=400, cuts=200)


# ── settings under which that would not hold ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["reader", "writer"])
def test_every_sqlite_connection_is_set_up_to_keep_its_word(kind: str, sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "spiral.db")
    database = Database(f"sqlite:///{tmp_path}/spiral.db")
    connections = [getattr(database, kind).connect() for _ in range(3 if kind == "reader" else 1)]
    for connection in connections:
        for name, value in {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}.items():
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value, name
        connection.close()
    database.close()


def test_sqlite_that_cannot_keep_its_word_is_refused(tmp_path: Path) -> None:
    """Where its log cannot be, SQLite itself says so."""
    (tmp_path / "spiral.db-wal").mkdir()  # there is no place for the log
    database = Database(f"sqlite:///{tmp_path}/spiral.db")
    with pytest.raises(sa.exc.OperationalError):
        database.writer.connect()
    database.close()


@pytest.mark.parametrize(
    ("asked", "instead", "said"),
    [
        ("journal_mode=WAL", "journal_mode=MEMORY", "journal_mode to wal (it is memory)"),
        ("synchronous=FULL", "synchronous=NORMAL", "synchronous to 2 (it is 1)"),
        ("foreign_keys=ON", "foreign_keys=OFF", "foreign_keys to 1 (it is 0)"),
    ],
)
def test_sqlite_that_sets_something_else_is_refused(asked: str, instead: str, said: str, tmp_path: Path) -> None:
    """Builds of it without foreign keys, and files that know no log, answer so and raise nothing."""

    class Cursor(sqlite3.Cursor):
        def execute(self, statement: str, *values: Any) -> Self:
            return super().execute(statement.replace(asked, instead), *values)

    class Connection(sqlite3.Connection):
        def cursor(self, *_: Any) -> sqlite3.Cursor:  # type: ignore[override]
            return super().cursor(Cursor)

    database = Database(f"sqlite:///{tmp_path}/spiral.db")
    for engine in (database.writer, database.reader) if "journal" not in asked else (database.writer,):
        sa.event.listen(engine, "do_connect", lambda _dialect, _record, _words, about: about.update(factory=Connection))
        with pytest.raises(UnsafeDatabaseError, match=re.escape(f"SQLite would not set {said}")):
            engine.connect()
    database.close()


@pytest.mark.postgres
def test_a_postgres_that_may_forget_is_refused(new_postgres: Callable[..., str]) -> None:
    url = new_postgres()
    postgres._admin(f'ALTER DATABASE "{urlsplit(url).path[1:]}" SET synchronous_commit = off')
    with pytest.raises(UnsafeDatabaseError, match="synchronous_commit = off"):
        Database(url).writer.connect()
    told = Database(url, allow_unsafe=True)
    told.writer.connect().close()
    told.close()


@pytest.mark.server
@pytest.mark.postgres
def test_the_server_starts_on_a_postgres_that_may_forget_only_when_told_to(
    new_postgres: Callable[..., str], tmp_path: Path
) -> None:
    url = new_postgres()
    postgres._admin(f'ALTER DATABASE "{urlsplit(url).path[1:]}" SET synchronous_commit = off')
    server = Server(tmp_path / "var", SPIRAL_DEMO="0", SPIRAL_LOCALE="en", SPIRAL_DATABASE_URL=url)
    with pytest.raises(AssertionError, match="the server ended with 1:"):
        server.start()
    (sentence,) = server.tail().splitlines()
    assert sentence.startswith("Spiral does not start: PostgreSQL runs with synchronous_commit = off")
    assert "SPIRAL_ALLOW_UNSAFE_DATABASE=1" in sentence
    server.environment["SPIRAL_ALLOW_UNSAFE_DATABASE"] = "1"
    try:
        assert server.start().healthy()
        assert server.stop() == 0
    finally:
        server.kill()


FORGETFUL = """
import sys
from pathlib import Path
from tests.support import postgres_keeper as keeper
keeper.SETTINGS |= {"fsync": "off"}
keeper.main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
"""


@pytest.mark.postgres
def test_a_postgres_without_fsync_is_refused() -> None:
    """A whole server is set up so, and not a database: this one is a server of its own."""
    with tempfile.TemporaryDirectory(prefix="spiral-forgets-", dir=run.folder()) as place:
        folder = Path(place)
        folder.chmod(0o755)
        words = [sys.executable, "-c", FORGETFUL, place, str(os.getpid()), postgres._installation()]
        with subprocess.Popen(words, cwd=ROOT) as keeper:
            try:
                end = time.monotonic() + run.START
                while not (folder / "postgres.json").exists() and keeper.poll() is None and time.monotonic() < end:
                    time.sleep(0.02)
                found = json.loads((folder / "postgres.json").read_text())
                url = f"postgresql://postgres@/postgres?host={found['socket']}"
                with pytest.raises(UnsafeDatabaseError, match="fsync = off"):
                    Database(url).writer.connect()
                told = Database(url, allow_unsafe=True)
                told.writer.connect().close()
                told.close()
            finally:
                keeper.terminate()
