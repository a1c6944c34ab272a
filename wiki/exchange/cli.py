"""``flask articles import|export``."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import click
import sqlalchemy as sa
from flask import Flask
from flask.cli import AppGroup

from accounts.models import User, UserRole
from accounts.people import actor_of
from accounts.rules import Role
from core.actors import Actor
from core.cli import progress, sentence
from core.db import reading, session, writing
from core.errors import DomainError, Invalid
from wiki.articles import link_upkeep
from wiki.articles.media import Examined
from wiki.articles.models import Article
from wiki.exchange import leaving, pictures, returning, taking
from wiki.exchange import reading as files
from wiki.exchange.rows import Line

group = AppGroup("articles", help="Import and export articles.")
CHUNK = 100  # rows of one transaction: long enough to be quick, short enough to let others write between


@dataclass
class Report:
    """How an import went."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)  # authors who were not here


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(group)


@group.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--publish-as", metavar="USER", help="The manager in whose name the articles appear.")
@click.option("--dry-run", is_flag=True, help="Check every line, change nothing.")
def import_command(path: Path, publish_as: str | None, dry_run: bool) -> None:
    """Import articles from a JSONL, CSV, Excel or Word file, a folder or zip of those, and publish them.

    A folder that 'articles export' wrote comes with its whole past. Importing again updates what changed
    and skips the rest. A bad line is named and spoils nothing else.

    Example: flask --app wsgi articles import knowledge.jsonl --publish-as lina
    """
    try:
        with reading():
            actor = _manager(publish_as)
        report = run(path, actor, dry_run=dry_run, bar=sys.stderr.isatty())
    except (files.UnreadableFile, DomainError) as error:
        raise click.ClickException(sentence(error)) from error
    if report.people:
        click.echo(f"Not known here, kept as inactive people: {', '.join(report.people)}", err=True)
    for line in report.errors[:200]:
        click.echo(line, err=True)
    words = ", ".join(f"{report.counts[key]} {key}" for key in ("created", "updated", "unchanged", "refused"))
    click.echo(f"{words}{' (dry run: nothing was changed)' if dry_run else ''}")
    if report.errors:
        raise SystemExit(1)


def _manager(username: str | None) -> Actor:
    found = sa.select(User).where(User.active)
    if username:
        user = session.scalar(found.where(User.username == username.lower()))
        if user is None:
            raise click.ClickException(f"There is no active user {username}.")
    else:
        manages = UserRole.role == Role.MANAGER
        user = session.scalars(
            found.join(UserRole, UserRole.user_id == User.id).where(manages).order_by(User.id)
        ).first()
        if user is None:
            raise click.ClickException(
                "Importing is a manager's act: add one with 'flask user add NAME --role manager'."
            )
    actor = actor_of(user)
    if not actor.holds(Role.MANAGER):
        raise click.ClickException(f"{user.username} is not a manager; importing is a manager's act.")
    return actor


def run(path: Path, actor: Actor, *, dry_run: bool = False, bar: bool = False) -> Report:
    """Import a file or folder in transactions of a hundred rows."""
    report = Report()
    if returning.is_base(path):
        return _run_base(path, actor, report, dry_run=dry_run, bar=bar)
    with writing():
        if path.is_dir() and (path / "lists.json").exists():
            returning.take_lists(path)
        if dry_run:
            session.rollback()
    lines: Iterator[Line] = files.once_each(files.read(path))
    if bar:
        from rich.progress import track

        lines = iter(track(lines, description=str(path), total=None))
    while chunk := list(islice(lines, CHUNK)):
        known: dict[str, Examined] = {}
        ready = [pictures.ahead(actor, line.pictures, known) for line in chunk]
        with writing():
            _take(zip(chunk, ready, strict=True), actor, report)
            if dry_run:
                session.rollback()
    return report


def _run_base(path: Path, actor: Actor, report: Report, *, dry_run: bool, bar: bool) -> Report:
    returning.must_be_whole(path)
    articles = list(returning.articles(path))
    with progress(str(path), len(articles) if bar else None) as step:
        for start in range(0, max(1, len(articles)), CHUNK):
            some = articles[start : start + CHUNK]
            ready = returning.ahead(path, some, dry_run=dry_run)
            with writing():
                returning.take_lists(path)  # each time: a dry run has rolled them back
                known = returning.take_people(path, ready)
                report.people = sorted({*report.people, *known.added})
                for file in some:
                    _one(report, file.name, partial(returning.take, actor, file, known))
                if dry_run:
                    session.rollback()
            step(CHUNK)
    if report.counts["created"] and not dry_run:
        link_upkeep.in_pieces()  # earlier titles count as soon as all articles are here
    return report


def _take(chunk: Iterable[tuple[Line, pictures.Ready]], actor: Actor, report: Report) -> None:
    places = taking.Places()
    for line, ready in chunk:
        if line.row is None:
            _refuse(report, line.place, line.error)
        else:
            _one(report, f"{line.place} ({line.row.id})", partial(taking.publish, actor, line, places, ready))


def _one(report: Report, place: str, act: Callable[[], str]) -> None:
    """One row is taken whole, or refused with a sentence and nothing of it is left."""
    point = session.begin_nested()
    try:
        outcome = act()
        point.commit()
        report.counts[outcome] += 1
    except (sa.exc.DataError, sa.exc.IntegrityError, RecursionError) as error:
        point.rollback()
        _refuse(report, place, f"{type(error).__name__}: {error}"[:300])
    except DomainError as error:
        point.rollback()
        said = "; ".join(f"{k}: {v}" for k, v in error.errors.items()) if isinstance(error, Invalid) else str(error)
        _refuse(report, place, said)


def _refuse(report: Report, place: str, why: str) -> None:
    report.counts["refused"] += 1
    report.errors.append(f"{place}: {why}")


@group.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def export_command(folder: Path) -> None:
    """Export the whole base – published articles with their past, lists, files – as Markdown and JSON.

    The folder imports into an empty installation as the same base, and is the same to the byte when exported again.

    Example: flask --app wsgi articles export backup/articles
    """
    try:
        with reading():
            leaving.hold_still()
            total = session.scalar(sa.select(sa.func.count()).select_from(Article))
            with progress(str(folder), total) as step:
                done = leaving.write(folder, step=step)
    except DomainError as error:
        raise click.ClickException(sentence(error)) from error
    click.echo(f"{done.articles} articles in {done.versions} versions with {done.files} files written to {folder}")
