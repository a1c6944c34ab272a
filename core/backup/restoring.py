"""``restore``: an archive becomes this installation – whole, or nothing has changed but some files nobody refers to.

Everything is examined before anything is touched. Files come first (their names are random, they meet no others), then
the database in one step: on SQLite a finished file is moved into place, on PostgreSQL one transaction does it all.
"""

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import sqlalchemy as sa

from core import clock, migrate
from core.backup import across, archive, folders, making, postgres, sqlite
from core.backup.archive import Archive, BackupError, Step, silent
from core.chain import WITNESS
from core.db import Database
from core.settings import Settings
from core.store import elsewhere, of
from core.whole import settle, whole_file


def restore(
    path: Path, database: Database, settings: Settings, *, replace: str = "", step: Step = silent
) -> dict[str, object]:
    """The database and the files of ``path`` are here, at the tables of this version; returns the manifest.

    ``replace``: the name of the database that may be replaced. What it held on SQLite is kept in a folder beside it.
    The search index and what is sown after migrations are the caller's.

    Raises:
        BackupError: the archive is damaged, too new, of another kind of database; the place is not empty or in use.
        DiskFull: there is no room. Nothing was changed in either case.
    """
    with archive.opened(path) as found:
        _must_suit(found, database)
        names = list(_files(found))
        _must_be_free(database, replace)
        copies = 2 if _is_file(found) else 1
        making.must_fit(settings.var, found.size * copies)
        found.verify(step)
        for name in names:
            _put(settings.var, name, found)
        if database.sqlite:
            _sqlite(found, database, settings)
        else:
            _postgres(found, database, settings, replace=bool(replace))
            _set_aside(settings, [])
        return found.about


def name_of(database: Database) -> str:
    """What has to be typed to replace it."""
    return making.place(database).stem if database.sqlite else str(database.url.database)


def _must_suit(found: Archive, database: Database) -> None:
    about, mine = found.about, "sqlite" if database.sqlite else "postgresql"
    if about.get("engine") not in {mine, "sqlite"}:
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        theirs = names.get(str(about.get("engine")), "another database")
        raise BackupError(
            f"The archive was made from {theirs}, and this installation uses {names[mine]}: "
            "the way leads from SQLite to PostgreSQL only."
        )
    if about.get("schema") not in migrate.known():
        raise BackupError(
            f"The archive was made by Spiral {about.get('program')} and needs its tables ({about.get('schema')}); "
            f"this is Spiral {making.program()} and knows them up to {migrate.head()}. "
            "Restore it with the version that made it, or a newer one."
        )


def _must_be_free(database: Database, replace: str) -> None:
    empty = sqlite.is_empty(making.place(database)) if database.sqlite else postgres.is_empty(database)
    name = name_of(database)
    if not empty and replace != name:
        raise BackupError(
            f"The database {name} is not empty. Restore into another place (SPIRAL_VAR=, SPIRAL_DATABASE_URL=), "
            f"or say that it may be replaced by typing its name: --replace {name}"
        )
    if empty:
        return
    database.close()
    if database.sqlite:
        sqlite.alone(making.place(database))
    elif count := postgres.others(database):
        raise BackupError(f"{count} other connections use the database {name}; end servers and workers first.")


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _files(found: Archive) -> Iterator[str]:
    for name in found.parts:
        folder = PurePosixPath(name).parts[0]
        if folder == postgres.FOLDER:
            continue
        if folder not in folders.folders():
            raise BackupError(f"The archive holds {name}, and Spiral keeps no such folder.")
        yield name


def _put(var: Path, name: str, found: Archive) -> None:
    if elsewhere() and name.startswith(f"{folders.STORED}/"):
        of(folders.STORED).put(b"".join(found.read(name)), key=PurePosixPath(name).name)
        return
    target = var / name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    with whole_file(target, mode=0o640) as out:
        for piece in found.read(name):
            out.write(piece)


# ── SQLite ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sqlite(found: Archive, database: Database, settings: Settings) -> None:
    """A file is finished beside the place, and moved there."""
    final = making.place(database)
    final.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    fresh = final.with_name(f".{final.name}.{secrets.token_hex(4)}.part")
    try:
        _unpack(found, fresh)
        _bring_up(fresh)
        with fresh.open("rb") as done:
            os.fsync(done.fileno())
        database.close()
        _set_aside(settings, [final] if final.exists() else [])
        fresh.replace(final)
        settle(final.parent)
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(FileNotFoundError):
                fresh.with_name(fresh.name + end).unlink()


def _is_file(found: Archive) -> bool:
    """The database in the archive is a file of SQLite."""
    return making.SQLITE in found.parts


def _unpack(found: Archive, path: Path) -> None:
    """The database of the archive, as a file."""
    with path.open("xb") as out:
        os.fchmod(out.fileno(), 0o640)
        for piece in found.read(making.SQLITE):
            out.write(piece)
    about = sqlite.examine(path)
    if about["counts"] != found.about["counts"] or about["schema"] != found.about["schema"]:
        raise BackupError("The archive's database is not what its manifest says.")


def _bring_up(path: Path) -> None:
    staged = Database(f"sqlite:///{path}")
    try:
        if migrate.current(staged) != migrate.head():
            migrate.upgrade(staged)
    finally:
        staged.close()
    sqlite.alone(path)


def _set_aside(settings: Settings, databases: list[Path]) -> None:
    """What is replaced lies in a folder of its own: the database, and the heads of its trail."""
    witness = settings.var / WITNESS
    if not databases and not witness.exists():
        return
    folder = settings.var / f"replaced-{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    folder.mkdir(mode=0o700)
    for path in databases:
        sqlite.alone(path)
        try:
            os.link(path, folder / path.name)  # both names, until the new file takes the first
        except OSError:
            shutil.copy2(path, folder / path.name)
    if witness.exists():
        witness.replace(folder / witness.name)


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _postgres(found: Archive, database: Database, settings: Settings, *, replace: bool) -> None:
    """One transaction: tables as they were, rows, tables as they are now."""
    from psycopg import Error  # here: SQLite needs no driver

    try:
        with _rows_of(found, settings.var) as read, database.writer.begin() as connection:
            if replace:
                postgres.clear(connection)
            migrate.upgrade(database, str(found.about["schema"]), connection=connection)
            read(connection)
            migrate.upgrade(database, connection=connection)
        migrate.note_suited(database)  # an older archive says what suited its own tables
    except (Error, sa.exc.DBAPIError) as error:
        said = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise BackupError(f"PostgreSQL did not take the archive, and nothing was changed: {said}.") from error


@contextlib.contextmanager
def _rows_of(found: Archive, var: Path) -> Iterator[Callable[[sa.Connection], None]]:
    """What puts the rows of the archive into empty tables."""
    if not _is_file(found):
        yield lambda connection: postgres.read(connection, found.about, found.read)
        return
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=var) as scratch:
        path = Path(scratch) / "spiral.db"
        _unpack(found, path)
        yield lambda connection: across.read(connection, path)
