"""Bringing a database to the tables this version expects, and back. Alembic is configured here, in code."""

import re
from functools import cache
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column

from core import noted, seeds
from core.db import Base, Database, reading, writing
from core.settings import ROOT

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = ROOT / "migrations"
REVISION = re.compile(r'^revision\b.*?= "([^"]+)"', re.MULTILINE)
FOLLOWS = re.compile(r'^down_revision\b.*?= "([^"]+)"', re.MULTILINE)
SOWN = "seeds"
OLDEST = re.compile(r'^OLDEST = "([^"]+)"', re.MULTILINE)


class SuitedProgram(Base):
    """A program, named by the tables it was written for, that may go on serving on the tables as they are now.

    Written by whoever migrates, read by programs older than it: while the processes of a site are restarted one after
    the other, the old ones learn here that they still fit.
    """

    __tablename__ = "suited_programs"

    version: Mapped[str] = mapped_column(sa.String(64), primary_key=True)


def upgrade(database: Database, target: str = "head", *, connection: sa.Connection | None = None) -> None:
    """Bring the tables up to ``target``; nothing happens when they are there. All of it happens, or none.

    ``connection``: in this transaction, which is the caller's to commit (PostgreSQL); then ``note_suited``.
    """
    from alembic import command  # here: most commands and most starts need no Alembic

    config = _config(database)
    config.attributes["connection"] = connection
    command.upgrade(config, target)
    if connection is None:
        note_suited(database)


def bring_up(app: Flask) -> None:
    """Tables at head, and the rows without which the product cannot work."""
    found: Database = app.extensions["spiral.database"]
    if current(found) != head():
        upgrade(found)
    else:
        note_suited(found)  # whoever brought them up may have been killed before saying so
    with app.app_context(), writing():
        sow()


def sow() -> None:
    """The rows without which the product cannot work are there, and the database says so (in a ``writing()`` block).

    Whoever was killed between the tables and these rows has noted nothing, and the next start sows.
    """
    seeds.sow()
    noted.note(SOWN, head())


def is_whole(database: Database) -> bool:
    """The tables suit this program; and if they are its own, they say so and what is sown is there (in a context)."""
    at = fits(database)
    if at != head():
        return at is not None
    with reading() as s:
        found = noted.last(SOWN)
        return found is not None and found.said == at and s.get(SuitedProgram, at) is not None


def downgrade(database: Database, target: str) -> None:
    """Take the tables back to ``target`` (``base`` for nothing at all)."""
    from alembic import command

    command.downgrade(_config(database), target)
    note_suited(database)


def note_suited(database: Database) -> None:
    """The tables say which programs they suit (once they are new enough to say anything)."""
    at = current(database)
    with database.writer.begin() as connection:
        if not sa.inspect(connection).has_table(SuitedProgram.__tablename__):
            return
        connection.execute(sa.delete(SuitedProgram))
        connection.execute(sa.insert(SuitedProgram), [{"version": each} for each in suited(at or "")])


def suited(at: str) -> list[str]:
    """The programs that tables at this revision suit, newest first: its own, and back to ``OLDEST``."""
    follows = _history()
    oldest = OLDEST.findall((MIGRATIONS / "oldest.py").read_text("utf-8"))[0]
    line, here = [], at
    while here in follows:
        line.append(here)
        if here == oldest:
            return line
        here = follows[here]
    return [at]  # older than the oldest itself


def knows(revision: str) -> bool:
    """It is one of this program's own."""
    return revision in _history()


def fits(database: Database) -> str | None:
    """What the tables are at when this program may serve on them: its own, or newer ones that say so; else ``None``."""
    at = current(database)
    if at == head():
        return at
    if at is None or at in _history():
        return None  # nothing there, or older than this program
    with database.reader.connect() as connection:
        if not sa.inspect(connection).has_table(SuitedProgram.__tablename__):
            return None
        mine = sa.select(SuitedProgram.version).where(SuitedProgram.version == head())
        return at if connection.scalar(mine) else None


def current(database: Database) -> str | None:
    """The revision the tables are at; ``None`` for an empty database."""
    with database.reader.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return found


@cache
def _history() -> dict[str, str]:
    """Each revision with the one before it (read from the files: every start asks, and Alembic is slow)."""
    found: dict[str, str] = {}
    for path in (MIGRATIONS / "versions").glob("*.py"):
        text = path.read_text("utf-8")
        for one in REVISION.findall(text):
            found[one] = next(iter(FOLLOWS.findall(text)), "")
    return found


@cache
def head() -> str:
    """The revision this version of the program expects."""
    heads = _history().keys() - set(_history().values())
    if len(heads) != 1:
        raise RuntimeError(f"the migrations have {len(heads)} ends: {', '.join(sorted(heads)) or 'none'}")
    return heads.pop()


def known() -> frozenset[str]:
    """Every revision that this version of the program can bring up to its own."""
    return frozenset(_history())


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
