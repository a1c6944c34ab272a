"""Bringing a database to the tables this version expects, and back. Alembic is configured here, in code."""

import re
from functools import cache
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import Flask

from core import seeds
from core.db import Base, Database, writing
from core.settings import ROOT

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = ROOT / "migrations"


def upgrade(database: Database, target: str = "head", *, connection: sa.Connection | None = None) -> None:
    """Bring the tables up to ``target``; nothing happens when they are there. All of it happens, or none.

    ``connection``: in this transaction, which is the caller's to commit (PostgreSQL).
    """
    from alembic import command  # here: most commands and most starts need no Alembic

    config = _config(database)
    config.attributes["connection"] = connection
    command.upgrade(config, target)


def bring_up(app: Flask) -> None:
    """Tables at head, and the rows without which the product cannot work."""
    found: Database = app.extensions["spiral.database"]
    if current(found) != head():
        upgrade(found)
    with app.app_context(), writing():
        seeds.sow()


def downgrade(database: Database, target: str) -> None:
    """Take the tables back to ``target`` (``base`` for nothing at all)."""
    from alembic import command

    command.downgrade(_config(database), target)


def current(database: Database) -> str | None:
    """The revision the tables are at; ``None`` for an empty database."""
    with database.reader.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return found


def head() -> str:
    """The revision this version of the program expects."""
    revisions, followed = _revisions()
    heads = revisions - followed
    if len(heads) != 1:
        raise RuntimeError(f"the migrations have {len(heads)} ends: {', '.join(sorted(heads)) or 'none'}")
    return next(iter(heads))


def known() -> frozenset[str]:
    """Every revision that this version of the program can bring up to its own."""
    return _revisions()[0]


@cache
def _revisions() -> tuple[frozenset[str], frozenset[str]]:
    """All revisions, and those that another follows (read from the files: every start asks, and Alembic is slow)."""
    revisions: set[str] = set()
    followed: set[str] = set()
    for path in (MIGRATIONS / "versions").glob("*.py"):
        text = path.read_text("utf-8")
        revisions.update(re.findall(r'^revision\b.*?= "([^"]+)"', text, re.MULTILINE))
        followed.update(re.findall(r'^down_revision\b.*?= "([^"]+)"', text, re.MULTILINE))
    return frozenset(revisions), frozenset(followed)


def check(database: Database) -> list[str]:
    """How the tables differ from the models of the wired packages; empty when they are equal."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.reader.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "target_metadata": Base.metadata,
                "include_object": _ours,
            },
        )
        return [str(difference) for difference in compare_metadata(context, Base.metadata)]


def _ours(thing: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    return not (kind == "table" and name == "alembic_version")


def _config(database: Database) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["database"] = database
    return config
