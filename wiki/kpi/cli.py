"""``flask kpi import|close``."""

from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask

from core.archives import UnreadableFile
from core.cli import group
from core.db import writing
from core.tables import BadRow, Row
from wiki.kpi import ops, sheets
from wiki.kpi.bringing import import_readings
from wiki.kpi.periods import parse

kpi = group("kpi", "Readings and periods.")


@kpi.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="only say what would happen")
def import_(file: Path, dry_run: bool) -> None:
    """Take in the readings of FILE (CSV or XLSX); importing again changes nothing.

    \b
    Columns: indicator, subject (centre, team:SLUG or a username), period or day, numerator, denominator
    Example: flask --app wsgi kpi import readings.csv
    """
    with writing():
        report = import_readings(None, rows_of(file), source=file.name, dry_run=dry_run)
    for line, said in report.errors:
        click.echo(f"{file.name}:{line}: {said}", err=True)
    would = "would be " if dry_run else ""
    click.echo(f"{report.added} {would}added, {report.corrected} {would}corrected, {report.unchanged} unchanged")
    if report.errors:
        raise click.ClickException(f"{len(report.errors)} rows were left out; they are named above.")


def rows_of(file: Path) -> Iterator[Row | BadRow]:
    """The rows of a file.

    Raises:
        ClickException: it cannot be read.
    """
    try:
        yield from sheets.rows(file)
    except (UnreadableFile, OSError) as error:
        raise click.ClickException(str(error)) from error


@kpi.command("close")
@click.argument("period")
def close(period: str) -> None:
    """Freeze the cards of PERIOD; it takes no more readings and no more points.

    \b
    Example: flask --app wsgi kpi close 2026-10
    """
    with writing():
        count = ops.close(None, parse(period))
    click.echo(f"{period} is closed; {count} cards are frozen.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(kpi)
