"""Puts the package into the application."""

import sqlalchemy as sa
from flask import Flask

from core.slots import panel
from wiki.exchange import cli, take_views


def init_app(app: Flask) -> None:
    """Papers of an article, and the commands."""
    app.register_blueprint(take_views.bp)
    panel("article.side", take_views.beside_article, order=80, stamp=sa.literal(1))  # it never shows anything else
    cli.init_app(app)
