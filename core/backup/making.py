"""``make``: one archive of everything, written while people work.

The order matters. Files come first, then the database, then the files that came meanwhile: a file's bytes are on the
disk before its row is committed, so every row of the database's moment finds its file – also one that somebody removes
after that moment.
"""

import contextlib
import hashlib
import hmac
import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core import clock
from core.backup import folders, postgres, sqlite
from core.backup.archive import BackupError, Step, Writer, silent
from core.chain import TrailSeal
from core.db import Database
from core.errors import DiskFull
from core.i18n import size as in_words
from core.settings import ROOT, Settings
from core.store import Missing, of
from core.whole import whole_file

SPARE = 64 << 20  # bytes that must stay free
SQLITE = "database/spiral.db"


def make(path: Path, database: Database, settings: Settings, step: Step = silent) -> dict[str, Any]:
    """The archive is at ``path``, whole and on the disk, readable by its owner alone; returns its manifest.

    It holds every commit that was acknowledged before this began.

    Raises:
        BackupError: there is something at ``path``; the database is damaged or empty. DiskFull.
    """
    if path.exists():
        raise BackupError(f"{path} exists already; a backup overwrites nothing.")
    if not path.parent.is_dir():
        raise BackupError(f"There is no folder {path.parent}.")
    must_fit(path.parent, size(database, settings) + (_database_size(database) if database.sqlite else 0))
    with whole_file(path) as file:
        writer = Writer(file)
        there = set[str]()
        _add_files(writer, settings.var, there, step)
        _add_stored(writer, there, step)
        about = (_sqlite if database.sqlite else _postgres)(writer, database, path.parent, step)
        _add_files(writer, settings.var, there, step)
        _add_stored(writer, there, step)
        return writer.finish(
            {
                "made_at": clock.now().isoformat(timespec="seconds"),
                "program": program(),
                "engine": "sqlite" if database.sqlite else "postgresql",
                "key": fingerprint(settings),
                "folders": list(folders.folders()),
                **about,
            }
        )


def size(database: Database, settings: Settings) -> int:
    """About how many bytes are to be read."""
    return _database_size(database) + folders.size(settings.var) + sum(item.size for item in folders.stored())


def must_fit(folder: Path, wanted: int) -> None:
    """There is room for so many bytes, and some to spare.

    Raises:
        DiskFull: there is not; nothing was written.
    """
    free = shutil.disk_usage(folder).free
    if free < wanted + SPARE:
        raise DiskFull(f"{folder} has {in_words(free)} free, and up to {in_words(wanted + SPARE)} may be needed.")


def program() -> str:
    """The version of this program."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def fingerprint(settings: Settings) -> str:
    """Tells whether two installations have the same secret key, and nothing else about it."""
    return hmac.new(settings.secret_key.encode(), b"spiral backup", hashlib.sha256).hexdigest()[:32]


def place(database: Database) -> Path:
    """The file of a SQLite database."""
    if not database.url.database or database.url.database == ":memory:":
        raise BackupError("A database in memory is not kept.")
    return Path(database.url.database)


def _database_size(database: Database) -> int:
    if not database.sqlite:
        return postgres.size(database)
    total, path = 0, place(database)
    for each in (path, path.with_name(path.name + "-wal")):
        with contextlib.suppress(FileNotFoundError):
            total += each.stat().st_size
    return total


def _add_files(writer: Writer, var: Path, there: set[str], step: Step) -> None:
    for name, path in folders.walk(var):
        if name not in there:
            with contextlib.suppress(FileNotFoundError):  # removed just now: its row is gone as well
                size = path.stat().st_size
                writer.add(name, folders.pieces(path), packed=False)
                there.add(name)
                step(size)


def _add_stored(writer: Writer, there: set[str], step: Step) -> None:
    """Files that lie elsewhere are in the archive under the names they would have here."""
    for item in folders.stored():
        name = folders.name_of(item.key)
        if name not in there:
            with contextlib.suppress(Missing), of(folders.STORED).open(item.key) as blob:
                writer.add(name, blob.chunks(), packed=False)
                there.add(name)
                step(item.size)


def _sqlite(writer: Writer, database: Database, beside: Path, step: Step) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=beside) as scratch:
        copied = Path(scratch) / "spiral.db"
        sqlite.copy(place(database), copied, step)
        about = sqlite.examine(copied)
        writer.add(SQLITE, folders.pieces(copied))
        taken = Database(f"sqlite:///{copied}")
        try:
            with taken.reader.connect() as connection:
                return {**about, "head": _head(connection, about["counts"])}
        finally:
            taken.close()


def _postgres(writer: Writer, database: Database, _beside: Path, step: Step) -> dict[str, Any]:
    with postgres.snapshot(database) as connection:
        about = postgres.write(connection, writer, step)
        return {**about, "head": _head(connection, about["counts"])}


def _head(connection: sa.Connection, counts: dict[str, int]) -> str:
    """The newest seal of the trail, as ``audit verify --head`` takes it."""
    if not counts.get(TrailSeal.__tablename__):
        return ""
    row = connection.execute(sa.select(TrailSeal.id, TrailSeal.hash).order_by(TrailSeal.id.desc()).limit(1)).one()
    return f"{row.id}:{row.hash}"
