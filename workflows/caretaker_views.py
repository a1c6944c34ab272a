"""``/admin/caretakers``: the category tree, and who looks after each."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from accounts.models import User
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _
from core.web import actor, blueprint, gate
from workflows import caretakers, subjects
from workflows.permissions import P

bp = blueprint("caretakers", __name__)


@bp.get("/admin/caretakers")
@gate(P.MANAGE_PIPELINES)
def show() -> str:
    """Every category with its people; ``edit`` names the one that is being changed."""
    return _page(request.args.get("edit", ""))


@bp.post("/admin/caretakers/<category>")
@gate(P.MANAGE_PIPELINES)
def save(category: str) -> Any:
    """Exactly the people who are ticked look after this category."""
    usernames = request.form.getlist("people")
    try:
        caretakers.save_caretakers(actor(), category, usernames)
    except Invalid as error:
        return _page(category, ticked=usernames, error=error.sentence), 422
    label = next(label for code, label, _path in subjects.categories() if code == category)
    flash(_("Saved: %(name)s", name=label), "success")
    return redirect(url_for(".show") + f"#c-{category}", code=303)


def _page(edited: str, *, ticked: list[str] | None = None, error: str = "") -> str:
    named = subjects.categories()
    if edited and all(code != edited for code, _label, _path in named):
        raise NotFound(_("There is no such category."))
    kept = caretakers.every()
    mine = [user.username for user in kept.get(edited, [])] if ticked is None else ticked
    labels = {code: label for code, label, _path in named}
    return render_template(
        "workflows/caretakers.html",
        rows=[_row(code, path, kept, labels) for code, _label, path in named],
        edited=edited,
        people=session.scalars(caretakers.candidates()).all() if edited else [],
        ticked=mine,
        error=error,
    )


def _row(code: str, path: str, kept: dict[str, list[User]], labels: dict[str, str]) -> dict[str, Any]:
    """A category as the page lists it: its own people, else those of the nearest one above it, and whose they are."""
    above = path.split("/")[:-1]
    source = next((step for step in reversed(above) if step in kept), None)
    return {
        "code": code,
        "label": labels[code],
        "depth": len(above),
        "own": kept.get(code, []),
        "inherited": kept[source] if source and code not in kept else [],
        "source": labels.get(source) if source else None,
    }
