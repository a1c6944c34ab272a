"""Pages of shift calendars: the list, and one with what it means. A manager edits them."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.db import session
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _
from core.web import actor, blueprint, gate
from workflows import calendar_forms as forms
from workflows import calendar_queries as queries
from workflows import calendar_showing as showing
from workflows.calendar_forms import Typed
from workflows.calendar_models import ShiftCalendar
from workflows.calendar_ops import save_calendar
from workflows.calendar_texts import special_days
from workflows.permissions import P

Answer = str | tuple[str, int] | Response
bp = blueprint("calendars", __name__)


@bp.get("/admin/calendars")
@gate(P.MANAGE_PIPELINES)
def index() -> str:
    """Every calendar, its week, who works by it, and whether somebody works now."""
    found = session.scalars(queries.calendars()).all()
    rows = [
        {
            "row": row,
            "name": showing.calendar_name(row),
            "week": showing.week_words(row.week),
            "coming": showing.coming(row),
            "now": showing.now_words(row.value),
        }
        for row in found
    ]
    return render_template("calendars/index.html", rows=rows, bare=_bare())


def _bare() -> list[str]:
    """The names of the sites that no calendar was given to: they work by the centre's."""
    return [site.name for site, row in session.execute(queries.sites_with_calendars()) if row is None]


@bp.get("/admin/calendars/new")
@gate(P.MANAGE_PIPELINES)
def new() -> Answer:
    """The form of a calendar that is not there yet."""
    return _page(None, forms.blank())


@bp.post("/admin/calendars/new")
@gate(P.MANAGE_PIPELINES)
def create() -> Answer:
    """Save a new calendar, fill a template in, or only show what it means."""
    return _taken(None, forms.typed(request.form, None))


@bp.get("/admin/calendars/<slug>")
@gate(P.MANAGE_PIPELINES)
def show(slug: str) -> Answer:
    """A calendar, to read and to change."""
    row = _found(slug)
    return _page(row, forms.stored(row))


@bp.post("/admin/calendars/<slug>")
@gate(P.MANAGE_PIPELINES)
def change(slug: str) -> Answer:
    """Save a calendar, fill a template in, or only show what it means."""
    row = _found(slug)
    return _taken(row, forms.typed(request.form, slug))


def _found(slug: str) -> ShiftCalendar:
    row = session.scalar(queries.calendar_by_slug(slug))
    if row is None:
        raise NotFound(_("There is no calendar %(slug)s.", slug=slug))
    return row


def _taken(row: ShiftCalendar | None, form: Typed) -> Answer:
    """Do with what was typed what the pressed button says; nothing of it is ever lost."""
    if "fill" in request.form:
        return _page(row, form.filled(request.form["fill"]), unsaved=True)
    try:
        week, days = forms.read(form)
        if request.form.get("verb") == "look":
            return _page(row, form, unsaved=True)
        saved = save_calendar(
            actor(),
            form.slug,
            name=form.name,
            timezone=form.timezone,
            week=week,
            exceptions=days,
            active=form.active,
            sites=None if form.slug == queries.CENTRE else form.sites,
            seen=form.seen,
        )
    except Invalid as error:
        return _page(row, form, errors=error.errors), 422
    except Conflict as error:
        return _page(row, forms.seen_now(form, row), errors={"slug" if row is None else "name": error.sentence}), 409
    flash(_("%(name)s was saved.", name=showing.calendar_name(saved)), "success")
    return redirect(url_for("calendars.show", slug=saved.slug), 303)


def _page(
    row: ShiftCalendar | None, form: Typed, *, errors: dict[str, str] | None = None, unsaved: bool = False
) -> str:
    value = forms.calendar_in(form)
    special = special_days(form.exceptions) if value is not None else {}
    common, others = showing.zones()
    return render_template(
        "calendars/show.html",
        row=row,
        name=showing.calendar_name(row) if row else "",
        form=form,
        errors=errors or {},
        unsaved=unsaved,
        days=list(zip(forms.DAYS, showing.weekdays(), form.week, strict=True)),
        templates=[(code, label) for code, (label, _week) in forms.TEMPLATES.items()],
        common_zones=common,
        other_zones=others,
        sites=_sites(row),
        is_centre=row is not None and row.slug == queries.CENTRE,
        bare=_bare(),
        next_days=showing.next_days(value, special) if value is not None else [],
        hours=showing.HOURS,
        examples=showing.examples(value, special) if value is not None else [],
    )


def _sites(row: ShiftCalendar | None) -> list[dict[str, Any]]:
    """Every site to tick, and the other calendar it has now."""
    return [
        {
            "slug": site.slug,
            "name": site.name,
            "other": showing.calendar_name(given) if given is not None and given is not row else "",
        }
        for site, given in session.execute(queries.sites_with_calendars())
    ]
