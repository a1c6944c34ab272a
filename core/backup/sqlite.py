"""A copy of a SQLite database in use, by its own backup interface, and what is in such a copy."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.backup.archive import BackupError, Step

PAGES = 2048  # of one step


def copy(source: Path, target: Path, step: Step) -> None:
    """``target`` holds every commit that was acknowledged when this began, and none by half.

    One read transaction spans all the steps: without it, every commit of another process would make the copy begin
    anew, and under load it would never end. Writers go on meanwhile.
    """
    with _connection(source) as old, _connection(target) as new:
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on, this moment
        size = old.execute("PRAGMA page_size").fetchone()[0]
        done = 0

        def progress(_status: int, remaining: int, total: int) -> None:
            nonlocal done
            step((total - remaining - done) * size)
            done = total - remaining

        old.backup(new, pages=PAGES, progress=progress)
        new.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it


def examine(path: Path) -> dict[str, Any]:
    """The revision, the rows of each table, and the seals of the trail's head.

    Raises:
        BackupError: the database is damaged.
    """
    with _connection(path) as found:
        said = [row[0] for row in found.execute("PRAGMA quick_check(3)")]
        if said != ["ok"]:
            raise BackupError(f"The database is damaged: {said[0]}")
        return {"schema": schema(found.execute), "counts": counts(found.execute, TABLES)}


def is_empty(path: Path) -> bool:
    """No database, or one without a table."""
    if not path.exists() or not path.stat().st_size:
        return True
    with _connection(path) as found:
        return not found.execute(TABLES).fetchall()


def alone(path: Path) -> None:
    """All of the database is in its one file, and nobody else has it open.

    Raises:
        BackupError: somebody has.
    """
    with _connection(path) as found:
        found.execute("PRAGMA busy_timeout=2000")
        try:
            mode = found.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except sqlite3.OperationalError:
            mode = "locked"
        if mode != "delete":
            raise BackupError(f"{path} is in use by another process; end it first.")


TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
Execute = Callable[[str], Any]


def schema(execute: Execute) -> str:
    """The revision that the tables are at.

    Raises:
        BackupError: there are none.
    """
    try:
        row = execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        row = None
    if row is None:
        raise BackupError("The database holds nothing that could be kept: it has no tables of Spiral yet.")
    return str(row[0])


def counts(execute: Execute, tables: str) -> dict[str, int]:
    """How many rows each table has."""
    names = [row[0] for row in execute(tables).fetchall()]
    return {name: execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608


@contextlib.contextmanager
def _connection(path: Path) -> Iterator[sqlite3.Connection]:
    found = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        yield found
    except sqlite3.DatabaseError as error:
        raise BackupError(f"The database {path.name} is damaged, or cannot be read: {error}.") from error
    finally:
        found.close()
