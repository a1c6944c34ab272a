"""Hours and special days as people write them, and back: '09:00-12:00, 13:00-18:00', '2026-10-01 国庆节'.

Full-width digits and signs are taken as well, because that is what a Chinese keyboard gives.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from core.errors import Invalid
from core.i18n import _
from workflows.calendars import DAY, LONGEST_NIGHT, WHOLE_DAY, Spans

LONGEST_RANGE = 366  # days on one line
MOST_DAYS = 2000
NAME_LIMIT = 60
YEARS = range(2000, 2200)
SENTENCES = 5  # shown at once; nobody reads twenty

_WRITTEN_AS = {
    **{str(digit): chr(0xFF10 + digit) for digit in range(10)},  # full width, as are most of the signs below
    ":": "\uff1a\ufe55\u2236点",
    ",": "\uff0c\u3001\uff1b;",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d~\uff5e\u301c至到",
    "/": "\uff0f",
    ".": "\uff0e",
    " ": "\u3000",
}
_PLAIN = {ord(sign): plain for plain, signs in _WRITTEN_AS.items() for sign in signs}  # one for one: places stay
_TIME = r"\d{1,2}(?::(?:\d{1,2})?)?"
_SPAN = rf"{_TIME}\s*-\s*{_TIME}"
_ONE = re.compile(r"(\d{1,2})(?::(\d{2})?)?\s*-\s*(\d{1,2})(?::(\d{2})?)?")
_HOURS = re.compile(rf"\s*({_SPAN}(?:\s*,\s*{_SPAN})*)(?![\d:])")
_LOOKS_LIKE_HOURS = re.compile(r"\d\s*:\s*\d|^\s*\d{1,2}\s*[-:]")
_DATE = r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
_DAYS = re.compile(rf"{_DATE}(?:\s*(?:\.\.+|-|…)\s*{_DATE})?(?![\d:])")


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that is not like its weekday: a holiday without hours, or a day with hours of its own, and its name."""

    hours: Spans = ()
    name: str = ""


def spans(text: str, field: str = "hours") -> Spans:
    """The spans of '09:00-12:00, 13:00-18:00', in order; a night is '22:00-06:00'; nothing is closed.

    Raises:
        Invalid: it is not that; the sentence stands at ``field``.
    """
    found = sorted(_span(part, field) for part in _parts(text))
    for one, two in pairwise(found):
        if two[0] < one[1]:
            said = _("%(one)s and %(two)s overlap.", one=text_of((one,)), two=text_of((two,)))
            raise Invalid({field: said})
    return tuple(found)


def _parts(text: str) -> list[str]:
    """What stands between the commas, as it was typed."""
    cuts = [place for place, sign in enumerate(text.translate(_PLAIN)) if sign == ","]
    parts = [text[begin + 1 : end].strip() for begin, end in pairwise([-1, *cuts, len(text)])]
    return [part for part in parts if part]


def _span(part: str, field: str) -> tuple[int, int]:
    match = _ONE.fullmatch(part.translate(_PLAIN).strip())
    if match is None:
        raise Invalid({field: _("“%(part)s” is not understood. Write hours like 09:00-12:00, 13:00-18:00.", part=part)})
    first, first_minute, last, last_minute = (int(group or 0) for group in match.groups())
    start, end = first * 60 + first_minute, last * 60 + last_minute
    if start >= DAY or end > DAY or first_minute > 59 or last_minute > 59:
        raise Invalid({field: _("“%(part)s”: a day has the hours from 00:00 to 24:00.", part=part)})
    if start == end:
        said = _("“%(part)s” begins and ends at the same time. A whole day is 00:00-24:00.", part=part)
        raise Invalid({field: said})
    if end > start:
        return start, end
    if end and end + DAY - start > LONGEST_NIGHT:
        hours = LONGEST_NIGHT // 60
        said = _("“%(part)s” would go on past midnight for more than %(hours)s hours.", part=part, hours=hours)
        raise Invalid({field: said})
    return start, end + DAY


def text_of(hours: Spans) -> str:
    """The text of which ``spans`` makes the same hours."""
    return ", ".join(f"{_clock(start)}-{_clock(end if end <= DAY else end - DAY)}" for start, end in hours)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def hours_named(hours: Spans) -> str:
    """The hours in words for lists: 'closed', 'around the clock', '09:00-18:00'."""
    if not hours:
        return _("closed")
    return _("around the clock") if hours == WHOLE_DAY else text_of(hours)


def special_days(text: str, field: str = "exceptions") -> dict[date, SpecialDay]:
    """The special days of a text, one on each line, in order of their dates.

    '2026-10-01 国庆节' is closed; '2026-10-01..2026-10-07 国庆节' are seven such days; '2026-10-10 09:00-18:00 调休'
    works in these hours.

    Raises:
        Invalid: some lines are not that; the sentences name them and stand at ``field``.
    """
    found: dict[date, SpecialDay] = {}
    wrong: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            days, special = _special(line.strip(), field)
            _must_be_new(days, found, field)
            found.update(dict.fromkeys(days, special))
        except Invalid as error:
            wrong.append(_("Line %(number)s: %(said)s", number=number, said=error.sentence))
    if len(found) > MOST_DAYS:
        wrong.append(_("These are more than %(most)s days.", most=MOST_DAYS))
    if wrong:
        more = [] if len(wrong) <= SENTENCES else [_("And %(count)s more lines.", count=len(wrong) - SENTENCES)]
        raise Invalid({field: " ".join(wrong[:SENTENCES] + more)})
    return dict(sorted(found.items()))


def _must_be_new(days: Iterable[date], known: Mapping[date, SpecialDay], field: str) -> None:
    for day in days:
        if day in known:
            raise Invalid({field: _("%(day)s stands there twice.", day=day)})


def _special(line: str, field: str) -> tuple[list[date], SpecialDay]:
    """The days of one line, and what they are."""
    match = _DAYS.match(line.translate(_PLAIN))
    if match is None:
        said = _("begin with a date like 2026-10-01, or 2026-10-01..2026-10-07 for several days.")
        raise Invalid({field: said})
    days = _days(match, field)
    rest = line[match.end() :]  # translating keeps every place
    hours: Spans = ()
    written = _HOURS.match(rest.translate(_PLAIN))
    if written:
        hours = spans(rest[: written.end()], field)
        rest = rest[written.end() :]
    name = " ".join(rest.split())
    if _LOOKS_LIKE_HOURS.search(name.translate(_PLAIN)):  # never a holiday by a slip of the finger
        raise Invalid({field: _("“%(part)s” is not understood. Write hours like 09:00-18:00.", part=name)})
    if len(name) > NAME_LIMIT:
        raise Invalid({field: _("a name has at most %(limit)s characters.", limit=NAME_LIMIT)})
    return days, SpecialDay(hours, name)


def _days(match: re.Match[str], field: str) -> list[date]:
    first = _date(match.groups()[:3], field)
    last = _date(match.groups()[3:], field) if match.group(4) else first
    if last < first:
        raise Invalid({field: _("%(last)s lies before %(first)s.", last=last, first=first)})
    length = (last - first).days + 1
    if length > LONGEST_RANGE:
        raise Invalid({field: _("these are %(count)s days; a line has at most a year.", count=length)})
    return [first + timedelta(days=n) for n in range(length)]


def _date(parts: Iterable[str | None], field: str) -> date:
    year, month, day = (int(part or 0) for part in parts)
    if year in YEARS:
        with suppress(ValueError):
            return date(year, month, day)
    raise Invalid({field: _("there is no day %(day)s.", day=f"{year}-{month:02}-{day:02}")})


def special_days_text(days: Mapping[date, SpecialDay]) -> str:
    """The text of which ``special_days`` makes the same days; days in a row that are alike share a line."""
    runs: list[tuple[date, date, SpecialDay]] = []
    for day, special in sorted(days.items(), key=lambda pair: pair[0]):
        if runs and runs[-1][2] == special and runs[-1][1] + timedelta(days=1) == day and _fits(runs[-1][0], day):
            runs[-1] = (runs[-1][0], day, special)
        else:
            runs.append((day, day, special))
    return "\n".join(_line(*run) for run in runs)


def _fits(first: date, last: date) -> bool:
    return (last - first).days < LONGEST_RANGE


def _line(first: date, last: date, special: SpecialDay) -> str:
    when = f"{first}" if first == last else f"{first}..{last}"
    return " ".join(part for part in (when, text_of(special.hours), special.name) if part)
