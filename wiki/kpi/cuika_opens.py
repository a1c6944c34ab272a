"""Who opened which card: buffered, so that looking never writes; for the question whether those concerned know."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import Response, request
from sqlalchemy.dialects import postgresql, sqlite

from core import clock
from core.buffers import Buffer
from core.db import database, session, writing
from core.errors import Invalid
from core.i18n import choose_zone
from core.web import maybe_actor
from wiki.kpi.cuika_models import CardOpen
from wiki.kpi.models import SubjectKind
from wiki.kpi.periods import of_moment, parse
from wiki.kpi.subjects import Directory

KEPT = timedelta(days=400)  # a year of half-years, and the time in which it is looked at
CARDS = {"kpi.show": "", "kpi.show_person": "", "kpi.show_team": "team:", "kpi.show_centre": "centre"}
PARTS = "kpi.parts"


class Open(NamedTuple):
    """Somebody looked at a card (``code`` empty) or at the parts of a figure."""

    at: datetime
    user_id: int
    subject: str  # its address: a username, team:slug, centre
    period: str
    code: str


def keep(items: list[Open]) -> None:
    """Write down who looked at what, in the current transaction; the same again is counted."""
    directory = Directory()
    rows: dict[tuple[int, SubjectKind, int, str, str], dict[str, Any]] = {}
    for one in items:
        subject = directory.find(one.subject)
        if subject is None:
            continue
        key = (one.user_id, subject.kind, subject.id, one.period, one.code)
        row = rows.setdefault(key, {"first_at": one.at, "times": 0})
        row["times"] += 1
        row["last_at"] = one.at
    if rows:
        names = ("user_id", "subject_kind", "subject_id", "period", "code")
        _keep([{**dict(zip(names, key, strict=True)), **row} for key, row in rows.items()])


def _write(items: list[Open]) -> None:
    with writing():
        keep(items)


def _keep(rows: list[dict[str, Any]]) -> None:
    insert = (sqlite.insert if database().sqlite else postgresql.insert)(CardOpen)
    known = ["user_id", "subject_kind", "subject_id", "period", "code"]
    more = {"times": CardOpen.times + insert.excluded.times, "last_at": insert.excluded.last_at}
    session.execute(insert.on_conflict_do_update(index_elements=known, set_=more), rows)


_buffer = Buffer("opened cards", _write)


def note(user_id: int, subject: str, period: str, code: str = "") -> None:
    """Remember that somebody looked at a card, or at what one of its figures is made of."""
    _buffer.add(Open(clock.now(), user_id, subject, period, code))


def after_a_card(response: Response) -> Response:
    """Put after every answer of the pages of cards: whoever was shown one has opened it."""
    who = maybe_actor()
    if who is None or response.status_code != 200 or request.method != "GET":
        return response
    values = request.view_args or {}
    if request.endpoint == PARTS:
        note(who.id, request.args.get("subject") or who.username, _period(), str(values["code"])[:64])
    elif request.endpoint in CARDS:
        name = values.get("slug") or values.get("username") or (who.username if request.endpoint == "kpi.show" else "")
        note(who.id, f"{CARDS[request.endpoint]}{name}", _period())
    return response


def _period() -> str:
    text = request.args.get("period")
    try:
        return str(parse(text)) if text else str(of_moment(clock.now(), choose_zone()))
    except Invalid:  # such a page was not shown
        return ""


def sweep() -> None:
    """Forget who looked at what more than a year ago."""
    session.execute(sa.delete(CardOpen).where(CardOpen.last_at < clock.now() - KEPT))
