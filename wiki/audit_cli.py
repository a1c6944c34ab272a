"""``flask audit verify|export``."""

from pathlib import Path

import click
import sqlalchemy as sa
from flask import Flask

from core import chain
from core.audit import TrailEntry
from core.cli import group, progress
from core.db import reading, session
from core.digests import canonical
from core.whole import whole_file

audit = group("audit", "The trail of acts: whether it is as it was sealed, and a copy for others.")


@audit.command("verify")
@click.option("--head", default="", metavar="NUMBER:HASH", help="a head that was noted elsewhere must be in the chain")
def verify(head: str) -> None:
    """Say whether every entry of the trail is as it was sealed; exit 1 names the first that is not.

    The last line is the head of the chain. Note it somewhere else: whoever owns this machine could make the whole
    chain anew, and only a head that they cannot reach shows it.

    \b
    Example: flask --app wsgi audit verify
    """
    with reading():
        count = session.scalar(sa.select(sa.func.count()).select_from(TrailEntry)) or 0
        with progress("Entries", count) as advance:
            try:
                found = chain.verify(head=head, step=advance)
            except chain.Broken as error:
                raise click.ClickException(str(error)) from error
    said = f"{found.entries} entries in {found.number} seals are as they were sealed"
    click.echo(said + (f", {found.redacted} of them without their words." if found.redacted else "."))
    if found.unsealed:
        click.echo(f"{found.unsealed} newer entries are not sealed yet; a worker does so within seconds.")
    if found.number:
        click.echo(f"{found.number}:{found.hash}")


@audit.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> None:
    """Write the whole trail to FILE, one JSON object in each line: entries with their digests, and the seals.

    \b
    Example: flask --app wsgi audit export trail.jsonl
    """
    with reading(), whole_file(file) as out:
        count = sum(1 for line in chain.lines() if out.write(canonical(line) + b"\n"))
    click.echo(f"{count} lines in {file}.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(audit)
