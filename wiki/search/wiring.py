"""Puts the package into the application."""

from typing import Any

from flask import Flask, url_for

from core.actors import Actor
from wiki.articles import similar
from wiki.articles.presenting import provisional_word
from wiki.search import api, cli, listeners, service, views
from wiki.search.engines.base import Query

__all__ = ["api", "init_app", "listeners"]


def init_app(app: Flask) -> None:
    """The engine, the search page, the commands, and 'similar' for the editor."""
    service.init_app(app)
    app.register_blueprint(views.bp)
    app.cli.add_command(cli.search)
    similar.register(_similar)


def _similar(actor: Actor, title: str) -> list[dict[str, Any]]:
    """Published articles whose title is like this one."""
    page = service.search(Query(title, service.reader_of(actor), limit=5), actor)
    return [
        {
            "title": hit.title,
            "slug": hit.slug,
            "url": url_for("articles.show", slug=hit.slug),
            "edit_url": url_for("submissions.change", slug=hit.slug),
            "state": "published",
            "note": provisional_word(hit.provisional) if hit.provisional else None,
        }
        for hit in page.hits
    ]
