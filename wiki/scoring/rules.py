"""The arithmetic of the ledger: an act, the rules, what was spent of a cap – and the entries. Decimals only."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")
ONE = Decimal(1)


class Unit(StrEnum):
    """Points come from contributing, credits from learning; they are never exchanged."""

    POINTS = "points"
    CREDITS = "credits"


class Does(StrEnum):
    """What an act does with the earlier one that it names."""

    PAY = ""  # it names none
    UNDO = "undo"  # takes back whatever that one still pays
    RESTORE = "restore"  # gives back what the last undoing took
    DIVIDE = "divide"  # shares the same total in another way


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of act earns between two days (``valid_to`` is the last one). ``variant`` '' fits any.

    Caps are of one person: what the rule pays in a day, and in a month of the ledger.
    """

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
    cap_per_month: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happened: who did it (the author first), when, how well (0–100), how much (``amount``).

    ``source`` is unique for its ``event``. ``undoes`` names the source of an earlier act of the same event, and
    ``does`` says what becomes of it. ``shares`` are whole numbers beside ``people``; none: equal parts.
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
    does: Does = Does.PAY
    shares: tuple[int, ...] | None = None

    @property
    def deed(self) -> Does:
        """What it does; acts of old that undo did not say so."""
        return Does.UNDO if self.undoes is not None and self.does is Does.PAY else self.does


@dataclass(frozen=True, slots=True)
class Entry:
    """One person's part of an act. ``uncapped`` is what it would have been without the caps."""

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
        """A cap cut it."""
        return self.uncapped > self.points >= 0


Spent = Callable[[int, str, date | str], Decimal]  # by a person under a rule, on a day or in a month


def half_up(amount: Decimal) -> Decimal:
    """Rounded to hundredths, a half away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def month_of(at: datetime, zone: str) -> str:
    """The month an act belongs to, '2026-11', on the centre's clock."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m}"


def split(total: Decimal, shares: int | Sequence[int]) -> list[Decimal]:
    """Parts in hundredths that sum to the total exactly: by largest remainder, of equal ones the first named first.

    ``shares`` is how many equal parts, or a whole number for each; all nought is as good as equal.

    >>> split(Decimal("10.00"), 3)
    [Decimal('3.34'), Decimal('3.33'), Decimal('3.33')]
    >>> split(Decimal("10.00"), (2, 1, 0))
    [Decimal('6.67'), Decimal('3.33'), Decimal('0.00')]
    """
    weights = [1] * shares if isinstance(shares, int) else list(shares)
    if not any(weights):
        weights = [1] * len(weights)
    cents, whole = int(half_up(total).scaleb(2)), sum(weights)
    sign, cents = (1, cents) if cents >= 0 else (-1, -cents)
    parts = [divmod(cents * weight, whole) for weight in weights]
    left = cents - sum(base for base, _rest in parts)
    order = sorted(range(len(parts)), key=lambda n: (-parts[n][1], n))
    more = set(order[:left])
    return [Decimal(sign * (base + (n in more))).scaleb(-2) for n, (base, _rest) in enumerate(parts)]


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
    """What everybody earns by an act; nothing when no rule is in force. ``spent``: by this rule that day or month."""
    rule = rule_for(act, rules)
    people = tuple(dict.fromkeys(act.people))
    if rule is None or not people:
        return []
    multiplier = half_up(Decimal(act.score) / 100) if rule.quality and act.score is not None else ONE.quantize(CENT)
    total = half_up(rule.points * act.amount * multiplier)
    weights = act.shares if act.shares is not None and len(act.shares) == len(people) else len(people)
    parts = split(total, weights) if rule.split else [total] * len(people)
    return [
        Entry(
            user_id, rule.id, rule.code, act.event, act.source, rule.unit, _room(rule, act, user_id, full, spent), full,
            multiplier, act.day, act.period,
        )
        for user_id, full in zip(people, parts, strict=True)
    ]  # fmt: skip


def _room(rule: Rule, act: Act, user_id: int, full: Decimal, spent: Spent) -> Decimal:
    """As much of ``full`` as the caps leave room for."""
    points = full
    if rule.cap_per_day is not None:
        points = min(points, rule.cap_per_day - spent(user_id, rule.code, act.day))
    if rule.cap_per_month is not None:
        points = min(points, rule.cap_per_month - spent(user_id, rule.code, act.period))
    return max(NOTHING, points)


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
    cap_per_month: str | None = None


def _accepted(kind: str, points: int) -> Default:
    """Times the checklist score, shared by its authors; the twenty-first of a kind in one month pays nothing more."""
    return Default(
        f"accepted.{kind}", "article.accepted", kind, str(points), quality=True, split=True,
        cap_per_day=str(5 * points), cap_per_month=str(20 * points),
    )  # fmt: skip


ACCEPTED: Mapping[str, int] = {
    "best_practice": 15, "script": 12, "faq": 6, "sop": 15, "notice": 4, "product": 8, "block": 4,
}  # fmt: skip
DEFAULTS = (
    # a new article: by kind
    *(_accepted(kind, points) for kind, points in ACCEPTED.items()),
    # a change of an article: by significance
    *(
        Default(f"revised.{significance}", "revision.accepted", significance, points, quality=True, split=True)
        for significance, points in {"major": "6", "minor": "2", "typo": "0.5"}.items()
    ),
    Default("reviewed.in_time", "review.decided", "in_time", "1"),
    Default("reviewed.late", "review.decided", "late", "0.5"),
    Default("calibrated", "review.calibrated", "", "0.5", cap_per_month="10"),
    # outcome counts more often than it pays: small, times the same quality, and capped
    Default("helpful", "feedback.helpful", "", "0.5", quality=True, split=True, cap_per_day="5"),
    Default("used", "feedback.used", "", "0.3", quality=True, split=True, cap_per_day="6"),
    Default("flag", "flag.led_to_change", "", "2", cap_per_day="6"),
    Default("course.made", "course.published", "", "10"),
    Default("course.completed", "course.completed", "", "1", unit=Unit.CREDITS),
    Default("quiz.passed", "quiz.passed", "", "1"),
)
DEFAULTS_SINCE = date(2000, 1, 1)
