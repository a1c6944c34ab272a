"""Templates of cards: what a person's, a team's, the centre's card holds from a day on."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core import clock
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _, choose_zone, local
from core.web import actor, gate
from wiki.kpi import ops, queries, showing
from wiki.kpi.catalogue import PERSPECTIVES
from wiki.kpi.models import CardTemplate, SubjectKind
from wiki.kpi.periods import of_moment
from wiki.kpi.permissions import P
from wiki.kpi.rules import Direction
from wiki.kpi.template_forms import Typed, is_whole, read, typed_of, understood, with_room
from wiki.kpi.views import bp


@bp.get("/admin/kpi/templates", endpoint="templates")
@gate(P.CHANGE_CARDS)
def index() -> str:
    """Every template of every kind of card: planned, in force, past."""
    today = local(clock.now()).date()
    names = showing.kind_names()
    kinds = []
    for kind in (SubjectKind.PERSON, SubjectKind.TEAM, SubjectKind.CENTRE):
        rows = list(session.scalars(queries.templates(kind)))
        now = next((row for row in rows if row.valid_from <= today), None)
        kinds.append(
            {"kind": kind.value, "name": names[kind.value], "rows": [_listed(row, now, today) for row in rows]}
        )
    return render_template("kpi/templates.html", kinds=kinds, spans=showing.span_names())


def _listed(row: CardTemplate, now: CardTemplate | None, today: Any) -> dict[str, Any]:
    return {
        "row": row,
        "state": "now" if row is now else "planned" if row.valid_from > today else "past",
        "perspectives": [
            {
                "name": showing.perspective_name(p.key),
                "weight": showing.short(f"{p.weight:.2f}"),
                "lines": [
                    {
                        "name": showing.indicator_name(line.indicator.code, line.indicator.name),
                        "code": line.indicator.code,
                        "weight": showing.short(f"{line.weight:.2f}"),
                        "target": showing.with_unit(line.target, line.indicator.unit.value),
                        "span": line.span.value,
                    }
                    for line in p.lines
                ],
            }
            for p in row.perspectives
        ],
    }


def _kind(text: str) -> SubjectKind:
    if text not in set(SubjectKind):
        raise NotFound(_("There is no such card."))
    return SubjectKind(text)


@bp.get("/admin/kpi/templates/<kind>", endpoint="new_template")
@gate(P.CHANGE_CARDS)
def begin(kind: str) -> str:
    """The form, filled with the newest template; it holds from the first of the next month."""
    found = session.scalars(queries.templates(_kind(kind)).limit(1)).first()
    month = of_moment(clock.now(), choose_zone()).step(1).first_day
    since = max(month, found.valid_from) if found else month
    return _form(_kind(kind), typed_of(found, since), {})


def _form(kind: SubjectKind, typed: Typed, errors: dict[str, str]) -> str:
    usable = [row for row in session.scalars(queries.catalogue()) if row.retired_at is None]
    units = showing.unit_names()
    return render_template(
        "kpi/template_form.html",
        kind=kind.value,
        name=showing.kind_names()[kind.value],
        typed=typed,
        errors=errors,
        known={key: str(name) for key, name in PERSPECTIVES.items()},
        indicators=[
            (row.code, f"{showing.words(row).name} ({units[row.unit.value]})")
            for row in usable
            if row.direction is not Direction.NONE
        ],
        spans=list(showing.span_names().items()),
        is_whole=is_whole,
    )


@bp.post("/admin/kpi/templates/<kind>", endpoint="save_template")
@gate(P.CHANGE_CARDS)
def save(kind: str) -> Any:
    """From a day on, cards look like this – or, with ``more``, the same form with room for more lines."""
    typed = read(request.form)
    if request.form.get("more"):
        return _form(_kind(kind), with_room(typed), {})
    try:
        draft = understood(typed)
        made = ops.make_template(actor(), _kind(kind), draft.valid_from, draft.shape, floor=draft.floor, cap=draft.cap)
    except Invalid as error:
        return _form(_kind(kind), with_room(typed), error.errors), 422
    flash(_("From %(day)s on cards look like this.", day=made.valid_from.isoformat()), "success")
    return redirect(url_for("kpi.templates"), 303)
