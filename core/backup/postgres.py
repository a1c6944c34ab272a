"""The rows of a PostgreSQL database by its own COPY, all as one moment saw them, and back into fresh tables.

Not ``pg_dump``: it must be installed, be no older than the server, and be there again on the day of the restore. The
tables themselves are made by the migrations, so that only rows need to be carried.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from core.backup.archive import BackupError, Step, Writer
from core.db import Database

FOLDER = "database"
TABLES = (
    "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
    "AND tablename <> 'alembic_version' ORDER BY tablename"
)
FOREIGN = (
    "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
)
SEQUENCES = "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = current_schema()"
COLUMNS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(quote_ident(:table)) "
    "AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
)


def size(database: Database) -> int:
    """Bytes of the whole database."""
    with database.reader.connect() as connection:
        return int(connection.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0)


@contextmanager
def snapshot(database: Database) -> Iterator[sa.Connection]:
    """A connection that sees one moment: every commit that was acknowledged when this began."""
    with database.reader.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(sa.text("SELECT 1"))
        yield connection


def write(connection: sa.Connection, archive: Writer, step: Step) -> dict[str, Any]:
    """Every table is a part of the archive; returns what the manifest must know of them."""
    if not connection.scalar(sa.text("SELECT to_regclass('alembic_version') IS NOT NULL")):
        raise BackupError("The database holds nothing that could be kept: it has no tables of Spiral yet.")
    about: dict[str, Any] = {"counts": {}, "columns": {}}
    about["schema"] = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    for table in connection.scalars(sa.text(TABLES)).all():
        columns = list(connection.scalars(sa.text(COLUMNS), {"table": table}))
        about["columns"][table] = columns
        about["counts"][table] = connection.scalar(sa.text(f"SELECT count(*) FROM {name(table)}"))  # noqa: S608
        archive.add(f"{FOLDER}/{table}.copy", _rows(connection, table, columns, step))
    # not part of the moment, so read last: never less than what its rows used
    about["sequences"] = {row[0]: row[1] for row in connection.execute(sa.text(SEQUENCES))}
    return about


def _rows(connection: sa.Connection, table: str, columns: list[str], step: Step) -> Iterator[bytes | memoryview]:
    with cursor(connection) as from_, from_.copy(f"COPY {name(table)} ({listed(columns)}) TO STDOUT") as copy:
        for piece in copy:
            yield piece
            step(len(piece))


def is_empty(database: Database) -> bool:
    """Not a table is there."""
    with database.reader.connect() as connection:
        return not connection.scalars(sa.text(TABLES)).all()


def others(database: Database) -> int:
    """How many other connections this database has."""
    with database.reader.connect() as connection:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return int(connection.scalar(sa.text(asked + " AND backend_type = 'client backend'")) or 0)


def clear(connection: sa.Connection) -> None:
    """All tables and functions of this schema are gone (when the transaction commits)."""
    for table in [*connection.scalars(sa.text(TABLES)), "alembic_version"]:
        connection.execute(sa.text(f"DROP TABLE IF EXISTS {name(table)} CASCADE"))
    functions = (
        "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE pronamespace = current_schema()::regnamespace "
        "AND proname LIKE 'spiral\\_%'"
    )
    for function in connection.scalars(sa.text(functions)).all():
        connection.execute(sa.text(f"DROP FUNCTION {function} CASCADE"))


def read(connection: sa.Connection, about: dict[str, Any], part: Callable[[str], Iterator[bytes]]) -> None:
    """The tables, freshly made at the revision of the archive, hold its rows and nothing else."""
    with emptied(connection, about["columns"]):
        for table, columns in about["columns"].items():
            with cursor(connection) as to, to.copy(f"COPY {name(table)} ({listed(columns)}) FROM STDIN") as copy:
                for piece in part(f"{FOLDER}/{table}.copy"):
                    copy.write(piece)
    for sequence, value in about["sequences"].items():
        if value:
            found = connection.scalar(sa.text("SELECT to_regclass(:name)"), {"name": name(sequence)})
            if found:
                connection.execute(sa.text("SELECT setval(:name, :value)"), {"name": name(sequence), "value": value})
    counted(connection, about["counts"])


@contextmanager
def emptied(connection: sa.Connection, tables: Iterable[str]) -> Iterator[None]:
    """In the block all tables are empty and take any rows; ``tables`` are those that are to come.

    What the migrations themselves put in gives way. Triggers, which let nothing be removed, rest meanwhile; foreign
    keys are taken away and put back, which examines every row.
    """
    there = set(connection.scalars(sa.text(TABLES)))
    unknown = sorted(set(tables) - there)
    if unknown:
        raise BackupError(f"The archive holds the table {unknown[0]}, which Spiral does not know.")
    foreign = connection.execute(sa.text(FOREIGN)).all()
    for table, key, _definition in foreign:
        connection.execute(sa.text(f"ALTER TABLE {table} DROP CONSTRAINT {key}"))
    for table in there:
        connection.execute(sa.text(f"ALTER TABLE {name(table)} DISABLE TRIGGER USER"))
    connection.execute(sa.text("TRUNCATE " + listed(sorted(there))))
    yield
    for table, key, definition in foreign:
        connection.execute(sa.text(f"ALTER TABLE {table} ADD CONSTRAINT {key} {definition}"))
    for table in there:
        connection.execute(sa.text(f"ALTER TABLE {name(table)} ENABLE TRIGGER USER"))


def counted(connection: sa.Connection, counts: dict[str, int]) -> None:
    """Each table has so many rows.

    Raises:
        BackupError: one has not.
    """
    for table, wanted in counts.items():
        found = connection.scalar(sa.text(f"SELECT count(*) FROM {name(table)}"))  # noqa: S608
        if found != wanted:
            raise BackupError(f"The archive says {wanted} rows of {table}, and {found} came in.")


def cursor(connection: sa.Connection) -> Any:
    """A cursor of the driver, for COPY."""
    raw = connection.connection.driver_connection
    assert raw is not None
    return raw.cursor()


def name(name: str) -> str:
    """A table or column as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def listed(names: Iterable[str]) -> str:
    """Several of them."""
    return ", ".join(map(name, names))
