"""The arithmetic of the ledger: an act, the rules, what was spent of a day's cap – and the entries. Decimals only."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

CENT = Decimal("0.01")
ZERO = Decimal(0)
ONE = Decimal(1)


class Unit(StrEnum):
    """Points come from contributing, credits from learning; they are never exchanged."""

    POINTS = "points"
    CREDITS = "credits"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of act earns between two days (``valid_to`` is the last one). ``variant`` '' fits any."""

    id: int
    code: str
    event: str
    variant: str
    points: Decimal
    unit: Unit
    quality: bool
    split: bool
    cap_per_day: Decimal | None
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happened: who did it (the author first), when, how well (0–100), how much (``amount``).

    ``source`` is unique for its ``event``. ``undoes`` names the source of an earlier act of the same event.
    """

    event: str
    source: str
    people: tuple[int, ...]
    day: date
    period: str
    variant: str = ""
    amount: Decimal = ONE
    score: int | None = None
    undoes: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One person's part of an act. ``uncapped`` is what it would have been without the day's cap."""

    user_id: int
    rule_id: int
    rule: str
    event: str
    source: str
    unit: Unit
    points: Decimal
    uncapped: Decimal
    multiplier: Decimal
    day: date
    period: str

    @property
    def capped(self) -> bool:
        """The day's cap cut it."""
        return self.uncapped > self.points >= 0


Spent = Callable[[int, str, date], Decimal]


def half_up(amount: Decimal) -> Decimal:
    """Rounded to hundredths, a half away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def month_of(at: datetime, zone: str) -> str:
    """The month an act belongs to, '2026-11', on the centre's clock."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m}"


def split(total: Decimal, parts: int) -> list[Decimal]:
    """Equal parts in hundredths that sum to the total exactly: by largest remainder, the first named first.

    >>> split(Decimal("10.00"), 3)
    [Decimal('3.34'), Decimal('3.33'), Decimal('3.33')]
    """
    cents = int(half_up(total).scaleb(2))
    base, rest = divmod(abs(cents), parts)
    sign = 1 if cents >= 0 else -1
    return [Decimal(sign * (base + (1 if n < rest else 0))).scaleb(-2) for n in range(parts)]


def rule_for(act: Act, rules: Iterable[Rule]) -> Rule | None:
    """The rule in force on the act's day; one for its variant goes before one for any, a younger before an older."""
    fits = [
        rule
        for rule in rules
        if rule.event == act.event
        and rule.variant in {"", act.variant}
        and rule.valid_from <= act.day
        and (rule.valid_to is None or act.day <= rule.valid_to)
    ]
    return max(fits, key=lambda rule: (rule.variant != "", rule.valid_from, rule.id), default=None)


def price(act: Act, rules: Iterable[Rule], spent: Spent) -> list[Entry]:
    """What everybody earns by an act; nothing when no rule is in force. ``spent``: by this rule that day."""
    rule = rule_for(act, rules)
    people = tuple(dict.fromkeys(act.people))
    if rule is None or not people:
        return []
    multiplier = half_up(Decimal(act.score) / 100) if rule.quality and act.score is not None else ONE.quantize(CENT)
    total = half_up(rule.points * act.amount * multiplier)
    shares = split(total, len(people)) if rule.split else [total] * len(people)
    entries = []
    for user_id, full in zip(people, shares, strict=True):
        points = full
        if rule.cap_per_day is not None:
            points = max(ZERO.quantize(CENT), min(full, rule.cap_per_day - spent(user_id, rule.code, act.day)))
        entries.append(
            Entry(
                user_id,
                rule.id,
                rule.code,
                act.event,
                act.source,
                rule.unit,
                points,
                full,
                multiplier,
                act.day,
                act.period,
            )
        )
    return entries


def undo(act: Act, earned: Iterable[Entry]) -> list[Entry]:
    """The entries that take back what an earlier act earned, to the hundredth; taking back twice earns nothing."""
    return [
        Entry(
            e.user_id, e.rule_id, e.rule, act.event, act.source, e.unit, -e.points, -e.points, e.multiplier, act.day,
            act.period,
        )
        for e in earned
        if e.points > 0
    ]  # fmt: skip


def replay(acts: Iterable[Act], rules: Sequence[Rule]) -> list[Entry]:
    """The whole ledger, from nothing: acts in the order in which they were recorded."""
    earned: dict[tuple[str, str], list[Entry]] = {}
    spent: dict[tuple[int, str, date], Decimal] = {}
    for act in acts:
        key = (act.event, act.source)
        if key in earned:
            continue
        if act.undoes is not None:
            entries = undo(act, earned.get((act.event, act.undoes), ()))
        else:
            entries = price(act, rules, lambda *who: spent.get(who, ZERO))
        earned[key] = entries
        for entry in entries:
            if entry.points > 0:
                spot = (entry.user_id, entry.rule, entry.day)
                spent[spot] = spent.get(spot, ZERO) + entry.points
    return [entry for entries in earned.values() for entry in entries]


@dataclass(frozen=True, slots=True)
class Default:
    """A rule that comes with the product."""

    code: str
    event: str
    variant: str
    points: str
    unit: Unit = Unit.POINTS
    quality: bool = False
    split: bool = False
    cap_per_day: str | None = None


DEFAULTS = (
    # a new article: by kind, times the checklist score, shared by its authors
    *(
        Default(f"accepted.{kind}", "article.accepted", kind, points, quality=True, split=True)
        for kind, points in {
            "best_practice": "15", "script": "12", "faq": "6", "sop": "15", "notice": "4", "product": "8", "block": "4",
        }.items()
    ),
    # a change of an article: by significance
    *(
        Default(f"revised.{significance}", "revision.accepted", significance, points, quality=True, split=True)
        for significance, points in {"major": "6", "minor": "2", "typo": "0.5"}.items()
    ),
    Default("reviewed.in_time", "review.decided", "in_time", "1"),
    Default("reviewed.late", "review.decided", "late", "0.5"),
    # outcome counts more often than it pays: small, and capped
    Default("helpful", "feedback.helpful", "", "0.5", split=True, cap_per_day="5"),
    Default("used", "feedback.used", "", "0.3", split=True, cap_per_day="6"),
    Default("flag", "flag.led_to_change", "", "2", cap_per_day="6"),
    Default("course.made", "course.published", "", "10"),
    Default("course.completed", "course.completed", "", "1", unit=Unit.CREDITS),
    Default("quiz.passed", "quiz.passed", "", "1"),
)  # fmt: skip
DEFAULTS_SINCE = date(2000, 1, 1)
