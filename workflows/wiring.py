"""Puts the package into the application."""

from flask import Flask

from core.i18n import _l
from core.slots import menu
from workflows import api, caretaker_models, views
from workflows.permissions import P
from workflows.queries import count_waiting


def init_app(app: Flask) -> None:
    """The inbox and its badge; ``workflows.api`` is mounted by ``wiki.api``."""
    app.register_blueprint(views.bp)
    menu(_l("Inbox"), "reviews.inbox", P.HOLD_SEATS, order=20, badge=count_waiting)


__all__ = ["api", "caretaker_models", "init_app"]
