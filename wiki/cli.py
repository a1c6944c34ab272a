"""Commands about the installation as a whole: ``db``, ``worker``, ``doctor``."""

import signal
import threading
from types import FrameType

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from core import health, hosts, migrate, outbox, seeds
from core.cli import Command, group
from core.db import database, writing
from core.running import Beside

db = group("db", "The tables: bring them up to this version, and back.")


@db.command("upgrade")
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the tables up to REVISION (by default to this version).

    \b
    Example: flask --app wsgi db upgrade
    """
    migrate.upgrade(database(), revision)
    if migrate.current(database()) == migrate.head():
        with writing():
            seeds.sow()
    click.echo(f"The database is at {migrate.current(database())}.")


@db.command("downgrade")
@click.argument("revision")
@click.option("--yes", is_flag=True, help="do not ask")
def downgrade(revision: str, yes: bool) -> None:
    """Take the tables back to REVISION. What the newer tables hold is lost.

    \b
    Example: flask --app wsgi db downgrade 0002_accounts
    """
    if not yes:
        click.confirm(f"Go back to {revision}? What the newer tables hold is lost.", abort=True)
    migrate.downgrade(database(), revision)
    click.echo(f"The database is at {migrate.current(database()) or 'nothing'}.")


@db.command("check")
def check() -> None:
    """Say whether the database is at this version and its tables are what the program expects.

    \b
    Example: flask --app wsgi db check
    """
    at, wanted = migrate.current(database()), migrate.head()
    if at != wanted:
        raise click.ClickException(f"The database is at {at or 'nothing'}, this version needs {wanted}.")
    differences = migrate.check(database())
    if differences:
        raise click.ClickException("The tables differ: " + "; ".join(differences))
    click.echo(f"The database is at {at}, and as it should be.")


@click.command("worker", cls=Command)
@click.option("--once", is_flag=True, help="do what is due, then end")
@with_appcontext
def worker(once: bool) -> None:
    """Keep the promises of the outbox: index, mail, webhooks. The server has one of its own, unless SPIRAL_DRAIN=0.

    Any number of workers share the work, on any number of machines; what one that dies had in hand is taken over.

    \b
    Example: flask --app wsgi worker
    """
    if once:
        done = outbox.drain()
        click.echo(f"{done} jobs done")
        return
    application: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's way
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    hosts.must_fit_in()
    beside = Beside(application, role="worker")
    beside.start()
    ended.wait()
    beside.stop()


@click.command("doctor", cls=Command)
@with_appcontext
def doctor() -> None:
    """Examine settings, database, index, outbox and disk; exit 1 names what is wrong.

    \b
    Example: flask --app wsgi doctor
    """
    for name, value in current_app.config["SPIRAL"].shown().items():
        click.echo(f"SPIRAL_{name.upper()} = {value}")
    findings = health.examine()
    for finding in findings:
        click.echo(f"{'ok  ' if finding.well else 'BAD '} {finding.name}: {finding.said}")
    bad = [finding.name for finding in findings if not finding.well]
    if bad:
        raise click.ClickException(f"Not well: {', '.join(bad)}")


def init_app(app: Flask) -> None:
    """Add the commands."""
    for command in (db, worker, doctor):
        app.cli.add_command(command)
