"""``flask links rebuild|verify``."""

import click

from core.cli import group
from core.db import reading
from wiki.articles import link_upkeep

links = group("links", "Links between articles: make their tables anew, compare them with what is published.")


@links.command("rebuild")
def rebuild() -> None:
    """Make the tables of links and earlier titles anew from what is published, some hundred articles at a time.

    \b
    Example: flask --app wsgi links rebuild
    """
    found, articles = link_upkeep.in_pieces()
    click.echo(f"{found} links in {articles} articles.")


@links.command("verify")
def verify() -> None:
    """Compare the tables with what is published; exit 1 names what differs.

    \b
    Example: flask --app wsgi links verify
    """
    with reading():
        found = list(link_upkeep.differences())
    for line in found[:50]:
        click.echo(line)
    if found:
        raise click.ClickException(f"{len(found)} differences; 'flask links rebuild' mends them.")
    click.echo("The tables of links say what is published.")
