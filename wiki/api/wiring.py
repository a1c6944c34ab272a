"""Mounts what the packages declared; wired last, when every package is loaded."""

from typing import Any

from flask import Flask, jsonify

from core.api import apis, openapi
from core.permissions import EVERYONE
from core.web import blueprint, gate

PREFIX = "/api/v1"
bp = blueprint("api", __name__)


@bp.get(f"{PREFIX}/openapi.json")
@gate(EVERYONE, transaction=False)
def document() -> Any:
    """The description of every call (OpenAPI 3.1)."""
    return jsonify(openapi("Spiral", "1", PREFIX))


def init_app(app: Flask) -> None:
    """Every declared call under ``/api/v1``."""
    app.register_blueprint(bp)
    for api in apis:
        app.register_blueprint(api.blueprint, url_prefix=PREFIX)
