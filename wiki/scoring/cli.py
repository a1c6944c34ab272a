"""``flask scoring rebuild|verify``."""

import click
from flask import Flask

from core.cli import group
from core.db import reading, writing
from wiki.scoring import rebuilding

scoring = group("scoring", "The ledger: reckon it again, compare it.")


@scoring.command("verify")
def verify() -> None:
    """Reckon the whole ledger again from what happened, and compare it to the hundredth; changes nothing.

    \b
    Example: flask --app wsgi scoring verify
    """
    with reading():
        missing, differences = rebuilding.unrecorded(), rebuilding.verify()
    for name, count in missing.items():
        click.echo(f"{count} {name} were never recorded", err=True)
    for found in differences[:50]:
        click.echo(
            f"person {found.user_id}, {found.rule}, {found.source}: {found.written} written, {found.reckoned} reckoned",
            err=True,
        )
    if missing or differences:
        raise click.ClickException("The ledger is not what happened. `flask --app wsgi scoring rebuild` mends it.")
    click.echo("The ledger is what happened, to the hundredth.")


@scoring.command("rebuild")
def rebuild() -> None:
    """Record what was never recorded and add an entry for every difference; nothing is changed or deleted.

    \b
    Example: flask --app wsgi scoring rebuild
    """
    with writing():
        told, added = rebuilding.rebuild()
    click.echo(f"{told} acts recorded, {added} differences mended")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(scoring)
