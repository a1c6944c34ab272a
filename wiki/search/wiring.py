"""Puts the package into the application."""

from flask import Flask

from accounts.permissions import P as People
from core.i18n import _l
from core.slots import menu
from wiki.articles import similar
from wiki.search import alike, api, cli, embed_views, listeners, own_models, screen_views, service, views

__all__ = ["api", "init_app", "listeners", "own_models", "screen_views"]


def init_app(app: Flask) -> None:
    """The engine, the search page, the commands, and 'similar' for the editor."""
    service.init_app(app)
    app.register_blueprint(views.bp)
    app.register_blueprint(embed_views.bp)
    app.register_blueprint(embed_views.frame)
    menu(_l("Frame for other programs"), "embed.settings", People.LET_IN, order=93, place="person")
    assert embed_views.api.name == "embed"  # importing it declares the call
    app.cli.add_command(cli.search)
    similar.register(alike.similar)
