"""The manager's page of what stands first for a question; also the act beside a search result."""

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core import clock
from core.errors import Invalid
from core.i18n import _, local
from core.web import actor, blueprint, gate
from wiki.articles.permissions import P
from wiki.search import pins

bp = blueprint("pins", __name__)


@bp.get("/admin/search/pins")
@gate(P.MANAGE_ARTICLES)
def show() -> Any:
    """Which articles stand first, for which questions, when and why."""
    return _page()


def _page(errors: dict[str, str] | None = None, typed: dict[str, str] | None = None, status: int = 200) -> Any:
    page = render_template(
        "search/pins.html",
        questions=pins.listed(),
        today=local(clock.now()).date(),
        errors=errors or {},
        typed=typed or {},
    )
    return page, status


@bp.post("/admin/search/pins")
@gate(P.MANAGE_ARTICLES)
def add() -> Any:
    """An article stands first for a question."""
    form = request.form
    try:
        row = pins.pin(
            actor(),
            form.get("question", ""),
            _slug(form.get("article", "")),
            reason=form.get("reason", ""),
            from_on=_day("from_on"),
            until_on=_day("until_on"),
        )
    except Invalid as error:
        return _page(error.errors, form.to_dict(), 422)
    flash(_("“%(title)s” stands first for “%(question)s”.", title=row.article.title, question=row.question), "success")
    return _back()


@bp.post("/admin/search/pins/<int:pin_id>")
@gate(P.MANAGE_ARTICLES)
def change(pin_id: int) -> Any:
    """Why, when, and at which place."""
    form = request.form
    try:
        place = form.get("place", 1, type=int)
        pins.change(
            actor(),
            pin_id,
            reason=form.get("reason", ""),
            from_on=_day("from_on"),
            until_on=_day("until_on"),
            place=place or 1,
        )
    except Invalid as error:
        return _page(error.errors, {}, 422)
    flash(_("Saved."), "success")
    return _back()


@bp.post("/admin/search/pins/<int:pin_id>/remove")
@gate(P.MANAGE_ARTICLES)
def remove(pin_id: int) -> Any:
    """It stands where its words put it."""
    row = pins.unpin(actor(), pin_id)
    flash(_("Removed. For “%(question)s” it stands where its words put it.", question=row.question), "success")
    return _back()


def _back() -> Any:
    """To the results it was done from, else to the list."""
    if question := request.form.get("back", ""):
        return redirect(url_for("search.results", q=question))
    return redirect(url_for(".show"))


def _slug(typed: str) -> str:
    """What of an address, or of a part of it, names the article."""
    return typed.strip().split("?")[0].rstrip("/").rpartition("/")[2]


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid({name: _("Please write the day as year-month-day.")}) from None
