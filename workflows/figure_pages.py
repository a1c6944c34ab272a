"""What the pages about reviews as a whole share: the filter, the tabs, what a list may say, tables to take away."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import Response, make_response, request, url_for

from core import clock
from core.errors import Invalid
from core.i18n import _, choose_zone
from core.permissions import can
from core.tables import TYPES, Sheet, as_csv, as_xlsx
from core.web import actor
from workflows import subjects
from workflows.flow import LONGEST, Span
from workflows.models import Review
from workflows.permissions import P

WINDOWS = ("30", "90", "quarter", "last_quarter", "days")


def windows() -> list[tuple[str, str]]:
    """The windows one can choose."""
    words = (
        _("Last 30 days"),
        _("Last 90 days"),
        _("This quarter"),
        _("Last quarter"),
        _("From – to"),
    )
    return list(zip(WINDOWS, words, strict=True))


def span_of(given: Mapping[str, str]) -> tuple[Span, str]:
    """The span a filter asks for, and the window it names; 90 days when it names none.

    Raises:
        Invalid: days that are none, the wrong way round, or too many.
    """
    zone = choose_zone()
    today = clock.today(zone)
    named = given.get("window") or ("days" if given.get("from") or given.get("to") else "90")
    if named not in WINDOWS:
        raise Invalid({"window": _("There is no such window.")})
    if named == "quarter":
        return Span(quarter_begin(today), today, zone), named
    if named == "last_quarter":
        end = quarter_begin(today) - timedelta(days=1)
        return Span(quarter_begin(end), end, zone), named
    if named != "days":
        return Span(today - timedelta(days=int(named) - 1), today, zone), named
    last = day_of(given.get("to"), "to") or today
    first = day_of(given.get("from"), "from") or last - timedelta(days=89)
    if first > last or first > today:
        raise Invalid({"from": _("The first day must not lie behind the last, nor behind today.")})
    if (last - first).days >= LONGEST:
        raise Invalid({"from": _("At most %(n)s days at once, please.", n=LONGEST)})
    return Span(first, last, zone), named


def quarter_begin(day: date) -> date:
    """The first day of its quarter."""
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def day_of(text: str | None, name: str) -> date | None:
    """The day that was typed, if any.

    Raises:
        Invalid: at ``name``, when it is none.
    """
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 1990 <= found.year <= 2200:  # a year at the edge of the calendar is no day of a centre
        raise Invalid({name: _("Please give a day like 2026-11-30.")})
    return found


def kind_of(given: Mapping[str, str]) -> str | None:
    """The kind a filter asks for; one that does not exist is none."""
    kind = given.get("kind")
    return kind if kind in {code for code, _label in subjects.topics()} else None


def given() -> dict[str, str]:
    """The filter as it stands in the address, for links that keep it."""
    return {key: value for key in ("window", "from", "to", "kind") if (value := request.args.get(key))}


def head(here: str, span: Span, window: str, kind: str | None) -> dict[str, Any]:
    """What the head of every page about reviews as a whole shows: the tabs and the filter."""
    return {
        "tabs": tabs(here),
        "filters": {"window": window, "kind": kind or "", "from": span.first, "to": span.last},
        "windows": windows(),
        "kinds": subjects.topics(),
    }


def tabs(here: str) -> list[dict[str, Any]]:
    """The pages about reviews as a whole, as far as this person may open them."""
    pages = [
        ("flow", _("Flow"), P.WATCH_TEAM, "flow.show"),
        ("what_if", _("What if"), P.WATCH_TEAM, "what_if.show"),
        ("calibration", _("Calibration"), P.SEE_CALIBRATION, "calibration.show"),
    ]
    return [
        {"label": label, "url": url_for(endpoint), "active": key == here}
        for key, label, permission, endpoint in pages
        if can(actor(), permission)
    ]


def titled(review: Review, known: frozenset[int]) -> dict[str, Any]:
    """What a list may say of a review: without title and address when it is none of those ``known`` to the reader."""
    if review.id not in known:
        return {"title": None, "url": None, "kind": review.topic}
    url = subjects.subject(review.subject_kind).url(review.subject_id)
    return {"title": review.title, "url": url, "kind": review.topic}


def download(tables: Mapping[str, Sheet], name: str, table: str, form: str) -> Response:
    """One table as CSV, or all as a workbook."""
    body = as_csv(tables[table]) if form == "csv" else as_xlsx(list(tables.values()))
    answer = make_response(body)
    answer.headers["Content-Type"] = TYPES[form]
    file = f"{name}-{table}.csv" if form == "csv" else f"{name}.xlsx"
    answer.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer
