"""Scorecards, the way down from their figures, and bringing readings in."""

import tempfile
from pathlib import Path
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.utils import secure_filename
from werkzeug.wrappers import Response

from accounts.models import User
from core import clock, tables
from core.actors import Actor
from core.db import session
from core.errors import DomainError, Invalid, NotFound
from core.i18n import _, choose_zone
from core.permissions import can
from core.web import actor, blueprint, gate
from wiki.kpi import computed, queries, showing
from wiki.kpi.bringing import COLUMNS, Report, import_readings
from wiki.kpi.cards import card as card_of
from wiki.kpi.catalogue import CATALOGUE
from wiki.kpi.models import SubjectKind
from wiki.kpi.ops import close
from wiki.kpi.periods import Period, containing, of_moment, parse
from wiki.kpi.permissions import LEADERS, P
from wiki.kpi.subjects import CENTRE, Subject, find, members, of_person, of_team

bp = blueprint("kpi", __name__)


def asked_period() -> Period:
    """The period of ``?period=``, this month by default.

    Raises:
        NotFound: it is no period.
    """
    text = request.args.get("period")
    if not text:
        return of_moment(clock.now(), choose_zone())
    try:
        return parse(text)
    except Invalid as error:
        raise NotFound(error.sentence) from None


@bp.get("/scorecard")
@gate(P.OPEN_CARDS)
def show() -> str:
    """One's own card."""
    return _page(find(actor().username, actor()))


@bp.get("/scorecard/centre")
@gate(P.SEE_CENTRE)
def show_centre() -> str:
    """The card of the centre."""
    return _page(CENTRE)


@bp.get("/scorecard/team/<slug>")
@gate(P.OPEN_CARDS)
def show_team(slug: str) -> str:
    """The card of a team."""
    return _page(find(f"team:{slug}", actor()))


@bp.get("/scorecard/<username>")
@gate(P.OPEN_CARDS)
def show_person(username: str) -> str:
    """The card of a person."""
    return _page(find(username, actor()))


def _page(subject: Subject) -> str:
    who, period = actor(), asked_period()
    document = card_of(subject, period)
    before = card_of(subject, period.step(-1))
    begun = period.step(1).has_begun(clock.now(), choose_zone())
    around = showing.steps(period, subject)
    return render_template(
        "kpi/scorecard.html",
        card={
            "subject": showing.subject_name(subject),
            "period": str(period),
            "period_label": showing.period_name(period),
            "state": document["state"],
            "total": document["total"],
            "change": showing.change(document["total"], before["total"]),
            "covered": showing.short(document["covered"]),
            "partial": document["covered"] != "100.00",
            "prev_url": around["prev_url"],
            "next_url": around["next_url"] if begun else None,
        },
        perspectives=showing.perspectives(subject, document, before, period),
        quotas=showing.quotas(document),
        spans=showing.spans(period, subject),
        subjects=_others(who, subject, period),
        radar=showing.radar(document, before),
        trend=showing.trend(queries.closed_totals(subject.key, period.span), document),
        may_import=can(who, P.BRING_READINGS),
    )


def _others(who: Actor, subject: Subject, period: Period) -> list[tuple[str, str, bool]]:
    """(address, words, active) of the cards this person may open; people only for those who lead some."""
    found = [Subject(SubjectKind.PERSON, who.id, who.username, who.name)]
    found += [of_team(team) for team in session.scalars(queries.teams_seen_by(who))]
    if can(who, P.SEE_CENTRE):
        found.append(CENTRE)
    if who.holds("supervisor", *LEADERS):
        team = subject.id if subject.kind is SubjectKind.TEAM else who.team_id
        people = members([team] if team else [])
        seen = queries.people_seen_by(who).with_only_columns(User.id).order_by(None)
        found += [of_person(user) for user in session.scalars(people.where(User.id.in_(seen))) if user.id != who.id]
    if all(one.key != subject.key for one in found):
        found.append(subject)
    return [
        (showing.card_url(one, period), showing.subject_name(one), one.key == subject.key)
        for one in found
    ]  # fmt: skip


@bp.get("/scorecard/parts/<code>")
@gate(P.OPEN_CARDS)
def parts(code: str) -> str:
    """What a figure is made of: its readings with their corrections, or the people whose counts it sums."""
    indicator = queries.indicator(code)
    if indicator is None:
        raise NotFound(_("There is no indicator %(code)s.", code=code))
    who, period = actor(), asked_period()
    subject = find(request.args.get("subject") or who.username, who)
    line = _line_of(card_of(subject, period), code)
    months = line["periods"] if line else list(period.months)
    how = computed.known(code)
    people = _people(who, subject, code, months) if how else []
    readings = [] if how else session.scalars(
        queries.readings(indicator_id=indicator.id, subject=subject.key, periods=months)
    ).all()  # fmt: skip
    newest = {row.period: row.id for row in readings}
    return render_template(
        "kpi/parts.html",
        name=showing.indicator_name(code, indicator.name),
        spec=CATALOGUE.get(code),
        subject=showing.subject_name(subject),
        card_url=showing.card_url(subject, period),
        period_label=showing.period_name(period),
        line=line,
        readings=[(row, newest[row.period] == row.id) for row in readings],
        people=people,
        counted=how is not None,
    )


def _line_of(document: dict[str, Any], code: str) -> dict[str, Any] | None:
    lines = [line for p in document["perspectives"] for line in p["indicators"] if line["code"] == code]
    return lines[0] if lines else None


def _people(who: Actor, subject: Subject, code: str, months: list[str]) -> list[dict[str, Any]]:
    """The people behind a team's or the centre's count that this person may look at."""
    some = members(None if subject.kind is SubjectKind.CENTRE else [subject.id])
    seen = queries.people_seen_by(who).with_only_columns(User.id).order_by(None)
    users = list(session.scalars(some.where(User.id.in_(seen)).limit(500)))
    counts = computed.per_person(code, months, [user.id for user in users]) if users else {}
    how = computed.known(code)
    rows = [
        {
            "name": user.name,
            "count": counts.get(user.id, 0),
            "url": url_for(
                "scoring.show",
                user=user.username,
                period=months,
                event=list(how.events) if how and how.events else None,
                unit=how.unit.value if how and how.unit else None,
            ),
        }
        for user in users
    ]
    return sorted(rows, key=lambda row: (-row["count"], row["name"]))


@bp.get("/admin/kpi")
@gate(P.BRING_READINGS)
def admin() -> str:
    """Bring readings in; close a month."""
    return _admin()


def _admin(report: Report | None = None, *, dry: bool = False, name: str = "") -> str:
    now = of_moment(clock.now(), choose_zone())
    closed = queries.closed_periods()
    recent = [now.step(-n) for n in range(1, 7)]
    return render_template(
        "kpi/admin.html",
        report=report,
        dry=dry,
        file_name=name,
        columns=COLUMNS,
        indicators=[
            (row.code, showing.indicator_name(row.code, row.name)) for row in session.scalars(queries.indicators())
        ],
        latest=session.scalars(queries.latest_readings().limit(10)).all(),
        months=[
            (str(p), showing.period_name(p), any(str(one) in closed for one in containing(p))) for p in recent
        ],
        names=showing.indicator_name,
    )  # fmt: skip


@bp.post("/admin/kpi/readings")
@gate(P.BRING_READINGS)
def bring() -> Any:
    """Take in a file of readings, or say what it would do."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid({"file": _("Choose a file first: CSV or Excel.")})
    dry = request.form.get("dry_run") == "1"
    name = secure_filename(file.filename) or "readings"
    suffix = Path(file.filename).suffix.lower()
    if suffix not in tables.KINDS:  # what a browser sends as a name never becomes one here
        raise Invalid({"file": _("Choose a file first: CSV or Excel.")})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"readings{suffix}"
        file.save(path)
        try:
            report = import_readings(actor(), tables.rows(path), source=name, dry_run=dry)
        except DomainError as error:
            flash(error.sentence, "error")
            return redirect(url_for("kpi.admin"), 303)
    return _admin(report, dry=dry, name=file.filename)


@bp.post("/admin/kpi/close")
@gate(P.CLOSE)
def close_period() -> Response:
    """Freeze the cards of a period."""
    period = parse(request.form.get("period", ""))
    count = close(actor(), period)
    flash(_("%(period)s is closed; %(n)s cards are frozen.", period=showing.period_name(period), n=count), "success")
    return redirect(url_for("kpi.admin"), 303)
