"""The manager's page on numbers of people in texts."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core.errors import Invalid
from core.i18n import _
from core.web import actor, blueprint, gate
from wiki.articles import personal_policy
from wiki.articles.kinds import KINDS
from wiki.articles.permissions import P
from wiki.articles.personal import LABELS, Kind
from wiki.articles.personal_models import Level
from wiki.articles.personal_policy import PUBLIC

bp = blueprint("personal", __name__)


@bp.get("/admin/personal-data")
@gate(P.MANAGE_ARTICLES)
def show() -> Any:
    """What is asked of texts with numbers of people in them, and which numbers are nobody's."""
    return _page()


def _page(errors: dict[str, str] | None = None, typed: dict[str, str] | None = None, status: int = 200) -> Any:
    page = render_template(
        "articles/personal.html",
        columns=[(PUBLIC, _("Public texts"))] + [(kind.code, kind.label) for kind in KINDS.values()],
        rows=list(LABELS.items()),
        rules=personal_policy.rules(),
        levels=level_words(),
        exceptions=personal_policy.exceptions(),
        errors=errors or {},
        typed=typed or {},
    )
    return page, status


def level_words() -> list[tuple[str, str]]:
    """(code, words) of what may be chosen."""
    return [
        (Level.OFF.value, _("leave it")),
        (Level.WARN.value, _("warn")),
        (Level.MUST.value, _("must mask")),
    ]


@bp.post("/admin/personal-data")
@gate(P.MANAGE_ARTICLES)
def save() -> Any:
    """Keep what was chosen."""
    chosen = {}
    for kind in (*KINDS, PUBLIC):
        for finding in Kind:
            level = request.form.get(f"{kind}-{finding.value}", "")
            if level in list(Level):
                chosen[kind, finding] = Level(level)
    personal_policy.choose(actor(), chosen)
    flash(_("Saved. It holds for everything that is submitted from now on."), "success")
    return redirect(url_for(".show"))


@bp.post("/admin/personal-data/numbers")
@gate(P.MANAGE_ARTICLES)
def allow() -> Any:
    """A number is nobody's."""
    form = request.form
    try:
        personal_policy.allow(actor(), form.get("number", ""), form.get("note", ""))
    except Invalid as error:
        return _page(error.errors, form.to_dict(), 422)
    flash(_("Saved. This number is no longer found."), "success")
    return redirect(url_for(".show"))


@bp.post("/admin/personal-data/numbers/<int:exception_id>/remove")
@gate(P.MANAGE_ARTICLES)
def disallow(exception_id: int) -> Any:
    """A number is found again."""
    personal_policy.disallow(actor(), exception_id)
    flash(_("Removed. This number is found again."), "success")
    return redirect(url_for(".show"))
