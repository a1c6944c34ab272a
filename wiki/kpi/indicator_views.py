"""Indicators: the list of those who keep them, the form, and the page on which anybody reads what one means."""

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core import charts, clock
from core.actors import Actor
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _, choose_zone, local
from core.permissions import can
from core.web import actor, gate, paginate
from wiki.kpi import figures, indicators, queries, record, showing
from wiki.kpi.models import CardTemplate, Indicator, SubjectKind
from wiki.kpi.periods import Span, of_moment
from wiki.kpi.permissions import P
from wiki.kpi.subjects import Subject, find
from wiki.kpi.views import bp, cards_of

SHOWN = {Span.MONTH: 12, Span.QUARTER: 8, Span.HALF: 6}  # periods of the history
FIELDS = ("name", "about", "numerator", "denominator", "unit", "direction", "span")


def _names() -> dict[str, Any]:
    return {
        "units": showing.unit_names(),
        "directions": showing.direction_names(),
        "origins": showing.origin_names(),
        "spans": showing.span_names(),
        "kinds": showing.kind_names(),
    }


@bp.get("/admin/kpi/indicators", endpoint="indicators")
@gate(P.CHANGE_CARDS)
def catalogue() -> str:
    """The catalogue of indicators."""
    today = local(clock.now()).date()
    own = {kind: queries.targets(kind, today) for kind in SubjectKind}
    cards = {kind: queries.template_on(kind, today) for kind in SubjectKind}
    rows = session.scalars(queries.catalogue())
    return render_template(
        "kpi/indicators.html",
        rows=[_listed(row, own, cards) for row in rows],
        latest=queries.newest_periods(),
        **_names(),
    )


def _listed(
    row: Indicator, own: dict[SubjectKind, queries.Targets], cards: dict[SubjectKind, CardTemplate | None]
) -> dict[str, Any]:
    goals: dict[str, str] = {}
    for kind, template in cards.items():
        goal = figures.target_in(row.id, template, own[kind])
        if goal is not None:
            goals[kind.value] = showing.with_unit(goal, row.unit.value) or ""
    return {
        "row": row,
        "words": showing.words(row),
        "goals": goals,
        "same": next(iter(goals.values())) if len(set(goals.values())) == 1 else None,
    }


@bp.get("/admin/kpi/indicators/new", endpoint="new_indicator")
@gate(P.CHANGE_CARDS)
def begin() -> str:
    """The form for another indicator."""
    typed = {"unit": "percent", "direction": "up", "span": "month", "owner": actor().username}
    return _form(None, typed, {})


def _form(row: Indicator | None, typed: dict[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "kpi/indicator_form.html",
        row=row,
        words=showing.words(row) if row else None,
        typed=typed,
        errors=errors,
        targets=session.scalars(queries.targets_of(row.id)).all() if row else [],
        cards=indicators.cards_with(row) if row else [],
        today=local(clock.now()).date(),
        **_names(),
    )


@bp.post("/admin/kpi/indicators/new", endpoint="add_indicator")
@gate(P.CHANGE_CARDS)
def add() -> Any:
    """Add an indicator."""
    form = request.form.to_dict()
    try:
        row = indicators.save(actor(), form.get("code", ""), form, new=True)
    except Invalid as error:
        return _form(None, form, error.errors), 422
    flash(_("Saved: %(name)s", name=row.name), "success")
    return redirect(url_for("kpi.edit_indicator", code=row.code), 303)


@bp.get("/admin/kpi/indicators/<code>", endpoint="edit_indicator")
@gate(P.CHANGE_CARDS)
def edit(code: str) -> str:
    """Words, period, owner and targets of an indicator."""
    row = indicators.find(code)
    return _form(row, _typed(row), {})


def _typed(row: Indicator) -> dict[str, str]:
    return {**{name: str(getattr(row, name)) for name in FIELDS}, "owner": row.owner.username if row.owner else ""}


@bp.post("/admin/kpi/indicators/<code>", endpoint="save_indicator")
@gate(P.CHANGE_CARDS)
def save(code: str) -> Any:
    """Keep the words."""
    row, form = indicators.find(code), request.form.to_dict()
    try:
        indicators.save(actor(), code, form)
    except Invalid as error:
        return _form(row, {**_typed(row), **form}, error.errors), 422
    flash(_("Saved: %(name)s", name=showing.words(row).name), "success")
    return redirect(url_for("kpi.edit_indicator", code=code), 303)


@bp.post("/admin/kpi/indicators/<code>/target", endpoint="set_target")
@gate(P.CHANGE_CARDS)
def set_target(code: str) -> Any:
    """Another target from a day on."""
    row, form = indicators.find(code), request.form.to_dict()
    try:
        made = indicators.set_target(
            actor(), row, form.get("target", ""), _day(form), kind=form.get("kind", ""), why=form.get("why", "")
        )
    except Invalid as error:
        return _form(row, {**_typed(row), **form}, error.errors), 422
    flash(_("The target holds from %(day)s on.", day=made.valid_from.isoformat()), "success")
    return redirect(url_for("kpi.edit_indicator", code=code), 303)


def _day(form: dict[str, str]) -> date:
    try:
        return date.fromisoformat(form.get("since", "").strip())
    except ValueError:
        raise Invalid({"since": _("Write a day like 2026-11-30.")}) from None


@bp.post("/admin/kpi/indicators/<code>/retire", endpoint="retire_indicator")
@gate(P.CHANGE_CARDS)
def retire(code: str) -> Any:
    """Take an indicator out of use, or back."""
    row = indicators.find(code)
    indicators.retire(actor(), row, back=request.form.get("back") == "1")
    name = showing.words(row).name
    flash(_("%(name)s is out of use.", name=name) if row.retired_at else _("%(name)s is in use.", name=name), "success")
    return redirect(url_for("kpi.edit_indicator", code=code), 303)


# ── what one means ───────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/indicators/<code>", endpoint="indicator")
@gate(P.OPEN_CARDS)
def show(code: str) -> str:
    """What an indicator says, its formula, who owns it, and how it has been for somebody one may see."""
    who, row = actor(), indicators.find(code)
    subject = find(request.args.get("subject") or _own(who), who)
    span = _span(row)
    now = of_moment(clock.now(), choose_zone(), span)
    history = figures.history(row, subject, [now.step(-n) for n in reversed(range(SHOWN[span]))])
    record.opened(who, subject, str(now), code)
    return render_template(
        "kpi/indicator.html",
        row=row,
        words=showing.words(row),
        subject=subject,
        subject_name=showing.subject_name(subject),
        history=[_past(row, figure, subject) for figure in reversed(history)],
        chart=_chart(row, history),
        targets=session.scalars(queries.targets_of(row.id)).all(),
        goals=_goals(row),
        readings=_readings(row, subject),
        others=_others(who, row, subject, span),
        lengths=_lengths(row, subject, span),
        may_keep=can(who, P.CHANGE_CARDS),
        may_correct=can(who, P.BRING_READINGS),
        **_names(),
    )  # fmt: skip


def _others(who: Actor, row: Indicator, subject: Subject, span: Span) -> list[tuple[str, str, bool]]:
    def address(one: Subject) -> str:
        return url_for("kpi.indicator", code=row.code, subject=one.address, span=span.value)

    return [(address(one), showing.subject_name(one), one.key == subject.key) for one in cards_of(who, subject)]


def _own(who: Actor) -> str:
    """Where one looks first: the centre, one's team, oneself."""
    if can(who, P.SEE_CENTRE):
        return "centre"
    return f"team:{who.team_slug}" if who.team_slug else who.username


def _span(row: Indicator) -> Span:
    asked = request.args.get("span") or row.span.value
    if asked not in set(Span):
        raise NotFound(_("There is no such length of a period."))
    return Span(asked)


def _lengths(row: Indicator, subject: Subject, span: Span) -> list[dict[str, Any]]:
    return [
        {
            "label": name,
            "url": url_for("kpi.indicator", code=row.code, subject=subject.address, span=code),
            "active": code == span.value,
        }
        for code, name in showing.span_names().items()
    ]


def _past(row: Indicator, figure: figures.Figure, subject: Subject) -> dict[str, Any]:
    measure = figure.measure
    return {
        "period": str(figure.period),
        "name": showing.period_name(figure.period),
        "numerator": measure.numerator if measure else None,
        "denominator": measure.denominator if measure else None,
        "value": showing.with_unit(f"{figure.value:.2f}", row.unit.value) if figure.value is not None else None,
        "target": showing.with_unit(figure.target, row.unit.value),
        "score": figure.score,
        "url": url_for("kpi.parts", code=row.code, subject=subject.address, period=str(figure.period)),
    }


def _chart(row: Indicator, history: list[figures.Figure]) -> Any:
    if len([figure for figure in history if figure.value is not None]) < 2:
        return None
    name = showing.words(row).name
    series = [charts.Series(name, [figure.value for figure in history])]
    return charts.line(series, [str(one.period) for one in history], title=name, target=history[-1].target)


def _goals(row: Indicator) -> dict[str, str]:
    today = local(clock.now()).date()
    found = {kind.value: figures.target(row, kind, today) for kind in SubjectKind}
    return {kind: showing.with_unit(goal, row.unit.value) or "" for kind, goal in found.items() if goal is not None}


def _readings(row: Indicator, subject: Subject) -> Any:
    return None if row.origin.is_computed else paginate(queries.newest_readings(row.id, subject.key), per=20)
