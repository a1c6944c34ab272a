"""Mounts every declared call."""

from flask import Flask

from core import api
from wiki.api import views


def init_app(app: Flask) -> None:
    """``/api/v1``, and what describes it."""
    for part in api.apis:
        app.register_blueprint(part.blueprint, url_prefix=views.PREFIX)
    app.register_blueprint(views.bp)
