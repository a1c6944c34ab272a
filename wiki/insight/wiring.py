"""Puts the package into the application."""

from flask import Flask

from core.i18n import _l
from core.slots import menu, panel
from wiki.articles.permissions import P as Articles
from wiki.insight import health_views, views


def init_app(app: Flask) -> None:
    """The home page, and content health."""
    app.register_blueprint(views.bp)
    app.register_blueprint(health_views.bp)
    menu(_l("Content health"), "content_health.show", Articles.PROPOSE, order=42, place="person")
    panel("home", health_views.on_home, order=40)
    menu(_l("Home"), "home.show", order=10)
