"""What is typed on the page of a calendar: kept as typed, and read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from core.i18n import _l, choose_zone
from core.texts import clean
from workflows.calendar_models import ShiftCalendar
from workflows.calendar_queries import CENTRE
from workflows.calendar_texts import SpecialDay, spans, special_days, special_days_text, text_of
from workflows.calendars import Calendar, Spans

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TEMPLATES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "always": (_l("7×24"), ("00:00-24:00",) * 7),
    "office": (_l("Office hours"), (*["09:00-18:00"] * 5, "", "")),
    "lunch": (_l("Office hours with a lunch break"), (*["09:00-12:00, 13:00-18:00"] * 5, "", "")),
    "days": (_l("Every day 08:00-22:00"), ("08:00-22:00",) * 7),
    "nights": (_l("Nights 22:00-06:00"), ("22:00-06:00",) * 7),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields as text. ``seen`` is the version that was on the screen, 0 for a new calendar."""

    slug: str = ""
    name: str = ""
    timezone: str = ""
    week: tuple[str, ...] = TEMPLATES["office"][1]
    exceptions: str = ""
    sites: tuple[str, ...] = ()
    active: bool = True
    seen: int = 0

    def filled(self, template: str) -> "Typed":
        """The same with the week of a template; one that is not there changes nothing."""
        return replace(self, week=TEMPLATES[template][1]) if template in TEMPLATES else self


def blank() -> Typed:
    """A new calendar: office hours in the zone of the installation."""
    return Typed(timezone=choose_zone())


def stored(row: ShiftCalendar) -> Typed:
    """What a calendar says, as text."""
    return Typed(
        slug=row.slug,
        name=row.name,
        timezone=row.timezone,
        week=tuple(text_of(hours) for hours in row.week),
        exceptions=special_days_text(row.special_days),
        sites=tuple(site.slug for site in row.sites),
        active=row.active,
        seen=row.version,
    )


def typed(form: MultiDict[str, str], slug: str | None) -> Typed:
    """What somebody sent; ``slug`` of the calendar that is there, ``None`` for a new one."""
    seen = form.get("seen", "")
    return Typed(
        slug=slug if slug is not None else clean(form.get("slug", "")).strip(),
        name=clean(form.get("name", "")),
        timezone=clean(form.get("timezone", "")).strip(),
        week=tuple(clean(form.get(day, "")) for day in DAYS),
        exceptions=clean(form.get("exceptions", "")),
        sites=tuple(form.getlist("sites")),
        active=slug is None or slug == CENTRE or form.get("active") == "1",
        seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0,
    )


def seen_now(form: Typed, row: ShiftCalendar | None) -> Typed:
    """The same text, on top of what is saved now: whoever saves it again has been told."""
    return replace(form, seen=row.version if row is not None else 0)


def read(form: Typed) -> tuple[tuple[Spans, ...], dict[date, SpecialDay]]:
    """The week and the special days that were typed.

    Raises:
        Invalid: with a sentence at each field that is not understood.
    """
    errors: dict[str, str] = {}
    week: list[Spans] = []
    for day, text in zip(DAYS, form.week, strict=True):
        try:
            week.append(spans(text, day))
        except Invalid as error:
            errors.update(error.errors)
    days: Mapping[date, SpecialDay] = {}
    try:
        days = special_days(form.exceptions)
    except Invalid as error:
        errors.update(error.errors)
    if errors:
        raise Invalid(errors)
    return tuple(week), dict(days)


def calendar_in(form: Typed) -> Calendar | None:
    """The calendar that was typed, or ``None`` while it is none."""
    try:
        week, days = read(form)
        return Calendar(form.timezone, week, {day: one.hours for day, one in days.items()})
    except (Invalid, ValueError, KeyError, OSError):
        return None
