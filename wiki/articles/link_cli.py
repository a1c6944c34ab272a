"""``flask links rebuild|verify``."""

import click

from core.cli import group
from core.db import reading, writing
from wiki.articles import link_upkeep

links = group("links", "Links between articles: make their tables anew, compare them with what is published.")


@links.command("rebuild")
def rebuild() -> None:
    """Make the tables of links and earlier titles anew from what is published, some hundred articles at a time.

    \b
    Example: flask --app wsgi links rebuild
    """
    with reading():
        every = list(link_upkeep.chunks())
    count = 0
    for act in (link_upkeep.refold, link_upkeep.retitle, link_upkeep.relink):
        count = 0
        for ids in every:
            with writing():
                count += act(ids) or 0
    click.echo(f"{count} links in {sum(map(len, every))} articles.")


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
