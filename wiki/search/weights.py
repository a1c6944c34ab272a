"""How use, freshness and trust weigh: pure arithmetic, bounded so that words always win. See docs/ranking.md."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from math import prod
from typing import NamedTuple

LEAST, MOST = 0.90, 1.12  # all factors together: less than one of five words of a question is worth

HALF_LIFE = 30.0  # days after which a use in a call weighs half
MANY_USES = 10.0  # of which half of what use can add is reached
USE_ADDS = 0.08

# By kind: days until a text begins to age, days it then takes, what is left. Kinds not named here do not age.
AGEING = {
    "notice": (14, 76, 0.90),
    "product": (180, 550, 0.96),
    "script": (365, 730, 0.96),
    "best_practice": (365, 730, 0.96),
    "faq": (365, 730, 0.96),
}
OVERDUE = 0.97

USUAL, USUAL_VOTES = 0.8, 5.0  # an article without votes is as helpful as most; as if it had so many votes already
VOTES_WEIGH = 0.25
WORST_VOTES, BEST_VOTES = 0.92, 1.05
FLAGGED = 0.95
PROVISIONAL = 0.97
CONFIRMED = 1.02


class About(StrEnum):
    """What a factor speaks of."""

    USE = "use"
    FRESHNESS = "freshness"
    VOTES = "votes"
    TRUST = "trust"
    BOUNDS = "bounds"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an article. `used` is what its uses in calls weighed on the day `used_on`, of `uses` in all."""

    kind: str
    changed_at: datetime | None
    seen_at: datetime | None = None
    due_at: datetime | None = None
    confirmed: bool = False
    provisional: bool = False
    flagged: bool = False
    helpful: int = 0
    not_helpful: int = 0
    uses: int = 0
    used: float = 0.0
    used_on: date | None = None


class Factor(NamedTuple):
    """One factor of a weight."""

    about: About
    value: float


def factors(facts: Facts, now: datetime) -> list[Factor]:
    """What an article's weight is multiplied from; the last one holds the product within its bounds."""
    values = _values(facts, now)
    found = [Factor(about, value) for about, value in zip(About, values, strict=False)]
    free = prod(values)
    held = min(MOST, max(LEAST, free))
    return [*found, Factor(About.BOUNDS, held / free)] if held != free else found


def weight(facts: Facts, now: datetime) -> float:
    """The product of its factors: what an article's score is multiplied by."""
    return min(MOST, max(LEAST, prod(_values(facts, now))))


def _values(facts: Facts, now: datetime) -> tuple[float, float, float, float]:
    """Of all factors but the bounds, in the order of `About`."""
    use = 1 + USE_ADDS * (u / (u + MANY_USES)) if (u := used(facts, now)) else 1.0
    return use, _freshness(facts, now), _votes(facts), _trust(facts, now)


def weighed(uses: Iterable[tuple[date, int]], today: date) -> float:
    """What (day, people who used it in calls that day) weigh today, each half after `HALF_LIFE` days."""
    return sum(people * _left(day, today) for day, people in uses)


def used(facts: Facts, now: datetime) -> float:
    """What the uses in calls weigh now."""
    return facts.used * _left(facts.used_on, now.date()) if facts.used_on else 0.0


def _left(day: date, today: date) -> float:
    return float(0.5 ** (max(0, (today - day).days) / HALF_LIFE))


def age(facts: Facts, now: datetime) -> float:
    """Days since it was changed, or looked at and found true."""
    times = [at for at in (facts.changed_at, facts.seen_at) if at is not None]
    return max(0.0, (now - max(times)).total_seconds() / 86_400) if times else 0.0


def overdue(facts: Facts, now: datetime) -> bool:
    """Somebody should have looked at it again."""
    return facts.due_at is not None and facts.due_at <= now


def _freshness(facts: Facts, now: datetime) -> float:
    value = OVERDUE if overdue(facts, now) else 1.0
    if facts.kind not in AGEING:
        return value
    begins, takes, least = AGEING[facts.kind]
    grown_old = min(1.0, max(0.0, (age(facts, now) - begins) / takes))
    return value * (1 - grown_old * (1 - least))


def share(facts: Facts) -> float:
    """How many of those who voted it helped, drawn towards the usual share while few have."""
    return (facts.helpful + USUAL * USUAL_VOTES) / (facts.helpful + facts.not_helpful + USUAL_VOTES)


def _votes(facts: Facts) -> float:
    return min(BEST_VOTES, max(WORST_VOTES, 1 + VOTES_WEIGH * (share(facts) - USUAL)))


def _trust(facts: Facts, now: datetime) -> float:
    value = FLAGGED if facts.flagged else 1.0
    value *= PROVISIONAL if facts.provisional else 1.0
    return value * (CONFIRMED if facts.confirmed and not overdue(facts, now) else 1.0)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of an explanation: a part of the words' score, or a factor; `value` is added or multiplied."""

    name: str
    label: str
    because: str
    value: float


@dataclass(frozen=True, slots=True)
class Explained:
    """`words` are added up to `text`; `text` times every factor is the score that sorted."""

    words: tuple[Line, ...]
    text: float
    factors: tuple[Line, ...]
    score: float
