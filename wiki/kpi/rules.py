"""The arithmetic of a scorecard (``docs/model.md`` §5): exact fractions inside, two decimals outside, no float.

Score: higher is better 100·v/t, lower is better 100·t/v, not below the floor, not above the cap, half-up to two places.
Total: Σ perspective weight × Σ indicator weight × score. A missing indicator's weight is spread over its perspective,
an empty perspective's over the others.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from fractions import Fraction

from core.errors import Invalid
from core.i18n import _
from wiki.kpi.periods import Period, Span

FLOOR = Decimal(0)
CAP = Decimal(120)
HUNDRED = Decimal(100)
CENT = Decimal("0.01")


class Direction(StrEnum):
    """Which way is better; what is only watched has no score."""

    UP = "up"
    DOWN = "down"
    NONE = "none"


class Unit(StrEnum):
    """What a value is; only ``percent`` changes the figure (times 100)."""

    PERCENT = "percent"
    DAYS = "days"
    SECONDS = "seconds"
    COUNT = "count"
    POINTS = "points"
    MONEY = "money"


class Origin(StrEnum):
    """Where a reading comes from: a file of another system, or a count of our own."""

    IMPORTED = "imported"
    LEDGER = "ledger"
    REVIEW = "review"
    TRAINING = "training"
    KNOWLEDGE = "knowledge"

    @property
    def is_computed(self) -> bool:
        """The product counts it; nobody brings it in."""
        return self is not Origin.IMPORTED


@dataclass(frozen=True, slots=True)
class Measure:
    """A numerator and a denominator. A denominator of nought is no data."""

    numerator: Decimal
    denominator: Decimal

    def __add__(self, other: "Measure") -> "Measure":
        return Measure(self.numerator + other.numerator, self.denominator + other.denominator)


def two_places(exact: Fraction) -> Decimal:
    """Rounded half-up (away from zero) to two places, from the exact fraction.

    >>> two_places(Fraction(1, 8))
    Decimal('0.13')
    """
    scaled = abs(exact) * 200  # halves of hundredths
    cents = (scaled.numerator // scaled.denominator + 1) // 2
    found = Decimal(cents).scaleb(-2)
    return -found if exact < 0 and cents else found


def exact_value(measure: Measure | None, unit: Unit) -> Fraction | None:
    """Numerator ÷ denominator, in percent where the unit says so; ``None`` without data."""
    if measure is None or measure.denominator == 0:
        return None
    plain = Fraction(measure.numerator) / Fraction(measure.denominator)
    return plain * 100 if unit is Unit.PERCENT else plain


def score(
    measure: Measure | None,
    target: Decimal,
    direction: Direction,
    unit: Unit,
    *,
    floor: Decimal = FLOOR,
    cap: Decimal = CAP,
) -> Decimal | None:
    """The score of an indicator; ``None`` without data. Nothing at all of what should be low is the best there is."""
    value = exact_value(measure, unit)
    if value is None or direction is Direction.NONE:
        return None
    goal = Fraction(target)
    if direction is Direction.UP:
        found = value * 100 / goal
    elif value <= 0:
        return cap.quantize(CENT)
    else:
        found = goal * 100 / value
    return max(floor, min(cap, two_places(found))).quantize(CENT)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a card amounts to. ``scores`` are the perspectives'; ``covered`` the percent of weights that have data."""

    total: Decimal | None
    scores: tuple[Decimal | None, ...]
    covered: Decimal


Weighted = tuple[Decimal, Decimal | None]  # weight in percent, score


def combine(perspectives: Sequence[tuple[Decimal, Sequence[Weighted]]]) -> Outcome:
    """The total of a card and the score of each perspective, with missing data spread."""
    parts: list[tuple[Fraction, Fraction | None]] = []
    covered = Fraction(0)
    for weight, lines in perspectives:
        known = [(Fraction(w), Fraction(s)) for w, s in lines if s is not None and w > 0]
        share = sum((w for w, _s in known), Fraction(0))
        parts.append((Fraction(weight), sum((w * s for w, s in known), Fraction(0)) / share if share else None))
        covered += Fraction(weight) * share / 100
    alive = [(w, s) for w, s in parts if s is not None]
    whole = sum((w for w, _s in alive), Fraction(0))
    total = sum((w * s for w, s in alive), Fraction(0)) / whole if whole else None
    return Outcome(
        total=None if total is None else two_places(total),
        scores=tuple(None if s is None else two_places(s) for _w, s in parts),
        covered=two_places(covered),
    )


def check_weights(name: str, weights: Sequence[Decimal]) -> None:
    """Refuse weights that do not sum to 100.

    Raises:
        Invalid: naming what they sum to.
    """
    found = sum(weights, Decimal(0))
    if found != HUNDRED or any(weight < 0 for weight in weights):
        raise Invalid({"weights": _("The weights of %(name)s sum to %(sum)s, not to 100.", name=name, sum=found)})


def gather(
    own: Period, months: Sequence[str], readings: Mapping[str, Measure]
) -> tuple[Measure | None, tuple[str, ...]]:
    """The measure of a window from readings by period, and which of them were used.

    A reading of the whole period goes before those of its parts; parts outside the window do not count. The days of a
    month that has no reading of its own are named together, as the month.
    """
    found, used = None, []
    for period in _parts(own, set(months), readings, whole=True):
        measure = readings[period]
        found = measure if found is None else found + measure
        used.append(period[:7])
    return found, tuple(dict.fromkeys(used))


def _parts(period: Period, months: set[str], readings: Mapping[str, Measure], *, whole: bool) -> list[str]:
    inside = months.issuperset(period.months)
    if str(period) in readings and (inside or whole):
        return [str(period)]
    if period.span is Span.MONTH:
        return sorted(one for one in readings if len(one) == 10 and one.startswith(f"{period}-"))
    return [
        part
        for child in period.children()
        if not months.isdisjoint(child.months)
        for part in _parts(child, months, readings, whole=False)
    ]


LARGEST = Decimal(10) ** 12
_GROUPED = re.compile(r"[+]?\d{1,3}(?:[,\u00a0\u202f ]\d{3})+(?:\.\d*)?")  # 1,234,567.8 and 1 234 567.8


def amount(text: object) -> Decimal:
    """A numerator or denominator: a decimal of at most six places, not negative; 95 % is 0.95.

    Digits may be full-width, thousands grouped by commas or blanks. A comma that does not group thousands is refused:
    nobody knows whether 1,5 is one and a half.

    >>> [amount(one) for one in ("1,234.50", "９５％", "12 000")]
    [Decimal('1234.50'), Decimal('0.95'), Decimal('12000')]

    Raises:
        ValueError: it is not; the argument says why.
    """
    shown = str(text)[:40]
    plain = unicodedata.normalize("NFKC", str(text)).strip()
    percent = plain.endswith("%")
    plain = plain.removesuffix("%").strip()
    if _GROUPED.fullmatch(plain):
        plain = re.sub(r"[,\s]", "", plain)
    try:
        found = Context(prec=60).create_decimal(plain)
    except ArithmeticError:
        raise ValueError(_("«%(text)s» is not a number.", text=shown)) from None
    if not found.is_finite() or found < 0 or found > LARGEST:
        raise ValueError(_("%(text)s is negative or too large.", text=shown))
    if percent:
        found = found.scaleb(-2)
    if found != found.quantize(Decimal("0.000001"), ROUND_HALF_UP, context=Context(prec=60)):
        raise ValueError(_("%(text)s has more than six decimals.", text=shown))
    return found


def is_percent(text: object) -> bool:
    """It is written with the mark of percents."""
    return unicodedata.normalize("NFKC", str(text)).strip().endswith("%")


# ── pace ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def at_this_pace(done: Decimal, days_gone: int, days: int) -> int | None:
    """What a count will be at the end when it goes on as so far, rounded down; ``None`` before the first day is over.

    >>> at_this_pace(Decimal(75), 53, 92)
    130
    """
    return None if days_gone < 1 else int(Fraction(done) * days / days_gone)


def needed_a_week(done: Decimal, target: Decimal, days_left: int) -> Decimal | None:
    """How much a week still reaches the target, rounded up; ``None`` when it is reached or the time is over."""
    if done >= target or days_left < 1:
        return None
    exact = (Fraction(target) - Fraction(done)) * 7 / days_left
    return Decimal(-(-exact.numerator // exact.denominator))


# ── what moved a score ───────────────────────────────────────────────────────────────────────────────────────────────

Shared = Mapping[str, tuple[Fraction, Decimal]]  # indicator: its share of the total (sums to 1), its score


def moved(before: Shared, now: Shared, change: Decimal) -> tuple[dict[str, Decimal], Decimal]:
    """How much each indicator moved the total, and what the rest did: other weights, data that came or went.

    Each is the change of its score times the share it had before. All figures have two places and sum to ``change``.
    """
    steps = {
        code: two_places(before[code][0] * Fraction(now[code][1] - before[code][1])) for code in now if code in before
    }
    return steps, change - sum(steps.values(), Decimal(0))


def shares(perspectives: Sequence[tuple[Decimal, Sequence[tuple[str, Decimal, Decimal | None]]]]) -> Shared:
    """What share of the total each indicator with data has, after the missing ones' weights are spread."""
    alive = [(w, [(c, lw, s) for c, lw, s in lines if s is not None and lw > 0]) for w, lines in perspectives]
    alive = [(w, lines) for w, lines in alive if lines]
    whole = sum((Fraction(w) for w, _lines in alive), Fraction(0))
    found: dict[str, tuple[Fraction, Decimal]] = {}
    for weight, lines in alive:
        own = sum((Fraction(lw) for _c, lw, _s in lines), Fraction(0))
        for code, line_weight, score_ in lines:
            if whole:
                found[code] = Fraction(weight) / whole * Fraction(line_weight) / own, score_
    return found
