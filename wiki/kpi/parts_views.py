"""The way down from a figure: its readings with their corrections, or the people whose counts it sums."""

from typing import Any

import sqlalchemy as sa
from flask import render_template, request, url_for

from accounts.models import User
from core.actors import Actor
from core.db import session
from core.permissions import can
from core.web import actor, gate
from wiki.kpi import computed, indicators, queries, record, showing
from wiki.kpi.cards import card as card_of
from wiki.kpi.models import SubjectKind
from wiki.kpi.permissions import P
from wiki.kpi.showing import lines
from wiki.kpi.subjects import Subject, find, members
from wiki.kpi.views import asked_period, bp

LISTED = 500  # people on a page


@bp.get("/scorecard/parts/<code>")
@gate(P.OPEN_CARDS)
def parts(code: str) -> str:
    """What a figure is made of: its readings with their corrections, or the people whose counts it sums."""
    indicator = indicators.find(code)
    who, period = actor(), asked_period()
    subject = find(request.args.get("subject") or who.username, who)
    line = lines(card_of(subject, period)).get(code)
    months = line["periods"] if line and line["periods"] else list(period.months)
    how = computed.known(code)
    people = _people(who, subject, code, months) if how else []
    readings = [] if how else session.scalars(
        queries.readings(indicator_id=indicator.id, subject=subject.key, periods=months)
    ).all()  # fmt: skip
    newest = {row.period: row.id for row in readings}
    record.opened(who, subject, str(period), code)
    return render_template(
        "kpi/parts.html",
        code=code,
        words=showing.words(indicator),
        subject=showing.subject_name(subject),
        card_url=showing.card_url(subject, period),
        indicator_url=url_for("kpi.indicator", code=code, subject=subject.address),
        period_label=showing.period_name(period),
        line=line,
        unit=indicator.unit.value,
        readings=[(row, newest[row.period] == row.id) for row in readings],
        people=people[:LISTED],
        more=max(0, len(people) - LISTED),
        counted=how is not None,
        may_correct=can(who, P.BRING_READINGS),
        with_unit=showing.with_unit,
    )


def _people(who: Actor, subject: Subject, code: str, months: list[str]) -> list[dict[str, Any]]:
    """The people behind a count that this person may look at: a team's, the centre's, or the one whose it is."""
    if subject.kind is SubjectKind.PERSON:
        some = sa.select(User).where(User.id == subject.id)
    else:
        some = members(None if subject.kind is SubjectKind.CENTRE else [subject.id])
    seen = queries.people_seen_by(who).with_only_columns(User.id).order_by(None)
    users = list(session.scalars(some.where(User.id.in_(seen))))
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
