"""What a calendar means, in words and bars: the next days, and when a task that begins then is due."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import get_day_names, get_timezone_location
from flask_babel import format_decimal

from core import clock
from core.i18n import _, format_weekday, get_locale
from workflows.calendar_models import ShiftCalendar
from workflows.calendar_ops import DEFAULTS
from workflows.calendar_queries import CENTRE, OFFICE
from workflows.calendar_texts import SpecialDay, hours_named
from workflows.calendars import (
    DAY,
    MINUTE,
    Calendar,
    Interval,
    NeverOpens,
    Spans,
    add,
    hours_of,
    is_open,
    moment,
    next_opening,
)

NEXT_DAYS = 14
HOURS = (2, 8, 24)  # working hours of the examples
COMMON_ZONES = (
    "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Macau", "Asia/Taipei", "Asia/Singapore", "Asia/Tokyo", "Asia/Manila",
    "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles",
)  # fmt: skip
AREAS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


@dataclass(frozen=True, slots=True)
class DayShown:
    """A line of the next days. ``bars`` are (begin, length) of 1440 parts of the day."""

    label: str
    day: date
    hours: str
    total: str
    name: str
    bars: tuple[tuple[int, int], ...]
    is_special: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A task that begins at ``begins`` is due at ``due``, one moment for each of ``HOURS``."""

    label: str
    begins: str
    due: tuple[str, ...]


def calendar_name(row: ShiftCalendar) -> str:
    """Its name; the names that came with the product are shown in the reader's language."""
    if row.name != DEFAULTS.get(row.slug, ("",))[0]:
        return row.name
    return {CENTRE: _("Around the clock"), OFFICE: _("Office hours")}[row.slug]


def next_days(calendar: Calendar, special: Mapping[date, SpecialDay]) -> list[DayShown]:
    """The next fourteen days as people work them."""
    first = clock.now().astimezone(ZoneInfo(calendar.timezone)).date()
    return [_day(calendar, first + timedelta(days=n), special) for n in range(NEXT_DAYS)]


def _day(calendar: Calendar, day: date, special: Mapping[date, SpecialDay]) -> DayShown:
    begin, end = moment(calendar.timezone, day, 0), moment(calendar.timezone, day, DAY)
    found, length = hours_of(calendar, day), max(end - begin, MINUTE)
    bars = tuple((int((a - begin) / length * DAY), max(1, int((b - a) / length * DAY))) for a, b in found)
    minutes = sum((b - a for a, b in found), timedelta()) // MINUTE
    whole = found == [(begin, end)]
    return DayShown(
        label=format_weekday(day),
        day=day,
        hours=hours_named(((0, DAY),)) if whole else _clocks(calendar, found, end) or hours_named(()),
        total=_("%(n)s h", n=format_decimal((Decimal(minutes) / 60).quantize(Decimal("0.01")).normalize())),
        name=special[day].name if day in special else "",
        bars=bars,
        is_special=day in special,
    )


def _clocks(calendar: Calendar, found: list[Interval], midnight: datetime) -> str:
    """'00:00-06:00, 22:00-24:00', as the clocks of the calendar's zone show it."""
    zone = ZoneInfo(calendar.timezone)
    return ", ".join(
        f"{begin.astimezone(zone):%H:%M}-{'24:00' if end == midnight else f'{end.astimezone(zone):%H:%M}'}"
        for begin, end in found
    )


def examples(calendar: Calendar, special: Mapping[date, SpecialDay]) -> list[Example]:
    """When tasks are due that begin now, in the evening, before and on a weekend, and before the next special day.

    Empty when the calendar never opens.
    """
    now = clock.now().replace(second=0, microsecond=0)
    today = now.astimezone(ZoneInfo(calendar.timezone)).date()
    begins = [
        (_("now"), now),
        (_("in the night"), _next(calendar, today, 23 * 60)),
        (_("on a Friday afternoon"), _next(calendar, today, 16 * 60, weekday=4)),
        (_("on a Saturday"), _next(calendar, today, 10 * 60, weekday=5)),
    ]
    coming = [day for day in sorted(special) if today < day and not special[day].hours]
    if coming:
        name = special[coming[0]].name or _("the next holiday")
        eve = moment(calendar.timezone, coming[0] - timedelta(days=1), 16 * 60)
        begins.append((_("the day before: %(name)s", name=name), eve))
    try:
        return [
            Example(label, when(calendar, at), tuple(when(calendar, add(calendar, at, 60 * n)) for n in HOURS))
            for label, at in begins
        ]
    except NeverOpens:
        return []


def _next(calendar: Calendar, today: date, minute: int, *, weekday: int | None = None) -> datetime:
    """The next time that the clocks show this minute of the day, on this day of the week."""
    days = (today + timedelta(days=n) for n in range(9))
    moments = (moment(calendar.timezone, day, minute) for day in days if weekday in (None, day.weekday()))
    return next(at for at in moments if at > clock.now())


def when(calendar: Calendar, at: datetime) -> str:
    """A moment on the clocks of the calendar's zone: 'Fri 20 Nov 16:00'; with the year when it is not this one."""
    zone = ZoneInfo(calendar.timezone)
    local = at.astimezone(zone)
    other = local.year != clock.now().astimezone(zone).year
    return f"{format_weekday(local.date(), year=other)} {local:%H:%M}"


def coming(row: ShiftCalendar) -> int:
    """How many special days lie ahead, today included."""
    today = clock.today(row.timezone)
    return sum(day >= today for day in row.special_days)


def now_words(calendar: Calendar) -> tuple[bool, str]:
    """Is it open now; and until it is, when it opens."""
    now = clock.now()
    if is_open(calendar, now):
        return True, ""
    try:
        return False, _("opens %(at)s", at=when(calendar, next_opening(calendar, now)))
    except NeverOpens:
        return False, ""


def week_words(week: tuple[Spans, ...]) -> list[tuple[str, str]]:
    """('Mon–Fri', '09:00-18:00'), ('Sat–Sun', 'closed'): days in a row that are alike share a line."""
    names = get_day_names("abbreviated", locale=get_locale())
    if len(set(week)) == 1:
        return [(_("every day"), hours_named(week[0]))]
    found = []
    for hours, days in groupby(range(7), key=lambda day: week[day]):
        run = list(days)
        first, last = names[run[0]], names[run[-1]]
        label = first if len(run) == 1 else _("%(first)s to %(last)s", first=first, last=last)
        found.append((str(label), hours_named(hours)))
    return found


def weekdays() -> list[str]:
    """The names of the days, Monday first."""
    names = get_day_names("wide", locale=get_locale())
    return [str(names[day]) for day in range(7)]


def zones() -> tuple[list[tuple[str, str]], list[str]]:
    """The time zones to choose from: the common ones with their places and offsets, then all others."""
    locale = get_locale()
    common = [
        (zone, f"{get_timezone_location(zone, locale=locale)} · {zone} ({_offset(zone)})") for zone in COMMON_ZONES
    ]
    return common, [zone for zone in _all_zones() if zone not in COMMON_ZONES]


def _offset(zone: str) -> str:
    """'UTC+08:00', as it is today."""
    text = f"{clock.now().astimezone(ZoneInfo(zone)):%z}"
    return f"UTC{text[:3]}:{text[3:5]}"


@lru_cache(maxsize=1)
def _all_zones() -> list[str]:
    return sorted({zone for zone in available_timezones() if zone.startswith(AREAS)} | {"UTC"})
