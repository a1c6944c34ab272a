"""Puts the package into the application."""

from flask import Flask

from wiki.articles import similar
from wiki.search import alike, api, cli, listeners, own_models, screen_views, service, views

__all__ = ["api", "init_app", "listeners", "own_models", "screen_views"]


def init_app(app: Flask) -> None:
    """The engine, the search page, the commands, and 'similar' for the editor."""
    service.init_app(app)
    app.register_blueprint(views.bp)
    app.cli.add_command(cli.search)
    similar.register(alike.similar)
