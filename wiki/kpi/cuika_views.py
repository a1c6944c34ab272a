"""Is this figure fit to judge anybody by, and what is done where it missed? The board, its rows, actions."""

from datetime import date
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask import g as scratch

from accounts.queries import person
from core import clock
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _, choose_zone
from core.permissions import can, require
from core.tables import TYPES
from core.web import actor, blueprint, gate
from wiki.kpi import cuika, cuika_queries, cuika_showing, queries, showing
from wiki.kpi.cuika_models import KpiAction
from wiki.kpi.cuika_ops import aim_of, close_action, figure, make_action
from wiki.kpi.cuika_permissions import P
from wiki.kpi.cuika_rules import LEAST_KEPT, UNBROKEN_MONTHS, ActionState, value_of
from wiki.kpi.models import Indicator
from wiki.kpi.periods import Period, Span, of_moment, parse
from wiki.kpi.permissions import P as Cards
from wiki.kpi.subjects import Subject, find
from workflows.figure_pages import download

bp = blueprint("cuika", __name__)


def _month() -> Period:
    """The month of ``?period=``; the last whole one by default.

    Raises:
        NotFound: it is no month, or it is not over yet.
    """
    running = of_moment(clock.now(), choose_zone())
    text = request.args.get("period")
    if not text:
        return running.step(-1)
    try:
        found = parse(text)
    except Invalid as error:
        raise NotFound(error.sentence) from None
    if found.span is not Span.MONTH or not found.is_over(clock.now(), choose_zone()):
        raise NotFound(_("Choose a month that is over."))
    return found


def _head(month: Period) -> dict[str, Any]:
    running = of_moment(clock.now(), choose_zone())
    return {
        "period": str(month),
        "period_label": showing.period_name(month),
        "previous": str(month.step(-1)),
        "next": str(month.step(1)) if month.step(1) != running else None,
        "may_act": can(actor(), P.MAKE_ACTION),
        "showing": cuika_showing,
        "months_needed": UNBROKEN_MONTHS,
        "months_looked_at": cuika.HISTORY,
        "months_kept": LEAST_KEPT,
    }


@bp.get("/admin/kpi/cuika")
@gate(P.READ_CUIKA)
def show() -> str:
    """Every indicator and its five judgements."""
    month = _month()
    found = cuika.board(actor(), month)
    return render_template("kpi/cuika.html", board=found, open_actions=_open(), **_head(month))


def _open() -> int:
    return len(_visible(session.scalars(cuika_queries.mine(actor().id))))


@bp.get("/admin/kpi/cuika/export")
@gate(P.READ_CUIKA)
def export() -> Response:
    """The board and every list behind it as an Excel workbook; one list as CSV."""
    month = _month()
    tables = cuika_showing.sheets(cuika.board(actor(), month))
    form, table = request.args.get("form", "xlsx"), request.args.get("table", "board")
    if form not in TYPES or table not in tables:
        raise NotFound(_("There is no such table."))
    return download(tables, f"cuika-{month}", table, form)


@bp.get("/admin/kpi/cuika/<code>")
@gate(P.READ_CUIKA)
def indicator(code: str) -> str:
    """One indicator: the rows behind each judgement."""
    month = _month()
    found = cuika.board(actor(), month, code=code)
    if not found.rows:
        raise NotFound(_("There is no indicator %(code)s on a scorecard of that month.", code=code))
    return render_template(
        "kpi/cuika_indicator.html",
        row=found.rows[0],
        circle=found.circle,
        today=clock.today(choose_zone()),
        **_head(month),
    )


# ── actions ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _missed(code: str) -> tuple[Indicator, Subject, Period]:
    """What the action is about: the indicator, whose figure, of which period."""
    found = queries.indicator(code)
    if found is None:
        raise NotFound(_("There is no indicator %(code)s.", code=code))
    values = request.values
    try:
        period = parse(values.get("of") or "")
    except Invalid as error:
        raise NotFound(error.sentence) from None
    return found, find(values.get("subject") or "", actor()), period


@bp.get("/admin/kpi/cuika/<code>/act")
@gate(P.MAKE_ACTION)
def act(code: str) -> str:
    """The form of a new action on a miss."""
    return _act(code, {}, {})


def _act(code: str, typed: dict[str, Any], errors: dict[str, Any]) -> str:
    found, subject, period = _missed(code)
    aim = aim_of(found, subject, period)
    reached = value_of(figure(found, subject.key, period), found.unit)
    return render_template(
        "kpi/cuika_act.html",
        indicator=found,
        name=cuika_showing.indicator_name(found),
        subject=showing.subject_name(subject),
        address=subject.address,
        of=str(period),
        of_label=showing.period_name(period),
        reached=cuika_showing.value(reached, found),
        target=cuika_showing.target(aim.target, found) if aim else "–",
        people=[(user.username, user.name) for user in session.scalars(cuika_queries.owners())],
        today=clock.today(choose_zone()),
        typed=typed,
        errors=errors,
    )


@bp.post("/admin/kpi/cuika/<code>/act")
@gate(P.MAKE_ACTION)
def make(code: str) -> Any:
    """A new action on a miss."""
    found, subject, period = _missed(code)
    form = request.form
    try:
        made = make_action(
            actor(),
            found,
            subject,
            period,
            what=form.get("what", ""),
            owner=session.scalar(person(form.get("owner", ""))),
            due_on=_day(form.get("due_on", "")),
        )
    except Invalid as error:
        return _act(code, form.to_dict(), error.errors), 422
    flash(_("%(name)s was told about it.", name=made.owner.name), "success")
    return redirect(url_for(".action", action_id=made.id), 303)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.min


@bp.get("/kpi/actions")
@gate(Cards.OPEN_CARDS)
def actions() -> str:
    """What I am to do about misses; and, for those who lead, everything that is being done."""
    today = clock.today(choose_zone())
    mine = list(session.scalars(cuika_queries.mine(actor().id)))
    every = _visible(session.scalars(cuika_queries.newest())) if can(actor(), P.READ_CUIKA) else []
    return render_template(
        "kpi/cuika_actions.html",
        mine=[_line(one, today) for one in mine],
        every=[_line(one, today) for one in every],
        may_read=can(actor(), P.READ_CUIKA),
    )


def _visible(found: Any) -> list[KpiAction]:
    return [one for one in found if can(actor(), P.SEE_ACTION, one)]


def _line(one: KpiAction, today: date) -> dict[str, Any]:
    return {**cuika_showing.action_line(one, today), **_about(one)}


def _about(one: KpiAction) -> dict[str, str]:
    subject = cuika_queries.subject(one.key)
    return {"indicator": cuika_showing.indicator_name(one.indicator), "subject": showing.subject_name(subject)}


@bp.get("/kpi/actions/<int:action_id>")
@gate(Cards.OPEN_CARDS)
def action(action_id: int) -> str:
    """One action: what, who, until when, what came of it, and what the figures did since."""
    return _action(action_id, {}, {})


def _action(action_id: int, typed: dict[str, Any], errors: dict[str, Any]) -> str:
    found = session.get(KpiAction, action_id)
    if found is None:
        raise NotFound(_("There is no such action."))
    require(actor(), P.SEE_ACTION, found)
    subject = cuika_queries.subject(found.key)
    return render_template(
        "kpi/cuika_action.html",
        action=found,
        line=_line(found, clock.today(choose_zone())),
        card_url=showing.card_url(subject, found.period) if subject.slug else None,
        effect=cuika_showing.effect_of(found),
        open=found.state is ActionState.OPEN,
        may_close=can(actor(), P.CLOSE_ACTION, found),
        typed=typed,
        errors=errors,
    )


@bp.post("/kpi/actions/<int:action_id>/close")
@gate(Cards.OPEN_CARDS)
def close(action_id: int) -> Any:
    """Done, or dropped with the reason."""
    wanted = request.form.get("state", "")
    state = ActionState(wanted) if wanted in set(ActionState) else ActionState.OPEN
    try:
        close_action(actor(), action_id, state, result=request.form.get("result", ""))
    except Invalid as error:
        return _action(action_id, request.form.to_dict(), error.errors), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".action", action_id=action_id), 303)


def beside_a_miss(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """A panel: the actions on a figure, beside it on the card. The card's page asks for each of its lines."""
    subject, period, code = context["subject"], context["period"], context["code"]
    held: dict[str, Any] = scratch.setdefault("actions_of_cards", {})
    key = f"{subject.address} {period}"
    if key not in held:
        held[key] = list(session.scalars(cuika_queries.actions_on(subject.key, period)))
    found = [one for one in held[key] if one.indicator.code == code]
    if not found:
        return None
    today = clock.today(choose_zone())
    lines = [
        {**cuika_showing.action_line(one, today), "visible": can(actor(), P.SEE_ACTION, one)} for one in found
    ]  # fmt: skip
    return "kpi/_actions.html", {"lines": lines}
