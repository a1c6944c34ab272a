"""``flask search reindex|verify|stats``."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import click
from flask import current_app

from core.addresses import SEARCH_SCHEMES, search_server
from core.cli import group
from core.i18n import size
from wiki.search import service
from wiki.search.engines.base import EngineRefused, EngineUnavailable

SHOWN = 50
# in the order of service.Differences
SAID = (
    "is published and not in the index",
    "is in the index and not published",
    "is in the index as it was before",
)

search = group("search", "The search index: make it anew, compare it with the database, its figures.")


@contextmanager
def _failing() -> Iterator[None]:
    """What the engine says becomes the one sentence of the command."""
    try:
        yield
    except EngineUnavailable as error:
        raise click.ClickException(error.reason) from error
    except EngineRefused as error:
        raise click.ClickException(str(error)) from error


@search.command("reindex")
def reindex() -> None:
    """Make the index anew from the database; the old one answers until the new one is complete.

    \b
    Example: flask --app wsgi search reindex
    """
    with _failing():
        count = service.reindex()
    click.echo(f"{count} articles can be found.")


@search.command("verify")
def verify() -> None:
    """Compare the index with the database; exit 1 names what differs.

    \b
    Example: flask --app wsgi search verify
    """
    with _failing():
        found = service.verify()
    for ids, said in zip(found, SAID, strict=True):
        for article_id in ids[:SHOWN]:
            click.echo(f"article {article_id} {said}")
        if len(ids) > SHOWN:
            click.echo(f"… and {len(ids) - SHOWN} more")
    if found:
        missing, surplus, stale = map(len, found)
        raise click.ClickException(
            f"{missing} missing, {surplus} too many, {stale} out of date; 'flask search reindex' mends it."
        )
    click.echo("The index and the database agree.")


@search.command("stats")
def stats() -> None:
    """The figures of the index.

    \b
    Example: flask --app wsgi search stats
    """
    found = service.engine().stats()
    room = f", {size(found.size)}" if found.size else ""
    click.echo(f"engine {found.engine}, {found.state.value}, {found.documents} articles{room}")
    if found.reason:
        raise click.ClickException(found.reason)


@search.command("key")
@click.password_option("--master-key", prompt="Master key of the server", confirmation_prompt=False, help="asked for")
def key(master_key: str) -> None:
    """Make a key for SPIRAL_SEARCH_URL that reaches this installation's indexes alone, and print the setting.

    \b
    Example: SPIRAL_SEARCH_URL=meilisearch://127.0.0.1:7700 flask --app wsgi search key
    """
    from wiki.search.engines.remote import Meilisearch

    url = current_app.config["SPIRAL"].search_url
    if not url:
        raise click.ClickException("SPIRAL_SEARCH_URL names no server, for example meilisearch://127.0.0.1:7700")
    address, _, name = search_server(url)
    scheme = next(scheme for scheme, its in SEARCH_SCHEMES.items() if its == address.split(":")[0])
    host = address.split("//", 1)[1]
    place = current_app.config["SPIRAL"].var / "search" / "remote-rebuild"
    with _failing():
        made = Meilisearch(f"{scheme}://{quote(master_key, safe='')}@{host}/{name}", place).narrow_key()
    click.echo(f"SPIRAL_SEARCH_URL={scheme}://{made}@{host}/{name}")
