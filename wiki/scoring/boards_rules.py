"""Places, contributors, badges and levels: pure, and reckoned from the ledger each time, so that nothing is stored that
could differ from it (``docs/boards.md``).

A badge is given at the end of the day on which its count reaches the threshold then in force, and rests from the end of
the day on which the count has fallen below the threshold it was given for: when what it counted was taken back.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from wiki.scoring.rules import NOTHING, half_up

MOST_SHOWN = 5  # places of a team that are shown
MOST_CONTRIBUTORS = 10
FULL_REUSE = 20  # uses and thanks of a month beyond which more do not count
WINDOW = 12  # months whose points make a level
QUALITY = ("accepted.", "revised.")  # rules of texts that went through review
REUSE = ("used", "helpful")  # rules of texts that helped somebody


class Kind(StrEnum):
    """A badge counts acts and is kept; a level sums the points of the last twelve months and moves with them."""

    BADGE = "badge"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class BadgeRule:
    """From a day to a day (the last one): so many acts under these rules of the ledger, or so many points.

    A name in ``rules`` that ends with a dot stands for every rule that begins with it.
    """

    code: str
    kind: Kind
    rules: tuple[str, ...]
    threshold: Decimal
    valid_from: date
    valid_to: date | None = None

    def counts(self, rule: str) -> bool:
        """Acts under this rule of the ledger count."""
        return fits(rule, self.rules)

    def holds_on(self, day: date) -> bool:
        """In force on this day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Earned:
    """What a badge needs to know of an entry of the ledger. ``thing``: what it was earned by, whatever became of it."""

    rule: str
    thing: tuple[str, int]
    points: Decimal
    day: date


@dataclass(frozen=True, slots=True)
class Award:
    """A badge of a person, from a day on; ``rests_since`` when what it counted was taken back."""

    code: str
    given_on: date
    threshold: Decimal
    rests_since: date | None = None


def fits(rule: str, wanted: Iterable[str]) -> bool:
    """A rule of the ledger is one of these, or begins with one that ends with a dot."""
    return any(rule.startswith(one) if one.endswith(".") else rule == one for one in wanted)


def count(nets: Iterable[Decimal]) -> int:
    """Things that earned something, less those that only took something back: never below nought."""
    found = list(nets)
    return max(0, sum(1 for net in found if net > 0) - sum(1 for net in found if net < 0))


def replay(entries: Iterable[Earned], versions: Sequence[BadgeRule], today: date) -> list[Award]:
    """Every award of a person, the newest first, with those that rest.

    ``versions`` are the badges of all times: a change of a threshold is a new version with its own days. The order of
    the entries of one day does not matter, so a rebuilt ledger gives the same awards.
    """
    by_day: dict[date, list[Earned]] = {}
    for one in entries:
        by_day.setdefault(one.day, []).append(one)
    awards: list[Award] = []
    for code in dict.fromkeys(rule.code for rule in versions if rule.kind is Kind.BADGE):
        awards += _one_badge(by_day, [rule for rule in versions if rule.code == code], today)
    return sorted(awards, key=lambda one: (one.given_on, one.code), reverse=True)


def _one_badge(by_day: Mapping[date, Sequence[Earned]], versions: Sequence[BadgeRule], today: date) -> list[Award]:
    nets: dict[tuple[str, tuple[str, int]], Decimal] = {}
    held: Award | None = None
    rested: dict[date, Award] = {}
    days = {day for day in by_day if day <= today} | {rule.valid_from for rule in versions if rule.valid_from <= today}
    for day in sorted(days):
        for one in by_day.get(day, ()):
            if any(rule.counts(one.rule) for rule in versions):
                nets[one.rule, one.thing] = nets.get((one.rule, one.thing), NOTHING) + one.points
        reached = count(nets.values())
        if held is not None and reached < held.threshold:
            rested = {day: Award(held.code, held.given_on, held.threshold, day)}
            held = None
        rule = next((rule for rule in versions if rule.holds_on(day)), None)
        if held is None and rule is not None and reached >= rule.threshold:
            held, rested = Award(rule.code, day, rule.threshold), {}
    return [held] if held is not None else list(rested.values())


def progress(entries: Iterable[Earned], rule: BadgeRule) -> int:
    """How many acts of a person count for a badge now."""
    nets: dict[tuple[str, tuple[str, int]], Decimal] = {}
    for one in entries:
        if rule.counts(one.rule):
            nets[one.rule, one.thing] = nets.get((one.rule, one.thing), NOTHING) + one.points
    return count(nets.values())


@dataclass(frozen=True, slots=True)
class Level:
    """Where somebody stands: the level reached (none yet: ``None``), the next one and what is lacking."""

    code: str | None
    points: Decimal
    following: str | None
    lacking: Decimal


def level(points: Decimal, versions: Sequence[BadgeRule], today: date) -> Level:
    """The highest level whose threshold the points of the last twelve months reach."""
    steps = sorted(
        (rule for rule in versions if rule.kind is Kind.LEVEL and rule.holds_on(today)), key=lambda rule: rule.threshold
    )
    reached = [rule for rule in steps if points >= rule.threshold]
    further = [rule for rule in steps if points < rule.threshold]
    return Level(
        code=reached[-1].code if reached else None,
        points=points,
        following=further[0].code if further else None,
        lacking=further[0].threshold - points if further else NOTHING,
    )


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Place:
    """A person's place; those with equal points share one (1, 2, 2, 4)."""

    number: int
    user_id: int
    points: Decimal
    tied: bool


def places(points: Mapping[int, Decimal], hidden: Collection[int]) -> list[Place]:
    """The places of all who take part and have points: nobody who chose to be left out has, or moves, a place."""
    part = {user: amount for user, amount in points.items() if amount > 0 and user not in hidden}
    ordered = sorted(part, key=lambda user: (-part[user], user))
    amounts = [part[user] for user in ordered]
    return [
        Place(amounts.index(part[user]) + 1, user, part[user], amounts.count(part[user]) > 1) for user in ordered
    ]  # fmt: skip


def shown(ranked: Sequence[Place], most: int, *, half: bool) -> list[Place]:
    """The top that a board shows: so many places, with ``half`` never more than half of those who take part – a board
    thanks, it has no bottom. Who shares the last place shown is shown too."""
    room = min(most, (len(ranked) + 1) // 2) if half else most
    if room >= len(ranked):
        return list(ranked)
    last = ranked[room - 1].number if room else 0
    top = [one for one in ranked if one.number <= last]
    if half and len(top) == len(ranked) and last > 1:  # the shared place is also the lowest: nobody is shown as such
        return [one for one in ranked if one.number < last]
    return top


@dataclass(frozen=True, slots=True)
class Contribution:
    """What somebody gave in a month: points of texts that went through review, and how often texts of theirs helped."""

    quality: Decimal
    reuse: int

    @property
    def factor(self) -> Decimal:
        """From 1 (nobody used it) to 2 (twenty times or more)."""
        return half_up(1 + Decimal(max(0, min(self.reuse, FULL_REUSE))) / FULL_REUSE)

    @property
    def amount(self) -> Decimal:
        """Quality × reuse."""
        return half_up(max(self.quality, NOTHING) * self.factor)


def forecast(amount: Decimal, days_gone: int, days: int) -> Decimal | None:
    """What a period comes to at this pace; ``None`` in its first week, when it would say nothing."""
    if days_gone >= days:
        return None
    return half_up(amount * days / days_gone) if days_gone >= 7 else None


@dataclass(frozen=True, slots=True)
class Default:
    """A badge or level that comes with the product."""

    code: str
    kind: Kind
    rules: tuple[str, ...]
    threshold: int


DEFAULTS = (
    Default("first_text", Kind.BADGE, ("accepted.",), 1),
    Default("first_script", Kind.BADGE, ("accepted.script",), 1),
    Default("texts_25", Kind.BADGE, ("accepted.",), 25),
    Default("uses_100", Kind.BADGE, ("used",), 100),
    Default("uses_1000", Kind.BADGE, ("used",), 1000),
    Default("helpful_50", Kind.BADGE, ("helpful",), 50),
    Default("reviews_10", Kind.BADGE, ("reviewed.in_time",), 10),
    Default("reviews_100", Kind.BADGE, ("reviewed.in_time",), 100),
    Default("mended_5", Kind.BADGE, ("flag",), 5),
    Default("course_1", Kind.BADGE, ("course.made",), 1),
    Default("quizzes_10", Kind.BADGE, ("quiz.passed",), 10),
    Default("level_1", Kind.LEVEL, (), 5),
    Default("level_2", Kind.LEVEL, (), 50),
    Default("level_3", Kind.LEVEL, (), 150),
    Default("level_4", Kind.LEVEL, (), 400),
    Default("level_5", Kind.LEVEL, (), 1000),
)
