"""Triggers that keep the past as it was, in both dialects.

Batch operations on SQLite rebuild a table and lose its triggers: a later migration that alters such a table must drop
them first and put them back afterwards.
"""

from collections.abc import Sequence

from alembic import op

FUNCTION = "spiral_refuse_change"


def append_only(table: str) -> None:
    """Rows of ``table`` can be added, and never changed, replaced or deleted."""
    refuse(table, "update", f"{table} only grows")
    refuse(table, "delete", f"{table} only grows")
    if _sqlite():  # REPLACE deletes without the delete trigger
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) "
            f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
        )
    else:
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}('{table} only grows')"
        )


def drop_append_only(table: str) -> None:
    """Undo ``append_only``."""
    for name in ("update", "delete", "replace" if _sqlite() else "truncate"):
        drop(table, name)


def refuse(
    table: str,
    act: str,
    why: str,
    *,
    columns: Sequence[str] = (),
    when: str = "",
    name: str = "",
) -> None:
    """Refuse ``act`` (``update`` or ``delete``), only for some ``columns`` and only ``when`` a condition holds.

    The condition is SQL over ``OLD`` and ``NEW`` that both databases understand.
    """
    label = name or act
    of = f" OF {', '.join(columns)}" if columns else ""
    condition = f" WHEN ({when})" if when else ""
    head = f"CREATE TRIGGER {table}_no_{label} BEFORE {act.upper()}{of} ON {table} FOR EACH ROW{condition} "
    if _sqlite():
        op.execute(head + f"BEGIN SELECT RAISE(ABORT, '{why}'); END")
    else:
        op.execute(head + f"EXECUTE FUNCTION {FUNCTION}('{why}')")


def drop(table: str, name: str) -> None:
    """Undo ``refuse``; ``name`` is its name, or the act where none was given."""
    op.execute(f"DROP TRIGGER {table}_no_{name}" + ("" if _sqlite() else f" ON {table}"))


def create_function() -> None:
    """What the triggers of PostgreSQL call; made once, by the first migration."""
    if not _sqlite():
        op.execute(
            f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$"
        )


def drop_function() -> None:
    """Undo ``create_function``."""
    if not _sqlite():
        op.execute(f"DROP FUNCTION {FUNCTION}()")


def _sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"
