"""My points, the team's board, contributors of the month, badges – and the choice to be in no ranking."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from babel.dates import format_skeleton
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from accounts.models import Team
from core import clock
from core.actors import Actor
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _, choose_zone, get_locale
from core.permissions import can, require
from core.web import actor, blueprint, gate, local_path
from wiki.scoring import boards_queries as found
from wiki.scoring import boards_rules as rules
from wiki.scoring import boards_showing as showing
from wiki.scoring.boards_ops import change_badge, choose
from wiki.scoring.boards_permissions import P
from wiki.scoring.naming import person_choices, rule_name
from wiki.scoring.queries import Filter, by_rule, people_seen_by
from wiki.scoring.rules import NOTHING, Unit
from wiki.scoring.views import whose

bp = blueprint("boards", __name__)
SPANS = {"month": 1, "quarter": 3, "half": 6}


def _today() -> date:
    return clock.today(choose_zone())


def _tabs(here: str, who: Actor) -> list[dict[str, Any]]:
    pages = [("mine", _("My points"), ".mine"), ("contributors", _("Contributors"), ".contributors")]
    if who.team_id is not None or can(who, P.CHANGE_BADGES):
        pages.insert(1, ("team", _("Team"), ".team"))
    pages += [("badges", _("Badges"), ".badges"), ("ledger", _("Entries"), "scoring.show")]
    return [{"label": label, "url": url_for(endpoint), "active": key == here} for key, label, endpoint in pages]


def span_months(today: date, span: str, back: int = 0) -> list[str]:
    """The months of the running month, quarter or half-year, or of the one so many before.

    >>> span_months(date(2026, 11, 22), "quarter", 1)
    ['2026-07', '2026-08', '2026-09']
    """
    length = SPANS[span]
    first = (today.year * 12 + today.month - 1) // length * length - back * length
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(first, first + length)]


def _days(months: list[str], today: date) -> tuple[int, int]:
    """Days of some months that have gone, today among them, and all of them."""
    first = date.fromisoformat(f"{months[0]}-01")
    end = date.fromisoformat(f"{months[-1]}-01")
    after = date(end.year + end.month // 12, end.month % 12 + 1, 1)
    return min((today - first).days + 1, (after - first).days), (after - first).days


# ── my points ────────────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/points")
@gate(P.OPEN_BOARDS)
def mine() -> str:
    """What I have earned and by what, at which pace, and what could earn more; a supervisor sees it of the own team."""
    who, today = actor(), _today()
    user = whose(request.args.get("user"), who)
    own = user.id == who.id
    span = request.args.get("span", "month")
    span = span if span in SPANS else "month"
    months = span_months(today, span)
    before = span_months(today, span, 1)
    points = found.sums(months, [user.id]).get(user.id, NOTHING)
    earned = by_rule(Filter(user_id=user.id, periods=months))
    gone, days = _days(months, today)
    return render_template(
        "scoring/points.html",
        user=user,
        own=own,
        span=span,
        months=months,
        points=points,
        credits=sum((amount for _r, unit, _n, amount in earned if unit is Unit.CREDITS), NOTHING),
        before=found.sums(before, [user.id]).get(user.id, NOTHING),
        forecast=rules.forecast(points, gone, days),
        earned=[(rule_name(rule), rule, unit, count, amount) for rule, unit, count, amount in earned],
        place=_place(user.id, months) if own else None,
        hidden=found.is_hidden(user.id),
        standing=showing.standing(user.id),
        chances=showing.chances(who, {rule for rule, *_rest in by_rule(_half(user.id, today))}, today) if own else [],
        choices=person_choices(who, list(session.scalars(people_seen_by(who).limit(1000)))) if _leads(who) else [],
        showing=showing,
        tabs=_tabs("mine", who) if own else [],
        spans=_spans(span, user.username if not own else None),
    )


def _leads(who: Actor) -> bool:
    return who.holds("supervisor", "manager", "admin")


def _half(user_id: int, today: date) -> Filter:
    return Filter(user_id=user_id, periods=span_months(today, "half"))


def _spans(chosen: str, user: str | None) -> list[dict[str, Any]]:
    words = {"month": _("Month"), "quarter": _("Quarter"), "half": _("Half-year")}
    return [
        {"label": words[one], "url": url_for(".mine", span=one, user=user), "active": one == chosen} for one in SPANS
    ]  # fmt: skip


def _place(user_id: int, months: list[str]) -> dict[str, Any] | None:
    """One's own place, for oneself alone; nobody who takes no part has one."""
    hidden = found.hidden()
    if user_id in hidden:
        return None
    working = found.active()
    everybody = {user: points for user, points in found.sums(months).items() if user in working}
    ranked = rules.places(everybody, hidden)
    own = next((one for one in ranked if one.user_id == user_id), None)
    return {"number": own.number, "of": len(ranked), "tied": own.tied} if own else None


# ── the team, the contributors ───────────────────────────────────────────────────────────────────────────────────────


@bp.get("/points/team")
@gate(P.OPEN_BOARDS)
def team() -> str:
    """The board of one's own team."""
    who = actor()
    row = session.get(Team, who.team_id) if who.team_id is not None else None
    if row is None:
        row = session.scalar(found.teams_seen_by(who).limit(1))
    if row is None:
        raise NotFound(_("You are in no team."))
    return _team(row)


@bp.get("/points/team/<slug>")
@gate(P.OPEN_BOARDS)
def team_of(slug: str) -> str:
    """The board of a team."""
    return _team(_team_called(slug))


def _team_called(slug: str) -> Team:
    row = session.scalar(sa.select(Team).where(Team.slug == slug))
    if row is None:
        raise NotFound(_("There is no team %(name)s.", name=slug))
    return row


def _team(row: Team) -> str:
    """The sum of all its people, and the top of those who take part; nobody is listed for having little."""
    who, today = actor(), _today()
    require(who, P.SEE_TEAM_BOARD, row)
    span = request.args.get("span", "month")
    span = span if span in SPANS else "month"
    months = span_months(today, span)
    people = found.of_team(row.id)
    points = found.sums(months, list(people))
    before = found.sums(span_months(today, span, 1), list(people))
    hidden = found.hidden()
    ranked = rules.places(points, hidden)
    top = rules.shown(ranked, rules.MOST_SHOWN, half=True)
    listed = {one.user_id for one in top}
    own = next((one for one in ranked if one.user_id == who.id), None)
    return render_template(
        "scoring/team_board.html",
        team=row,
        teams=list(session.scalars(found.teams_seen_by(who))),
        months=months,
        total=sum(points.values(), NOTHING),
        before=sum(before.values(), NOTHING),
        people=len(people),
        top=[{"place": one, "name": people[one.user_id], "own": one.user_id == who.id} for one in top],
        also=sorted(people[one.user_id] for one in ranked if one.user_id not in listed),
        own=own if own and own.user_id not in listed else None,
        taking_part=len(ranked),
        hidden=who.id in hidden,
        spans=[
            {**one, "url": url_for(".team_of", slug=row.slug, span=key)}
            for key, one in zip(SPANS, _spans(span, None), strict=True)
        ],
        tabs=_tabs("team", who),
    )


def _month() -> str:
    """The month of ``?period=``, the running one by default.

    Raises:
        NotFound: it is none, or has not begun.
    """
    text = request.args.get("period") or f"{_today():%Y-%m}"
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise NotFound(_("Write a month like 2026-11.")) from None
    if first > _today():
        raise NotFound(_("That month has not begun yet."))
    return text


def month_name(text: str) -> str:
    """A month in words of the reader's language."""
    return str(format_skeleton("yMMMM", date.fromisoformat(f"{text}-01"), locale=get_locale() or "en"))


def step(text: str, by: int) -> str:
    """The month so many further on."""
    n = int(text[:4]) * 12 + int(text[5:]) - 1 + by
    return f"{n // 12:04d}-{n % 12 + 1:02d}"


def _contributors(period: str) -> dict[str, Any]:
    """The first ten by quality × reuse, ties together; without those who chose so, and those in question."""
    given = found.contributions(period)
    working, hidden, disputed = found.active(), found.hidden(), found.disputed(period)
    amounts = {user: one.amount for user, one in given.items() if user in working and user not in disputed}
    top = rules.shown(rules.places(amounts, hidden), rules.MOST_CONTRIBUTORS, half=False)
    names = found.names([one.user_id for one in top])
    return {
        "period": period,
        "period_label": month_name(period),
        "top": [
            {"place": one, "name": names[one.user_id][0], "team": names[one.user_id][1], "gave": given[one.user_id]}
            for one in top
        ],
        "in_question": len(disputed & given.keys()),
    }


@bp.get("/points/contributors")
@gate(P.OPEN_BOARDS)
def contributors() -> str:
    """Whose texts were good and helped others this month."""
    who, period = actor(), _month()
    following = step(period, 1)
    return render_template(
        "scoring/contributors.html",
        **_contributors(period),
        previous=step(period, -1),
        next=following if following <= f"{_today():%Y-%m}" else None,
        me=who.name,
        may_question=can(who, P.CHANGE_BADGES),
        full=rules.FULL_REUSE,
        tabs=_tabs("contributors", who),
    )


@bp.get("/points/contributors/wall")
@gate(P.OPEN_BOARDS)
def wall() -> str:
    """The same on one sheet, to hang on the wall."""
    return render_template("scoring/wall.html", **_contributors(_month()), today=_today())


# ── badges ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/points/badges")
@gate(P.OPEN_BOARDS)
def badges() -> str:
    """Every badge and level, how far I am, and by which rule."""
    return _badges({})


def _badges(errors: dict[str, str], code: str = "") -> str:
    who, today = actor(), _today()
    versions = found.badges()
    return render_template(
        "scoring/badges.html",
        rows=showing.catalogue(who.id, today),
        levels=showing.levels(versions, today),
        coming=[one for one in versions if one.valid_from > today],
        standing=showing.standing(who.id),
        showing=showing,
        window=rules.WINDOW,
        may_change=can(who, P.CHANGE_BADGES),
        today=today,
        errors=errors,
        refused=code,
        typed=request.form,
        tabs=_tabs("badges", who),
    )


@bp.post("/points/badges/<code>")
@gate(P.CHANGE_BADGES)
def change(code: str) -> Any:
    """Another threshold from a day on."""
    try:
        threshold = Decimal(request.form.get("threshold", "").strip() or "0")
        since = date.fromisoformat(request.form.get("since", ""))
        change_badge(actor(), code, threshold=threshold, since=since)
    except (InvalidOperation, ValueError):
        return _badges({"threshold": _("Write a number and a day.")}, code), 422
    except Invalid as error:
        return _badges(error.errors, code), 422
    flash(_("Saved. What was given before stays given."), "success")
    return redirect(url_for(".badges"), 303)


@bp.post("/points/ranking")
@gate(P.OPEN_BOARDS)
def ranking() -> Response:
    """Take part in rankings, or in none."""
    hidden = request.form.get("part") != "1"
    choose(actor(), hidden=hidden)
    said = _("You appear in no ranking any more; your points count as before.") if hidden else _("You take part again.")
    flash(said, "success")
    return redirect(local_path(request.form.get("next")) or url_for(".mine"), 303)


def on_the_profile(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """A panel of the profile page: level, badges, and the choice to be in no ranking."""
    user = context["user"]
    return "scoring/_profile.html", {
        "standing": showing.standing(user.id),
        "hidden": found.is_hidden(user.id),
        "showing": showing,
    }
