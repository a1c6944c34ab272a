"""``flask kpi import|close``."""

from pathlib import Path

import click
from flask import Flask

from core import tables
from core.cli import group
from core.db import writing
from wiki.kpi import ops
from wiki.kpi.bringing import import_readings
from wiki.kpi.periods import parse

kpi = group("kpi", "Readings and periods.")


@kpi.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="only say what would happen")
def import_(file: Path, dry_run: bool) -> None:
    """Take in the readings of FILE (CSV or XLSX); importing again changes nothing.

    \b
    Columns: indicator, subject (centre, team:SLUG or a username), period, numerator, denominator
    Example: flask --app wsgi kpi import readings.csv
    """
    with writing():
        report = import_readings(None, tables.rows(file), source=file.name, dry_run=dry_run)
    for line, said in report.errors:
        click.echo(f"{file.name}:{line}: {said}", err=True)
    would = "would be " if dry_run else ""
    click.echo(f"{report.added} {would}added, {report.corrected} {would}corrected, {report.unchanged} unchanged")
    if report.errors:
        raise click.ClickException(f"{len(report.errors)} rows were left out; they are named above.")


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
