"""Commands about the installation as a whole: ``db``, ``worker``, ``doctor``."""

import json
import signal
import threading
from types import FrameType

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from core import health, hosts, logs, migrate, outbox
from core.cli import Command, group
from core.db import database, writing
from core.health import Grade
from core.heaps import few_heaps
from core.i18n import force_locale
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
            migrate.sow()
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
    settings = current_app.config["SPIRAL"]
    logs.begin(settings.log_level, settings.log_format)
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
    few_heaps()
    hosts.must_fit_in()
    beside = Beside(application, role="worker")
    beside.start()
    ended.wait()
    beside.stop()


MARKS = {Grade.GOOD: "good        ", Grade.LOOK: "look at this", Grade.BROKEN: "BROKEN      "}


@click.command("doctor", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="one object for machines")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Examine settings, database, index, outbox, mail, clock, disk and files, each with what to do.

    Exit 1 when something is broken, 0 when all is well or should only be looked at.

    \b
    Example: flask --app wsgi doctor --json
    """
    shown = {f"SPIRAL_{name.upper()}": value for name, value in current_app.config["SPIRAL"].shown().items()}
    with force_locale("en"):
        findings = health.examine()
    bad = [finding.name for finding in findings if not finding.well]
    if as_json:
        click.echo(json.dumps({"well": not bad, "checks": [_told(one) for one in findings], "settings": shown}))
        raise SystemExit(1 if bad else 0)
    for name, value in shown.items():
        click.echo(f"{name} = {value}")
    for finding in findings:
        since = f" (since {finding.since:%Y-%m-%d %H:%M} UTC)" if finding.since else ""
        click.echo(f"{MARKS[finding.grade]} {finding.name}: {finding.said}{since}")
        if finding.todo:
            click.echo(f"{'':12}   → {finding.todo}")
    if bad:
        raise click.ClickException(f"Not well: {', '.join(bad)}")


def _told(finding: health.Finding) -> dict[str, str | None]:
    since = finding.since.isoformat() if finding.since else None
    return {
        "name": finding.name,
        "grade": finding.grade.value,
        "said": finding.said,
        "todo": finding.todo,
        "since": since,
    }


def init_app(app: Flask) -> None:
    """Add the commands."""
    for command in (db, worker, doctor):
        app.cli.add_command(command)
