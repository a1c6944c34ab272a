"""Rows of a SQLite database into the tables of PostgreSQL: the step of a site that has outgrown one file.

Both hold the same values and write them differently: truth as 0 and 1, times without their zone (they are UTC).
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.backup import postgres, sqlite
from core.backup.archive import BackupError

Convert = Callable[[Any], Any]
CONVERT: dict[str, Convert] = {"bool": bool, "timestamptz": lambda text: f"{text}+00"}
TYPES = (
    "SELECT attname, typname FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid "
    "WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped"
)
NUMBERED = (
    "SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name) "
    "FROM information_schema.columns WHERE table_schema = current_schema() "
    "AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL"
)


def read(connection: sa.Connection, path: Path) -> None:
    """The tables, freshly made at the revision of the database in ``path``, hold its rows and nothing else.

    Raises:
        BackupError: PostgreSQL did not take a table's rows; the sentence says which and why.
    """
    with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source:
        counts = sqlite.counts(source.execute, sqlite.TABLES)
        del counts["alembic_version"]
        with postgres.emptied(connection, counts):
            for table in counts:
                _carry(connection, source, table)
        _go_on_counting(connection)
    postgres.counted(connection, counts)


def _carry(connection: sa.Connection, source: sqlite3.Connection, table: str) -> None:
    from psycopg import Error  # here: SQLite needs no driver

    types = {row[0]: row[1] for row in connection.execute(sa.text(TYPES), {"table": postgres.name(table)})}
    columns = [row[1] for row in source.execute(f"PRAGMA table_info({postgres.name(table)})")]
    if unknown := sorted(set(columns) - types.keys()):
        raise BackupError(f"The archive holds the column {table}.{unknown[0]}, which Spiral does not know.")
    converts = [CONVERT.get(types[column]) for column in columns]
    target = f"COPY {postgres.name(table)} ({postgres.listed(columns)}) FROM STDIN"
    try:
        with postgres.cursor(connection) as cursor, cursor.copy(target) as copy:
            for row in _rows(source, table, columns):
                copy.write_row(
                    [
                        value if convert is None or value is None else convert(value)
                        for convert, value in zip(converts, row, strict=True)
                    ]
                )
    except Error as error:
        said = str(error).strip().splitlines()[0]
        raise BackupError(f"PostgreSQL did not take the rows of {table}, and nothing was changed: {said}.") from error


def _rows(source: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    yield from source.execute(f"SELECT {postgres.listed(columns)} FROM {postgres.name(table)}")  # noqa: S608 - quoted


def _go_on_counting(connection: sa.Connection) -> None:
    """New rows get numbers above those that came."""
    for table, column, sequence in connection.execute(sa.text(NUMBERED)).all():
        newest = f"SELECT max({postgres.name(column)}) FROM {postgres.name(table)}"  # noqa: S608 - quoted
        if last := connection.scalar(sa.text(newest)):
            connection.execute(sa.text("SELECT setval(:name, :last)"), {"name": sequence, "last": last})
