"""Are these figures fit to judge anybody by? Collected, usable, of integrity, known, acted on (``docs/cuika.md``).

Pure: figures in, judgements out. A figure is a pair of integers (numerator, denominator) in the same scale, and every
comparison is exact: no float, no rounding before the end.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from math import floor, lcm
from typing import TypeVar

from wiki.kpi.periods import Period, Span, parse
from wiki.kpi.rules import Direction, Unit

K = TypeVar("K")
N = TypeVar("N", int, Fraction)
Figure = tuple[int, int]  # numerator and denominator, scaled alike
SCALE = 1_000_000  # as readings are kept

UNBROKEN_MONTHS = 3  # a new indicator needs three months of unbroken data before it counts (docs/domain.md §4)
LEAST_KEPT = 6  # months: data are kept six months at least
FEW = 30  # of fewer answers, a share says little
BY_CHANCE = 100  # of fewer, the same figures may well come again
FAR = Fraction(7, 2)  # robust distances beyond this are outliers (Iglewicz and Hoaglin's advice)
WIDE = 4096  # bits of a common denominator beyond which fractions are reckoned with as they are
FEWEST = 5  # of fewer figures nothing is called an outlier
TOO_MANY_CORRECTIONS = Fraction(1, 10)
REPRESENTATIVE = Fraction(9, 10)
HALF_OF_IT = Fraction(1, 2)
KNOWN = Fraction(8, 10)


class State(StrEnum):
    """A judgement: as it should be, look at it, not as it should be, nothing to judge."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    NONE = "none"


WORST = (State.BAD, State.WARN, State.OK, State.NONE)


class ActionState(StrEnum):
    """How far an action is."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A state, and what it was judged by: so many of so many."""

    state: State
    good: int = 0
    of: int = 0

    @property
    def rest(self) -> int:
        """How many are not as they should be."""
        return self.of - self.good


def worst(states: Iterable[State]) -> State:
    """The worst of some states; what could not be judged does not count beside what could."""
    found = set(states)
    return next((state for state in WORST if state in found), State.NONE)


# ── collected, usable ────────────────────────────────────────────────────────────────────────────────────────────────


def due_periods(upto: Period, span: Span) -> tuple[Period, ...]:
    """The periods of an indicator that must have figures by the end of a month, so that three months are unbroken.

    >>> [str(p) for p in due_periods(parse("2026-11"), Span.MONTH)]
    ['2026-09', '2026-10', '2026-11']
    >>> [str(p) for p in due_periods(parse("2026-11"), Span.QUARTER)]
    ['2026-Q3']
    """
    last = upto.within(span)
    if last.months[-1] > upto.months[-1]:
        last = last.step(-1)
    count = max(1, UNBROKEN_MONTHS // span.months)
    return tuple(last.step(-back) for back in reversed(range(count)))


def missing(period: Period, have: Collection[str]) -> list[Period]:
    """What lacks figures in a period: nothing when the whole has one, else those of its parts that lack theirs.

    Where no part has any, it is the whole that is missing.
    """
    if str(period) in have:
        return []
    parts = [(part, missing(part, have)) for part in period.children()]
    if not parts or all(lacking == [part] for part, lacking in parts):
        return [period]
    return [one for _part, lacking in parts for one in lacking]


def gaps(periods: Sequence[Period], have: Collection[str]) -> list[Period]:
    """What is missing in a row of periods; empty: the data are unbroken."""
    return [one for period in periods for one in missing(period, have)]


def series(upto: Period, span: Span, have: Collection[str]) -> tuple[Period, ...]:
    """What is due of a subject: by months where months are brought in, else by the indicator's own periods.

    A half-year's indicator whose months are brought in is asked for its last three months, not for a whole half-year.
    """
    months = due_periods(upto, Span.MONTH)
    return months if any(str(month) in have for month in months) else due_periods(upto, span)


def judge_collected(subjects: int, complete: int) -> Judgement:
    """Every subject has its newest figure."""
    return _share(complete, subjects, State.BAD)


def judge_usable(has_target: bool, subjects: int, unbroken: int) -> Judgement:
    """There is a target, and three months without a gap; else the figure does not count yet."""
    if not has_target:
        return Judgement(State.BAD, 0, subjects)
    return _share(unbroken, subjects, State.BAD)


def _share(good: int, of: int, nothing: State) -> Judgement:
    if of == 0:
        return Judgement(State.NONE)
    state = State.OK if good == of else nothing if good == 0 else State.WARN
    return Judgement(state, good, of)


# ── integrity ────────────────────────────────────────────────────────────────────────────────────────────────────────


def impossible(figure: Figure, unit: Unit) -> str:
    """Why a figure cannot be: ``no_base`` (something out of nothing), ``over_whole`` (more than all), or ''."""
    numerator, denominator = figure
    if denominator == 0 and numerator > 0:
        return "no_base"
    if unit is Unit.PERCENT and numerator > denominator:
        return "over_whole"
    return ""


@cache
def before(text: str) -> str:
    """The period before the one of this text."""
    return str(parse(text).step(-1))


@cache
def parts(text: str) -> tuple[str, ...]:
    """The next shorter periods of the one of this text."""
    return tuple(str(part) for part in parse(text).children())


@cache
def first_month(text: str) -> str:
    """The first month of the period of this text."""
    return parse(text).months[0]


def repeated(figures: Mapping[str, Figure]) -> list[str]:
    """Periods whose figures are those of the period before, digit for digit, where chance hardly does that."""
    found = []
    for text, figure in figures.items():
        earlier = figures.get(before(text))
        plain = figure[0] in {0, figure[1]} or figure[1] < BY_CHANCE * SCALE
        if earlier == figure and not plain:
            found.append(text)
    return found


def contradicting(figures: Mapping[str, Figure]) -> list[str]:
    """Longer periods whose figure is not the sum of their parts, where every part has one."""
    found = []
    for text, figure in figures.items():
        known = [part for name in parts(text) if (part := figures.get(name)) is not None]
        if known and len(known) == len(parts(text)):
            whole = (sum(n for n, _d in known), sum(d for _n, d in known))
            if whole != figure:
                found.append(text)
    return found


def outliers(values: Mapping[K, Fraction]) -> dict[K, Fraction]:
    """Those that lie far from the others, with how far: 0.6745 × |value − median| ÷ MAD beyond 3.5.

    MAD is the median of the distances from the median: unlike the mean and its deviation, a few wild figures do not
    move it. Where more than half of the values are alike it is nought, and the mean distance (÷ 0.7979) stands in.
    Fewer than five figures have no outliers.
    """
    if len(values) < FEWEST:
        return {}
    base = lcm(*(value.denominator for value in values.values()))
    if base.bit_length() > WIDE:
        return _outliers(values, whole=False)
    scaled = {key: value.numerator * (base // value.denominator) for key, value in values.items()}
    return _outliers(scaled, whole=True)


def _outliers(values: Mapping[K, N], *, whole: bool) -> dict[K, Fraction]:
    """The same of fractions, or of whole numbers in their proportion: those are reckoned with ten times as fast."""
    middle = _twice_median(values.values())
    distances = {key: abs(2 * value - middle) for key, value in values.items()}
    spread = Fraction(_twice_median(distances.values()), 2) / Fraction(6745, 10_000)
    if spread == 0:
        spread = Fraction(sum(distances.values())) / len(distances) / Fraction(7979, 10_000)
    if spread == 0:
        return {}
    limit = spread * FAR
    bound: int | Fraction = floor(limit) if whole else limit  # the same question, and a short one for whole numbers
    return {key: Fraction(distance) / spread for key, distance in distances.items() if distance > bound}


def _twice_median(values: Collection[N]) -> N:
    ordered = sorted(values)
    half = len(ordered) // 2
    return 2 * ordered[half] if len(ordered) % 2 else ordered[half - 1] + ordered[half]


@dataclass(frozen=True, slots=True)
class Integrity:
    """Relevant, accurate, representative, objective – and the outliers, which are to be looked at, not condemned."""

    relevant: State
    accurate: State
    representative: State
    objective: State
    outliers: State

    @property
    def state(self) -> State:
        """The worst of them."""
        return worst((self.relevant, self.accurate, self.representative, self.objective, self.outliers))


def judge_integrity(
    *, on_a_card: bool, unsound: int, corrected: int, readings: int, few: int, subjects: int, covered: int, own: int,
    far: int,
) -> Integrity:  # fmt: skip
    """The four questions of integrity, from counts of readings."""
    nothing = readings == 0
    share = Fraction(covered, subjects) if subjects else Fraction(0)
    reached = State.OK if share >= REPRESENTATIVE else State.WARN if share >= HALF_OF_IT else State.BAD
    fixed = State.WARN if Fraction(corrected, readings or 1) > TOO_MANY_CORRECTIONS else State.OK
    return Integrity(
        relevant=State.OK if on_a_card else State.WARN,
        accurate=State.NONE if nothing else State.BAD if unsound else fixed,
        representative=State.NONE if subjects == 0 else worst((reached, State.WARN if few else State.OK)),
        objective=State.NONE if nothing else State.BAD if own else State.OK,
        outliers=State.NONE if nothing else State.WARN if far else State.OK,
    )


# ── known, acted on ──────────────────────────────────────────────────────────────────────────────────────────────────


def judge_known(concerned: int, opened: int) -> Judgement:
    """Four of five of those concerned have looked at it."""
    if concerned == 0:
        return Judgement(State.NONE)
    share = Fraction(opened, concerned)
    return Judgement(
        State.OK if share >= KNOWN else State.WARN if share >= HALF_OF_IT else State.BAD, opened, concerned
    )


def figure_of(period: Period, have: Mapping[str, Figure]) -> Figure | None:
    """The figure of a period: its own, else the sum of its parts; ``None`` where there is nothing."""
    if str(period) in have:
        return have[str(period)]
    parts = [figure for part in period.children() if (figure := figure_of(part, have)) is not None]
    return (sum(n for n, _d in parts), sum(d for _n, d in parts)) if parts else None


def value_of(figure: Figure | None, unit: Unit) -> Fraction | None:
    """Numerator ÷ denominator, in percent where the unit says so; ``None`` without data."""
    if figure is None or figure[1] == 0:
        return None
    return Fraction(figure[0] * (100 if unit is Unit.PERCENT else 1), figure[1])


def missed(value: Fraction | None, target: Decimal, direction: Direction) -> bool:
    """There is a figure, and it lies on the wrong side of its target."""
    if value is None:
        return False
    if direction is Direction.UP:
        return value < Fraction(target)
    return direction is Direction.DOWN and value > Fraction(target)


def judge_acted(measured: int, misses: int, answered: int) -> Judgement:
    """Every miss has its action."""
    if measured == 0:
        return Judgement(State.NONE)
    if misses == 0:
        return Judgement(State.OK)
    return Judgement(State.OK if answered == misses else State.BAD, answered, misses)


def effect(before: Fraction | None, after: Fraction | None, direction: Direction) -> str:
    """What followed an action: ``better``, ``worse``, ``same``, or ``open`` while there is nothing to compare."""
    if before is None or after is None:
        return "open"
    if before == after:
        return "same"
    return "better" if (after > before) == (direction is Direction.UP) else "worse"


# ── how long readings are kept ───────────────────────────────────────────────────────────────────────────────────────


def may_go(period: Period, running: Period, keep_months: int, closed: Collection[str]) -> bool:
    """A reading of this period may be swept: older than is to be kept – never less than six months – and no closed
    period rests on it. ``keep_months`` 0 keeps everything; ``running`` is the running month."""
    if keep_months <= 0:
        return False
    oldest = running.step(-max(keep_months, LEAST_KEPT))
    months = set(period.months)
    rests = any(not months.isdisjoint(parse(text).months) for text in closed)
    return period.months[-1] < str(oldest) and not rests
