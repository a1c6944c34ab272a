"""``flask search reindex|verify|stats``."""

import click

from core.cli import group
from core.db import reading
from wiki.search import service
from wiki.search.engines.base import EngineUnavailable

search = group("search", "The search index: make it anew, compare it with the database, its figures.")


@search.command("reindex")
def reindex() -> None:
    """Make the index anew from the database; the old one answers until the new one is complete.

    \b
    Example: flask --app wsgi search reindex
    """
    try:
        with reading():
            count = service.reindex()
    except EngineUnavailable as error:
        raise click.ClickException(error.reason) from error
    click.echo(f"{count} articles can be found.")


@search.command("verify")
def verify() -> None:
    """Compare the index with the database; exit 1 names what differs.

    \b
    Example: flask --app wsgi search verify
    """
    try:
        with reading():
            missing, surplus = service.verify()
    except EngineUnavailable as error:
        raise click.ClickException(error.reason) from error
    for article_id in missing[:50]:
        click.echo(f"article {article_id} is published and not in the index")
    for article_id in surplus[:50]:
        click.echo(f"article {article_id} is in the index and not published")
    if missing or surplus:
        raise click.ClickException(f"{len(missing)} missing, {len(surplus)} too many; 'flask search reindex' mends it.")
    click.echo("The index and the database agree.")


@search.command("stats")
def stats() -> None:
    """The figures of the index.

    \b
    Example: flask --app wsgi search stats
    """
    found = service.engine().stats()
    click.echo(f"engine {found.engine}, {found.state.value}, {found.documents} articles, {found.size / 1e6:.1f} MB")
    if found.reason:
        raise click.ClickException(found.reason)
