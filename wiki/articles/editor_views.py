"""What the rich editor asks of the server: a text cut into blocks, each as readers see it; nobody else parses."""

from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request, url_for

from core.blocks import blocks
from core.web import blueprint, gate
from wiki.articles.permissions import P

bp = blueprint("editor", __name__)

BUNDLE = "vendor/editor.js"  # made by `make` where npm is there; the plain editor serves where it is not


def init_app(app: Flask) -> None:
    """The address, and for templates ``rich_editor(v)``: that of the bundle, or nothing."""
    app.register_blueprint(bp)
    bundle = Path(app.static_folder or "") / BUNDLE

    def rich_editor(version: str | None) -> str | None:
        return url_for("static", filename=BUNDLE, v=version) if bundle.is_file() else None

    app.jinja_env.globals["rich_editor"] = rich_editor


@bp.post("/editor/blocks")
@gate(P.PROPOSE, transaction=False)
def cut() -> Any:
    """The blocks of ``text``, in order: source and HTML; 422 says why a text cannot be shown. Nothing is kept."""
    found = blocks(request.form.get("text", "").replace("\r\n", "\n"))
    return jsonify(
        blocks=[
            {"source": block.source, "html": block.html, "defines": block.defines, "refers": block.refers}
            for block in found
        ]
    )
