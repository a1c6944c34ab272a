"""What contributions earn: the rules with their dates, a change of one, and what last month would have been under it."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from accounts.models import User
from core import clock
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _, choose_zone
from core.permissions import can
from core.web import actor, blueprint, gate
from wiki.scoring import registry, ruling
from wiki.scoring.models import ScoringRule
from wiki.scoring.naming import UNIT_NAMES, rule_name
from wiki.scoring.permissions import P
from wiki.scoring.preview import Preview, preview, teams_of
from wiki.scoring.rules import Rule, Unit
from wiki.scoring.ruling import Terms, terms_of

bp = blueprint("scoring_rules", __name__, url_prefix="/admin/scoring")
FIELDS = ("points", "quality", "split", "cap_per_day", "cap_per_month")
SHOWN = 200  # people of a preview


def standing(rule: ScoringRule, today: date) -> str:
    """past, now or coming."""
    if rule.valid_to is not None and rule.valid_to < today:
        return "past"
    return "coming" if rule.valid_from > today else "now"


def _today() -> date:
    return clock.today(choose_zone())


def all_rules() -> list[ScoringRule]:
    """Every version of every rule, by unit, type and code, the oldest version first."""
    found = sa.select(ScoringRule).order_by(
        ScoringRule.unit.desc(), ScoringRule.event, ScoringRule.code, ScoringRule.valid_from
    )
    return list(session.scalars(found))


@bp.get("")
@gate(P.SEE_RULES)
def index() -> str:
    """The rules by type of act: what holds now, what is coming, what was."""
    today = _today()
    by_code: dict[str, list[ScoringRule]] = defaultdict(list)
    for row in all_rules():
        by_code[row.code].append(row)
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for code, rows in by_code.items():
        sorted_out = {state: [row for row in rows if standing(row, today) == state] for state in ("past", "now", "coming")}
        now = sorted_out["now"][0] if sorted_out["now"] else None
        groups[rows[0].event].append(
            {"code": code, "name": rule_name(code), "now": now, "coming": sorted_out["coming"],
             "past": len(sorted_out["past"]), "unit": UNIT_NAMES[rows[0].unit]}
        )  # fmt: skip
    known = registry.sources()
    order = [event for event in known if event in groups] + [event for event in groups if event not in known]
    for event in order:
        groups[event].sort(key=lambda one: (-(one["now"].points if one["now"] else 0), one["code"]))
    return render_template(
        "scoring/rules.html",
        groups=[(known[event].label if event in known else event, groups[event]) for event in order],
        coming=any(one["coming"] for rows in groups.values() for one in rows),
        may_set=can(actor(), P.SET_RULES),
        month=_last_month(),
    )


def _last_month() -> str:
    first = _today().replace(day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


@bp.get("/<code>")
@gate(P.SET_RULES)
def show(code: str) -> str:
    """One rule with its versions, who changed it, and a form for the next change."""
    return _page(code, {}, {})


def _page(code: str, errors: Mapping[str, str], typed: Mapping[str, Any]) -> str:
    rows = ruling.versions(code)
    if not rows:
        raise NotFound(_("There is no rule %(code)s.", code=code))
    today, last = _today(), rows[-1]
    return render_template(
        "scoring/rule.html",
        code=code,
        name=rule_name(code),
        unit=UNIT_NAMES[last.unit],
        versions=[(row, standing(row, today)) for row in reversed(rows)],
        trail=ruling.told(code),
        typed=typed or {**_texts(terms_of(last)), "since": str(today + timedelta(days=1))},
        errors=errors,
        tomorrow=str(today + timedelta(days=1)),
        ended=last.valid_to is not None and last.valid_to < today,
        month=_last_month(),
    )


def _texts(terms: Terms) -> dict[str, Any]:
    return {
        "points": f"{terms.points:.2f}",
        "quality": terms.quality,
        "split": terms.split,
        "cap_per_day": "" if terms.cap_per_day is None else f"{terms.cap_per_day:.2f}",
        "cap_per_month": "" if terms.cap_per_month is None else f"{terms.cap_per_month:.2f}",
    }


def _terms(given: Mapping[str, str]) -> Terms:
    points = ruling.amount(given.get("points", ""), "points")
    assert points is not None
    return Terms(
        points,
        given.get("quality") == "1",
        given.get("split") == "1",
        ruling.amount(given.get("cap_per_day", ""), "cap_per_day", needed=False),
        ruling.amount(given.get("cap_per_month", ""), "cap_per_month", needed=False),
    )


def _day(given: str, name: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise Invalid({name: _("Choose a day.")}) from None


@bp.post("/<code>")
@gate(P.SET_RULES)
def change(code: str) -> Any:
    """From a day on the rule pays otherwise."""
    form = request.form
    try:
        made = ruling.change_rule(
            code, _terms(form), since=_day(form.get("since", ""), "since"), actor=actor(), reason=form.get("reason", "")
        )
    except Invalid as error:
        return _page(code, error.errors, {**form.to_dict(), **_ticks(form)}), 422
    flash(_("Saved: it holds from %(day)s on. What was earned before stays.", day=str(made.valid_from)), "success")
    return redirect(url_for(".show", code=code), 303)


def _ticks(form: Mapping[str, str]) -> dict[str, bool]:
    return {name: form.get(name) == "1" for name in ("quality", "split")}


@bp.post("/<code>/end")
@gate(P.SET_RULES)
def end(code: str) -> Any:
    """After a day it pays nothing more."""
    try:
        ruling.end_rule(code, last=_day(request.form.get("last", ""), "last"), actor=actor(), reason=request.form.get("reason", ""))
    except Invalid as error:
        return _page(code, {"last": next(iter(error.errors.values()))}, {}), 422
    flash(_("Saved: the rule ends on that day."), "success")
    return redirect(url_for(".show", code=code), 303)


@bp.post("/versions/<int:rule_id>/call-off")
@gate(P.SET_RULES)
def call_off(rule_id: int) -> Response:
    """A change that was to come does not."""
    rule = session.get(ScoringRule, rule_id)
    if rule is None:
        raise NotFound(_("There is no such rule any more."))
    code = rule.code
    ruling.call_off(rule, actor())
    flash(_("Called off; the rule before it goes on."), "success")
    return redirect(url_for(".show", code=code) if ruling.versions(code) else url_for(".index"), 303)


@bp.get("/new")
@gate(P.SET_RULES)
def new() -> str:
    """A form for a rule of a type, or of a kind of it, that has none of its own."""
    return _new_page({}, {"since": str(_today() + timedelta(days=1))})


def _new_page(errors: Mapping[str, str], typed: Mapping[str, Any]) -> str:
    return render_template(
        "scoring/new_rule.html", errors=errors, typed=typed,
        events=[(event, source.label) for event, source in registry.sources().items()],
        units=[(unit.value, UNIT_NAMES[unit]) for unit in Unit],
    )  # fmt: skip


@bp.post("/new")
@gate(P.SET_RULES)
def add() -> Any:
    """A type of act earns from a day on."""
    form = request.form
    try:
        made = ruling.add_rule(
            actor(), form.get("event", ""), form.get("variant", ""), _terms(form),
            since=_day(form.get("since", ""), "since"), reason=form.get("reason", ""),
            unit=Unit(form["unit"]) if form.get("unit") in set(Unit) else Unit.POINTS,
        )  # fmt: skip
    except Invalid as error:
        return _new_page(error.errors, {**form.to_dict(), **_ticks(form)}), 422
    flash(_("Saved: it holds from %(day)s on. What was earned before stays.", day=str(made.valid_from)), "success")
    return redirect(url_for(".show", code=made.code), 303)


# ── last month under these rules ─────────────────────────────────────────────────────────────────────────────────────


@bp.post("/<code>/try")
@gate(P.SET_RULES)
def try_out(code: str) -> Any:
    """What was typed, as an address that shows what it would do. Nothing is stored."""
    try:
        terms = _terms(request.form)
    except Invalid as error:
        return _page(code, error.errors, {**request.form.to_dict(), **_ticks(request.form)}), 422
    given = {name: ("1" if value is True else value) for name, value in _texts(terms).items() if value}
    return redirect(url_for(".show_preview", code=code, since=request.form.get("since") or None, **given), 303)


@bp.get("/preview")
@gate(P.SET_RULES)
def show_preview() -> str:
    """A month that is over, reckoned under other rules: per person and team, down to the acts."""
    month, drafts = request.args.get("month") or _last_month(), _drafts()
    whose = session.scalar(sa.select(User).where(User.username == request.args.get("user", "")))
    found = preview(month, drafts, lines_of=whose.id if whose else None)
    people = _people(found)
    gains = [one for one in people if one["balance"].change > 0]
    losses = [one for one in people if one["balance"].change < 0][::-1]
    return render_template(
        "scoring/preview.html",
        month=month,
        months=_months(),
        whole=found.whole,
        teams=teams_of(found),
        people=people[:SHOWN],
        more=max(0, len(people) - SHOWN),
        gains=gains[:3],
        losses=losses[:3],
        whose=whose,
        lines=[(line, rule_name(line.rule), line.after - line.before) for line in found.lines],
        drafts=[(rule_name(code), rule) for code, rule in drafts.items()],
        code=request.args.get("code"),
    )


def _drafts() -> dict[str, Rule | None]:
    """The rules of the address, with those that are to come when it asks for them."""
    found: dict[str, Rule | None] = {}
    today = _today()
    if request.args.get("coming") == "1":
        found |= {row.code: row.rule for row in all_rules() if standing(row, today) == "coming"}
    code = request.args.get("code")
    rows = ruling.versions(code) if code else []
    if code and not rows:
        raise NotFound(_("There is no rule %(code)s.", code=code))
    if rows and code:
        row, terms = rows[-1], _terms(request.args)
        found[code] = Rule(
            row.id, code, row.event, row.variant, terms.points, row.unit, terms.quality, terms.split, terms.cap_per_day,
            row.valid_from, None, terms.cap_per_month,
        )  # fmt: skip
    return found


def _people(found: Preview) -> list[dict[str, Any]]:
    """Everybody, who gains most first."""
    names = {
        row.id: row
        for row in session.execute(sa.select(User.id, User.username, User.name).where(User.id.in_(found.people)))
    }
    rows = [
        {"name": names[who].name, "username": names[who].username, "balance": balance}
        for who, balance in found.people.items()
        if who in names and (balance.before or balance.after)
    ]
    return sorted(rows, key=lambda one: (-one["balance"].change, one["name"]))


def _months() -> list[str]:
    """The months that may be looked at: the running one and twelve before it."""
    first, out = _today().replace(day=1), []
    for _n in range(13):
        out.append(f"{first:%Y-%m}")
        first = (first - timedelta(days=1)).replace(day=1)
    return out

