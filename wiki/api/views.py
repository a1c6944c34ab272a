"""The OpenAPI document, and a page that shows it without the internet."""

from typing import Any

from flask import jsonify, render_template

from core import api
from core.web import EVERYONE, blueprint, gate

PREFIX = "/api/v1"
VERSION = "0.1.0"
bp = blueprint("api", __name__)


def document() -> dict[str, Any]:
    """The OpenAPI document of this installation."""
    return api.openapi("Spiral", VERSION, PREFIX)


@bp.get(f"{PREFIX}/openapi.json")
@gate(EVERYONE)
def openapi() -> Any:
    """OpenAPI 3.1."""
    return jsonify(document())


@bp.get("/api/docs")
@gate(EVERYONE)
def docs() -> str:
    """The same, for people."""
    found = document()
    calls = [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in found["paths"].items()
        for method, operation in methods.items()
    ]
    tags = sorted({call["tags"][0] for call in calls})
    return render_template(
        "api/docs.html",
        groups=[(tag, [call for call in calls if call["tags"][0] == tag]) for tag in tags],
        schemas=found["components"]["schemas"],
    )
