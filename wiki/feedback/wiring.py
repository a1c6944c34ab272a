"""Puts the package into the application. Its JSON calls are mounted by ``wiki.api``."""

from flask import Flask

from core.slots import panel
from wiki.feedback import api, views
from wiki.feedback.queries import stamp


def init_app(app: Flask) -> None:
    """The form beside an article."""
    app.register_blueprint(views.bp)
    panel("article.side", views.beside_article, order=20, stamp=stamp())
    assert api.api.name == "feedback"  # importing it declares the call
