"""The gallery: every page template with sample text, for looking at and for the accessibility check.

`python -m tools.gallery` serves it on port 8123; `/`, `/<page>?lang=en`. A workbench, not part of the product: no
database, no gates, and nothing here is imported by the application. The security headers are the product's own, so
that a template that needs an inline style fails here first.
"""

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from flask import Flask, Response, abort, flash, render_template, request  # noqa: E402 - the path comes first
from flask import session as cookie  # noqa: E402
from jinja2 import FileSystemLoader  # noqa: E402

from core import i18n  # noqa: E402
from core.markup import render  # noqa: E402
from core.web import HEADERS  # noqa: E402
from tools.gallery_data import PAGES  # noqa: E402


def create_gallery() -> Flask:
    """An application that shows templates and does nothing else."""
    app = Flask("gallery", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.jinja_loader = FileSystemLoader([str(ROOT / "templates"), str(ROOT / "tools" / "templates")])
    app.config.update(SECRET_KEY="for looking only", SPIRAL=SimpleNamespace(locale="zh_Hans", timezone="Asia/Shanghai"))
    if os.environ.get("GALLERY_TRANSLATIONS"):  # a folder with compiled catalogues, before they are merged
        app.config["BABEL_TRANSLATION_DIRECTORIES"] = os.environ["GALLERY_TRANSLATIONS"]
    app.jinja_env.globals["csrf_token"] = lambda: "token"
    app.url_build_error_handlers.append(lambda error, endpoint, values: "#")  # the product's own addresses lead nowhere
    i18n.init_app(app)

    @app.before_request
    def choose() -> None:
        if request.args.get("lang"):
            cookie["locale"] = request.args["lang"]

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    @app.context_processor
    def shell() -> dict[str, Any]:
        return {
            "actor": SimpleNamespace(name="周晓雯"),
            "person_detail": "前台一班",
            "menu_entries": menu,
            "theme": "",
            "once": lambda: "x",
        }

    @app.get("/")
    def index() -> str:
        return (
            "<!doctype html><title>Gallery</title><ul>"
            + "".join(f"<li><a href='/{n}'>{n}</a>" for n in PAGES)
            + "</ul>"
        )

    @app.post("/preview")
    def preview() -> str:
        return str(render(request.form["text"]))

    @app.get("/<name>")
    def page(name: str) -> str:
        if name not in PAGES:
            abort(404)
        template, context = PAGES[name]
        values = context()
        if name == "home-rep":
            flash(i18n._("Saved"), "ok")
        return render_template(template, **values)

    return app


def menu(place: str = "main") -> list[dict[str, Any]]:
    """What the slots would answer."""
    _ = i18n._
    if place == "new":
        return [
            {"label": label, "url": "#"} for label in (_("Script"), _("Best practice"), _("FAQ"), _("SOP"), _("Notice"))
        ]
    if place == "person":
        return []
    here = request.path.strip("/").split("-")[0]
    rows = [
        ("home", _("Home")),
        ("article", _("Knowledge")),
        ("inbox", _("Inbox")),
        ("course", _("Courses")),
        ("scorecard", _("Scorecard")),
        ("ledger", _("Ledger")),
    ]
    return [
        {"label": label, "url": f"/{key}", "active": here == key, "badge": 12 if key == "inbox" else 0}
        for key, label in rows
    ]


if __name__ == "__main__":
    create_gallery().run(port=8123, threaded=True)
