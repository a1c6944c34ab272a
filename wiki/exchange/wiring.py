"""Puts the package into the application."""

import sqlalchemy as sa
from flask import Flask

from core.i18n import _l
from core.slots import menu, panel
from wiki.articles.permissions import P
from wiki.exchange import cli, take_views, views, work


def init_app(app: Flask) -> None:
    """Papers of an article, the manager's imports with their worker, and the commands."""
    app.register_blueprint(take_views.bp)
    app.register_blueprint(views.bp)
    menu(_l("Import knowledge"), "imports.index", P.MANAGE_ARTICLES, order=58, place="person")
    panel("article.side", take_views.beside_article, order=80, stamp=sa.literal(1))  # it never shows anything else
    cli.init_app(app)


__all__ = ["init_app", "work"]
