"""A database that fails at the statement one names, and what it holds, to be compared.

with faults(app, at=3) as seen: …      # the third statement of whatever writes fails; the commit counts as one
dump()                                  # {table: its rows, without the numbers that the database gives}
"""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask

from core.db import Base, Database, reading


class Killed(BaseException):
    """The process ends here: no ``except Exception`` holds it up."""


def full(statement: str) -> BaseException:
    return sa.exc.OperationalError(statement, {}, sqlite3.OperationalError("database or disk is full"))


def broken(statement: str) -> BaseException:
    return sa.exc.IntegrityError(statement, {}, sqlite3.IntegrityError("UNIQUE constraint failed: made.up"))


def away(statement: str) -> BaseException:
    return sa.exc.OperationalError(statement, {}, sqlite3.OperationalError("disk I/O error"))


def killed(statement: str) -> BaseException:
    return Killed(statement)


COMMIT = -1  # every commit fails


@dataclass
class Seen:
    """What reached the writing engine, and whether the fault was met."""

    statements: list[str] = field(default_factory=list)
    met: bool = False


@contextlib.contextmanager
def faults(
    app: Flask, *, at: int = 0, error: Callable[[str], BaseException] = full, after: bool = False
) -> Iterator[Seen]:
    """In the block the ``at``-th statement of the writing engine fails (0: none), before it is done or ``after``.

    Once met, everything later fails too when the process was ``killed``; other faults pass.
    """
    database: Database = app.extensions["spiral.database"]
    seen = Seen()

    def count(statement: str) -> None:
        if statement.startswith(("BEGIN", "PRAGMA", "ROLLBACK")):
            return
        seen.statements.append(statement)
        if len(seen.statements) == at or (at == COMMIT and statement == "COMMIT") or (seen.met and error is killed):
            seen.met = True
            raise error(statement)

    def statement(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        count(sql)

    def commit(_connection: Any) -> None:
        count("COMMIT")

    when = "after_cursor_execute" if after else "before_cursor_execute"
    sa.event.listen(database.writer, when, statement)
    sa.event.listen(database.writer, "commit", commit)
    try:
        yield seen
    finally:
        sa.event.remove(database.writer, when, statement)
        sa.event.remove(database.writer, "commit", commit)


NUMBERS = {"id"}
Dump = dict[str, Counter[str]]


def dump(*, without: frozenset[str] = frozenset(), numbers: bool = False) -> Dump:
    """What every table holds, as a bag of rows. ``numbers``: with the keys that the database gave."""
    out: Dump = {}
    with reading() as s:
        for name, table in sorted(Base.metadata.tables.items()):
            if name in without:
                continue
            columns = [column for column in table.columns if numbers or column.name not in NUMBERS]
            rows = s.execute(sa.select(*columns)).all() if columns else []
            out[name] = Counter(repr(tuple(row)) for row in rows)
    return out


def difference(one: Dump, other: Dump) -> dict[str, tuple[list[str], list[str]]]:
    """{table: (rows that only the one has, only the other has)}."""
    found = {name: (list((one[name] - other[name]).elements()), list((other[name] - one[name]).elements()))
             for name in one}  # fmt: skip
    return {name: rows for name, rows in found.items() if any(rows)}
