"""Working time as a value: when a centre is open, and when so many working minutes have passed.

Everything here is a pure function of its arguments; time comes in from outside.

A *span* is (start, end) in minutes after the local midnight of the day it belongs to: 09:00–18:00 is (540, 1080). A
span past midnight goes on counting: 22:00–06:00 is (1320, 1800); it has at most sixteen hours, so that a slip such as
09:00–06:00 is none. It belongs to the day on which it begins, so a holiday takes away the night that begins on it, and
leaves the one that began the evening before.

Spans are what the clock on the wall says; minutes are real. A span across a change to or from summer time therefore
lasts an hour less or more. A time that the wall never shows on such a day is the moment of the change; one that it
shows twice is the first of the two. Hours in which two spans overlap count once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from core.errors import Conflict
from core.i18n import _

DAY = 24 * 60  # minutes
MINUTE = timedelta(minutes=1)
LONGEST_NIGHT = 16 * 60  # minutes of a span that runs past midnight
LONGEST_CLOSED = 2 * 366  # days without an hour, after which a calendar counts as never open

Span = tuple[int, int]
Spans = tuple[Span, ...]
Interval = tuple[datetime, datetime]  # aware, UTC, the end not included

WHOLE_DAY: Spans = ((0, DAY),)
CLOSED: Spans = ()


class NeverOpens(Conflict):
    """Nobody works within two years, so a deadline in working time would never come."""

    code = "calendar-never-opens"


def _must_be_aware(at: datetime) -> None:
    if at.tzinfo is None:
        raise ValueError("a moment must be timezone-aware")


def _must_be_in_order(hours: Spans) -> None:
    reached = 0
    for start, end in hours:
        if not reached <= start < end or start >= DAY or (end > DAY and end - start > LONGEST_NIGHT):
            raise ValueError(f"not spans of one day in order: {hours}")
        reached = end


@dataclass(frozen=True, slots=True)
class Calendar:
    """When people work. ``week`` begins with Monday; ``exceptions`` replace the hours of single days.

    An exception without spans is a holiday; one with spans is a day with hours of its own, such as a make-up working
    day (调休).

    Raises:
        ValueError: the week has not seven days, or spans of a day are out of order, overlapping or too long.
        zoneinfo.ZoneInfoNotFoundError: there is no such time zone.
    """

    timezone: str
    week: tuple[Spans, ...]
    exceptions: Mapping[date, Spans] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        ZoneInfo(self.timezone)
        if len(self.week) != 7:
            raise ValueError("a week has seven days")
        for hours in (*self.week, *self.exceptions.values()):
            _must_be_in_order(hours)
        object.__setattr__(self, "exceptions", MappingProxyType(dict(self.exceptions)))

    def on(self, day: date) -> Spans:
        """The spans that begin on a local day."""
        given = self.exceptions.get(day)
        return self.week[day.weekday()] if given is None else given

    @property
    def is_always_open(self) -> bool:
        """True for 7×24 without a single exception."""
        return not self.exceptions and all(hours == WHOLE_DAY for hours in self.week)


def always(timezone: str) -> Calendar:
    """7×24; the time zone only says when its days begin."""
    return Calendar(timezone, (WHOLE_DAY,) * 7)


def add(calendar: Calendar, start: datetime, minutes: int) -> datetime:
    """The first moment at which so many working minutes have passed since ``start``, in UTC.

    Outside the hours time stands still: what begins there counts from the next opening, and what ends with the last
    minute of a shift is due at its end, not at the next opening. No minutes are no time: ``start`` itself.

    Raises:
        ValueError: ``start`` has no time zone, or ``minutes`` is negative.
        NeverOpens: the calendar is closed for two years on end.
    """
    _must_be_aware(start)
    if minutes < 0:
        raise ValueError("time is added, never taken away")
    left, due = minutes * MINUTE, start.astimezone(UTC)
    if not left:
        return due
    for begin, end in intervals(calendar, due):
        if end - begin >= left:
            return begin + left
        left -= end - begin
    raise NeverOpens(_("This calendar has no working hours within two years."))


def between(calendar: Calendar, start: datetime, end: datetime) -> int:
    """The whole working minutes from ``start`` to ``end``; negative when ``end`` is the earlier one.

    Raises:
        ValueError: a moment has no time zone.
    """
    _must_be_aware(start)
    _must_be_aware(end)
    if end < start:
        return -between(calendar, end, start)
    worked = sum((till - begin for begin, till in intervals(calendar, start, until=end)), timedelta())
    return worked // MINUTE


def next_opening(calendar: Calendar, at: datetime) -> datetime:
    """``at`` itself while people work, else the moment at which they begin again, in UTC.

    Raises:
        ValueError: ``at`` has no time zone.
        NeverOpens: the calendar is closed for two years on end.
    """
    _must_be_aware(at)
    for begin, _end in intervals(calendar, at):
        return begin
    raise NeverOpens(_("This calendar has no working hours within two years."))


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Do people work at this moment?"""
    _must_be_aware(at)
    return any(intervals(calendar, at, until=at + MINUTE)) and next_opening(calendar, at) == at


def intervals(calendar: Calendar, start: datetime, *, until: datetime | None = None) -> Iterator[Interval]:
    """The working time from ``start`` on, in order, disjoint and never empty; a long shift may come in pieces.

    It ends at ``until``, or after two years without an hour, or with the calendar of the world (year 9999).
    """
    reached = start.astimezone(UTC)
    last = None if until is None else until.astimezone(UTC)
    # What began yesterday may still go on; one more day for zones that skipped one.
    day = reached.astimezone(ZoneInfo(calendar.timezone)).date() - timedelta(days=2)
    idle = 0
    while idle <= LONGEST_CLOSED and day < date.max - timedelta(days=2):
        for first, end_minute in calendar.on(day):
            begin = max(moment(calendar.timezone, day, first), reached)
            if last is not None and begin >= last:
                return
            end = moment(calendar.timezone, day, end_minute)
            end = end if last is None else min(end, last)
            if begin < end:
                yield begin, end
                reached, idle = end, 0
        day += timedelta(days=1)
        idle += 1
        if last is not None and moment(calendar.timezone, day, 0) >= last:
            return


def hours_of(calendar: Calendar, day: date) -> list[Interval]:
    """The working time within one local day, the tail of the night before included, overlaps counted once."""
    begin, end = moment(calendar.timezone, day, 0), moment(calendar.timezone, day, DAY)
    joined: list[Interval] = []
    for first, last in intervals(calendar, begin, until=end) if begin < end else ():
        if joined and joined[-1][1] == first:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


@lru_cache(maxsize=20_000)
def moment(timezone: str, day: date, minute: int) -> datetime:
    """The moment in UTC at which the clocks of a zone show so many minutes after the midnight that begins ``day``."""
    zone = ZoneInfo(timezone)
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - the zone follows
    at = wall.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == wall:
        return at
    return _change(zone, wall.replace(tzinfo=zone, fold=1).astimezone(UTC), at)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The moment at which the clocks of the zone jump between two moments, to the second."""
    new = after.astimezone(zone).utcoffset()
    seconds = int((after - before).total_seconds())
    low, high = 0, seconds  # `before` still has the old offset, `after` has the new one
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == new:
            high = middle
        else:
            low = middle
    return before + timedelta(seconds=high)
