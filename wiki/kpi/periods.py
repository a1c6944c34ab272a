"""Months, quarters and half-years: '2026-11', '2026-Q4', '2026-H2'. Borders lie on the centre's clock.

A reading may also be of a day, '2026-11-16': days count in their month where that has no reading of its own.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.errors import Invalid
from core.i18n import _


class Span(StrEnum):
    """How long a period is; in order of length."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"

    @property
    def months(self) -> int:
        """Months in it."""
        return {"month": 1, "quarter": 3, "half": 6}[self.value]


SHAPE = re.compile(r"(\d{4})-(?:(\d{2})|([QH])(\d))")


@dataclass(frozen=True, slots=True)
class Period:
    """The ``number``-th (from 1) month, quarter or half of a year."""

    span: Span
    year: int
    number: int

    def __str__(self) -> str:
        return _text(self)

    @property
    def months(self) -> tuple[str, ...]:
        """The months in it, in order, as '2026-11'."""
        return _months(self)

    @property
    def first_day(self) -> date:
        """Its first day."""
        return date(self.year, (self.number - 1) * self.span.months + 1, 1)

    @property
    def day_after(self) -> date:
        """The first day that is no longer in it."""
        return self.step(1).first_day

    def step(self, by: int) -> "Period":
        """The period so many further on (negative: back).

        >>> str(parse("2026-Q1").step(-1))
        '2025-Q4'
        """
        in_year = 12 // self.span.months
        count = self.year * in_year + self.number - 1 + by
        return Period(self.span, count // in_year, count % in_year + 1)

    def within(self, span: Span) -> "Period":
        """The period of this length in which this one ends.

        >>> str(parse("2026-11").within(Span.HALF))
        '2026-H2'
        """
        last = int(self.months[-1][5:])
        return Period(span, self.year, (last - 1) // span.months + 1)

    def children(self) -> tuple["Period", ...]:
        """The next shorter periods it is made of; none for a month."""
        return _children(self)

    def has_begun(self, now: datetime, zone: str) -> bool:
        """True from its first moment on."""
        return now >= _moment(self.first_day, zone)

    def is_over(self, now: datetime, zone: str) -> bool:
        """True after its last moment."""
        return now >= _moment(self.day_after, zone)


# A board asks these of the same few periods once for each of a thousand people.


@lru_cache(maxsize=4096)
def _text(period: Period) -> str:
    number, span = period.number, period.span
    mark = {Span.MONTH: f"{number:02d}", Span.QUARTER: f"Q{number}", Span.HALF: f"H{number}"}
    return f"{period.year:04d}-{mark[span]}"


@lru_cache(maxsize=4096)
def _months(period: Period) -> tuple[str, ...]:
    first = (period.number - 1) * period.span.months + 1
    return tuple(f"{period.year:04d}-{month:02d}" for month in range(first, first + period.span.months))


@lru_cache(maxsize=4096)
def _children(period: Period) -> tuple[Period, ...]:
    shorter = {Span.HALF: Span.QUARTER, Span.QUARTER: Span.MONTH}.get(period.span)
    if shorter is None:
        return ()
    return tuple(dict.fromkeys(parse(month).within(shorter) for month in period.months))


def _moment(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def parse(text: str) -> Period:
    """The period of a text like '2026-11', '2026-Q4' or '2026-H2'.

    Raises:
        Invalid: it is none.
    """
    found = SHAPE.fullmatch(text.strip().upper())
    if found:
        year, month, kind, number = found.groups()
        span = Span.MONTH if month else {"Q": Span.QUARTER, "H": Span.HALF}[kind]
        count = int(month or number)
        if 1 <= count <= 12 // span.months and 1900 < int(year) < 9999:
            return Period(span, int(year), count)
    raise Invalid({"period": _("Write a period like 2026-11, 2026-Q4 or 2026-H2.")})


# ── how files write periods ──────────────────────────────────────────────────────────────────────────────────────────

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]0{1,2}:00(?::00)?)?|(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?|(\d{4})(\d{2})")
_LONGER = re.compile(r"(\d{4})年?[-/ ]?(?:第?([1-4一二三四])季度?|Q([1-4])|(上|下)半年|H([12])|([1-4])Q|([12])H)")
_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4, "上": 1, "下": 2}


def written(text: str) -> str:
    """The period or day as tables know it, from one of the ways people write it.

    >>> [written(one) for one in ("2026/1", "２０２６年１１月", "2026年第四季度", "2026下半年", "20261116")]
    ['2026-01', '2026-11', '2026-Q4', '2026-H2', '2026-11-16']

    Raises:
        Invalid: it is none.
    """
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if found := _LONGER.fullmatch(plain):
        year, quarter, q, half, h, q2, h2 = found.groups()
        count = quarter or q or q2 or half or h or h2
        mark = "Q" if quarter or q or q2 else "H"
        return str(parse(f"{year}-{mark}{_DIGITS.get(count) or count}"))
    if found := _DAY.fullmatch(plain):
        parts = found.group(1, 2, 3) if found[1] else found.group(4, 5, 6)
        try:
            return f"{date(*(int(one) for one in parts)):%Y-%m-%d}"
        except ValueError:
            raise Invalid({"period": _("«%(text)s» is no day of the calendar.", text=text[:40])}) from None
    if found := _MONTH.fullmatch(plain):
        year, month = found.group(1, 2) if found[1] else found.group(3, 4)
        return str(parse(f"{year}-{int(month):02d}"))
    return str(parse(plain))


def of_reading(text: str) -> Period:
    """The period of a reading; of a day its month."""
    return parse(text[:7])


def is_day(text: str) -> bool:
    """A day like '2026-11-16', and no longer period."""
    return len(text) == 10


def of_moment(at: datetime, zone: str, span: Span = Span.MONTH) -> Period:
    """The period a moment lies in, on the centre's clock."""
    here = at.astimezone(ZoneInfo(zone))
    return Period(Span.MONTH, here.year, here.month).within(span)


def containing(period: Period) -> tuple[Period, ...]:
    """The period itself and every longer one around it."""
    longer = [span for span in Span if span.months > period.span.months]
    return (period, *(period.within(span) for span in longer))


def window(card: Period, span: Span) -> tuple[Period, tuple[str, ...]]:
    """What an indicator of this span shows on a card: its own period, and the months of it that count.

    A longer indicator shows its own period to date, up to the card's end; a shorter one is summed over the card.
    """
    if span.months <= card.span.months:
        return card, card.months
    own = card.within(span)
    return own, tuple(month for month in own.months if month <= card.months[-1])
