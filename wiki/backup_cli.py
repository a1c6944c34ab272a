"""``flask backup FILE`` and ``flask restore FILE``."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from accounts import ops as people
from core import alone, audit, chain, migrate
from core.backup import archive, making, restoring
from core.backup.archive import BackupError
from core.checks import backed_up
from core.cli import Command, progress
from core.db import database, reading, writing
from core.settings import Settings
from wiki.search import service
from wiki.search.engines.base import EngineRefused, EngineUnavailable

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup", cls=Command)
@click.argument("file", type=FILE)
@with_appcontext
def backup(file: Path) -> None:
    """Write everything this installation keeps into one FILE, while people work.

    Database and uploaded files, as one moment saw them. Not in it: the secret key and spiral.toml (keep a copy of both
    elsewhere, once), and the search index (made anew by 'restore').

    \b
    Example: flask --app wsgi backup /backup/spiral-2026-11-22.zip
    """
    size = making.size(database(), _settings())
    with _plainly(file), progress("Backup", size) as advance:
        found = making.make(file.absolute(), database(), _settings(), advance)
    backed_up()
    files = sum(1 for part in found["parts"] if not part["name"].startswith("database/"))
    rows = sum(found["counts"].values())
    click.echo(f"{file}: {rows} rows, {files} files, {file.stat().st_size >> 10} kB; tables at {found['schema']}.")
    if found["head"]:
        click.echo(f"The trail ends with {found['head']}")


@click.command("restore", cls=Command)
@click.argument("file", type=FILE)
@click.option("--replace", default="", metavar="NAME", help="the name of the database that may be replaced")
@with_appcontext
def restore(file: Path, replace: str) -> None:
    """Make this installation what FILE holds. The place must be empty, unless its name is typed.

    Everything is examined first: a damaged archive, or one of a newer version, changes nothing. An older one is
    brought up to this version.

    \b
    Example: SPIRAL_VAR=/srv/spiral flask --app wsgi restore /backup/spiral-2026-11-22.zip
    """
    with _plainly(file), _nobody_else(), archive.opened(file) as found:
        size = found.size
        with progress("Examined", size) as advance:
            about = restoring.restore(file, database(), _settings(), replace=replace, step=advance)
        with writing():
            migrate.sow()
            people.end_every_sign_in()
            audit.record(None, "restored", subject_kind="installation", subject_id=0, details={"of": about["made_at"]})
        with reading():
            try:
                head = chain.verify(head=str(about["head"]))
            except chain.Broken as error:
                raise BackupError(f"Restored, but the trail is not as it was sealed: {error}.") from error
        sealed = f": {head.entries} entries of the trail are as they were sealed" if head.entries else ""
        click.echo(f"Restored as of {about['made_at']}{sealed}. Everybody signs in again.")
        if about["key"] != making.fingerprint(_settings()):
            click.echo(
                "The secret key is another one: links sent to outside experts are void, and second steps take recovery "
                "codes only (or: flask --app wsgi user second-step-reset). With the old var/secret-key they go on."
            )
        _make_index()


def _make_index() -> None:
    try:
        count = service.reindex()
    except (EngineUnavailable, EngineRefused) as error:
        raise BackupError(
            f"Restored; the search index was not made ({error}): flask --app wsgi search reindex"
        ) from error
    click.echo(f"{count} articles can be found.")


@contextlib.contextmanager
def _plainly(file: Path) -> Iterator[None]:
    """What the disk refuses becomes one sentence."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"{error.filename or file}: {error.strerror}. Nothing was left half done.") from error


@contextlib.contextmanager
def _nobody_else() -> Iterator[None]:
    """No server works on this folder meanwhile."""
    if not database().sqlite:
        yield
        return
    try:
        with alone.hold(_settings().var):
            yield
    except alone.TakenError as error:
        raise BackupError(f"{error} serves {_settings().var}; end it first.") from error


def _settings() -> Settings:
    found: Settings = current_app.config["SPIRAL"]
    return found


def init_app(app: Flask) -> None:
    """Add the commands."""
    for command in (backup, restore):
        app.cli.add_command(command)
