"""Puts the package into the application."""

from flask import Flask

from core.i18n import _l
from core.slots import menu, panel
from wiki.articles import similar
from wiki.articles.permissions import P
from wiki.search import alike, also, api, cli, listeners, pin_views, service, twins, views

__all__ = ["api", "init_app", "listeners", "twins"]


def init_app(app: Flask) -> None:
    """The engine, the search pages, the commands, what people also opened, and 'similar' for the editor."""
    service.init_app(app)
    app.register_blueprint(views.bp)
    app.register_blueprint(pin_views.bp)
    app.cli.add_command(cli.search)
    similar.register(alike.similar)
    menu(_l("Recommended results"), "pins.show", P.MANAGE_ARTICLES, order=62, place="person")
    panel("article.side", also.beside_article, order=70, stamp=also.stamp())
