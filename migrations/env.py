"""One transaction for the whole way, on both databases: a migration killed in the middle never happened.

SQLite: foreign keys are off meanwhile (with them on, batch mode silently deletes every child row) and checked before
the commit. PostgreSQL: an advisory lock lets one process migrate while the others wait.
"""

import sqlalchemy as sa
from alembic import context

from core.db import Base, Database

LOCK = 0x5350_4952  # 'SPIR'


def run() -> None:
    """Called by Alembic with the database in ``config.attributes`` (see ``core.migrate``)."""
    database: Database = context.config.attributes["database"]
    given: sa.Connection | None = context.config.attributes.get("connection")
    if given is not None:  # in somebody's transaction, which is theirs to commit
        _migrate(given, sqlite=database.sqlite)
        return
    with database.writer.connect() as connection:
        raw = connection.connection.dbapi_connection
        if database.sqlite and raw is not None:
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                _migrate(connection, sqlite=database.sqlite)
        finally:
            if database.sqlite and raw is not None:
                raw.execute("PRAGMA foreign_keys=ON")


def _migrate(connection: sa.Connection, *, sqlite: bool) -> None:
    if not sqlite:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,  # only for the naming convention of constraints
        render_as_batch=sqlite,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if sqlite:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"the migration would leave {len(broken)} rows without their parent: {broken[:5]}")


run()
