"""``flask articles import|export``."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import click
import sqlalchemy as sa
from flask import Flask
from flask.cli import AppGroup

from accounts.models import User, UserRole
from accounts.people import actor_of
from accounts.rules import Role
from core.actors import Actor
from core.db import reading, session, writing
from core.errors import DomainError, Invalid
from wiki.articles import importing, ops
from wiki.articles.content import of_revision
from wiki.articles.models import Article, Category, Service
from wiki.articles.publishing import import_row
from wiki.articles.queries import category_by_slug, live_articles, unknown_services

T = TypeVar("T")
group = AppGroup("articles", help="Import and export articles.")
CHUNK = 100  # rows of one transaction: long enough to be quick, short enough to let others write between


@dataclass
class Report:
    """How an import went."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(group)


@group.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--publish-as", metavar="USER", help="The manager in whose name the articles appear.")
@click.option("--dry-run", is_flag=True, help="Check every line, change nothing.")
def import_command(path: Path, publish_as: str | None, dry_run: bool) -> None:
    """Import articles from a JSONL, CSV or Excel file, or a folder of Markdown, and publish them.

    Importing again updates what changed and skips the rest. A bad line is named and spoils nothing else.

    Example: flask --app wsgi articles import knowledge.jsonl --publish-as lina
    """
    try:
        with reading():
            actor = _manager(publish_as)
        report = run(path, actor, dry_run=dry_run, progress=sys.stderr.isatty())
    except (importing.UnreadableFile, DomainError) as error:
        raise click.ClickException(str(error)) from error
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


def run(path: Path, actor: Actor, *, dry_run: bool = False, progress: bool = False) -> Report:
    """Import a file or folder in transactions of a hundred rows."""
    report = Report()
    with writing():
        _take_lists(path)
        if dry_run:
            session.rollback()
    lines: Iterator[importing.Line] = _once_each(importing.read(path))
    if progress:
        from rich.progress import track

        lines = iter(track(lines, description=str(path), total=None))
    while chunk := list(islice(lines, CHUNK)):
        with writing():
            _take(chunk, actor, report)
            if dry_run:
                session.rollback()
    return report


def _take_lists(path: Path) -> None:
    """Categories and services that stand beside exported articles are there before the articles name them."""
    file = path / "lists.json"
    if not path.is_dir() or not file.exists():
        return
    try:
        lists = json.loads(file.read_text("utf-8"))
        for row in sorted(lists["categories"], key=lambda row: str(row["path"])):
            above = str(row["path"]).split("/")[-2:-1]
            if category_by_slug(row["slug"]) is None:
                ops.add_category(row["slug"], row["name"], above[0] if above else None)
        for row in lists["services"]:
            if unknown_services([row["code"]]):
                ops.add_service(row["code"], row["name"])
    except (ValueError, KeyError, TypeError) as error:
        raise importing.UnreadableFile(f"{file} is not a list of categories and services: {error}") from error


def _once_each(lines: Iterable[importing.Line]) -> Iterator[importing.Line]:
    """The same id twice in one file would be another text at every run: the second is refused."""
    seen: set[str] = set()
    for line in lines:
        if line.row is not None and line.row.id in seen:
            yield importing.Line(line.place, error=f"the id {line.row.id} stands in an earlier line already")
            continue
        if line.row is not None:
            seen.add(line.row.id)
        yield line


def _take(chunk: Iterable[importing.Line], actor: Actor, report: Report) -> None:
    for line in chunk:
        if line.row is None:
            _refuse(report, line.place, line.error)
            continue
        point = session.begin_nested()
        try:
            outcome = import_row(actor, line.row)
            point.commit()
            report.counts[outcome] += 1
        except (sa.exc.DataError, sa.exc.IntegrityError, RecursionError) as error:
            point.rollback()
            _refuse(report, f"{line.place} ({line.row.id})", f"{type(error).__name__}: {error}"[:300])
        except Invalid as error:
            point.rollback()
            _refuse(report, f"{line.place} ({line.row.id})", "; ".join(f"{k}: {v}" for k, v in error.errors.items()))


def _refuse(report: Report, place: str, why: str) -> None:
    report.counts["refused"] += 1
    report.errors.append(f"{place}: {why}")


@group.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def export_command(folder: Path) -> None:
    """Export every published article as Markdown with front matter, and the lists as JSON; it imports again unchanged.

    Example: flask --app wsgi articles export backup/articles
    """
    folder.mkdir(parents=True, exist_ok=True)
    with reading():
        count = 0
        for article in session.scalars(live_articles().execution_options(yield_per=500)):
            (folder / f"{article.slug}.md").write_text(_markdown(article), "utf-8")
            count += 1
        lists = {
            "categories": [
                {"slug": c.slug, "name": c.name, "path": c.path} for c in session.scalars(sa.select(Category))
            ],
            "services": [{"code": s.code, "name": s.name} for s in session.scalars(sa.select(Service))],
        }
        (folder / "lists.json").write_text(json.dumps(lists, ensure_ascii=False, indent=1), "utf-8")
    click.echo(f"{count} articles written to {folder}")


def _markdown(article: Article) -> str:
    import yaml

    content = of_revision(article.revision)
    head: dict[str, Any] = {
        "id": article.external_id or article.slug,
        "slug": article.slug,
        "title": content.title,
        "kind": article.kind,
        "category": content.category,
        "tags": content.tags,
        "services": content.services,
        "audience": content.audience,
        "readers": content.readers,
        "version": article.version,
        "fields": content.fields,
    }
    kept = {key: value for key, value in head.items() if value not in (None, [], {})}
    return f"---\n{yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, width=120)}---\n{content.body}"
