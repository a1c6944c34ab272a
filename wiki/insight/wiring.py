"""Puts the package into the application."""

from flask import Flask

from core.i18n import _l
from core.slots import menu
from wiki.insight import views


def init_app(app: Flask) -> None:
    """The home page."""
    app.register_blueprint(views.bp)
    menu(_l("Home"), "home.show", order=10)
