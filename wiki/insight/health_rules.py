"""How healthy a published text is: reasons, each with its number and its points. Pure; the table is in docs/health.md.

Points are whole numbers, and the score is their sum: nobody has to believe it, everybody can add it up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from math import isqrt
from typing import NamedTuple

UNREAD_AFTER = 90  # days
UNUSED_AFTER = 30  # days
ENDS_WITHIN = 14  # days
BAD = 20  # percent: so many at least are not helped
USED_IN_CALLS = ("script",)
ENDS_ANYWAY = ("notice",)  # made for a time: that it ends is no fault
BLOCK = "block"
PRIOR = (1, 3)  # not helped, helped: what is thought of a text before anybody has voted
CERTAINTY = 128  # hundredths of a standard deviation below the mean: nine times in ten it is worse


class Reason(StrEnum):
    """What is the matter with a text."""

    FLAGGED = "flagged"
    STALE = "stale"
    ENDING = "ending"
    BADLY_RATED = "badly_rated"
    CONTRADICTS = "contradicts"
    DUPLICATE = "duplicate"
    UNREAD = "unread"
    UNUSED = "unused"
    ORPHANED = "orphaned"
    BROKEN_LINKS = "broken_links"
    NO_OWNER = "no_owner"
    NO_CATEGORY = "no_category"


@dataclass(slots=True)  # not frozen: ten thousand of them are made for one page, and that takes twice as long
class Facts:
    """What is known of one published text. ``counted_since``: when openings began to be counted."""

    kind: str
    published_at: datetime
    has_owner: bool = True
    has_team: bool = False
    has_category: bool = True
    verify_due_at: datetime | None = None
    expires_at: datetime | None = None
    open_flags: int = 0
    late_flags: int = 0
    broken_links: int = 0
    linked: bool = True
    last_opened: date | None = None
    counted_since: date | None = None
    helpful: int = 0
    not_helpful: int = 0
    used: int = 0
    twin_percent: int = 0
    twin_differs: bool = False


class Finding(NamedTuple):
    """One reason: its number (days, percent, how many) and its points."""

    reason: Reason
    number: int
    points: int


@lru_cache(maxsize=4096)
def unhelped(helpful: int, not_helpful: int) -> int:
    """With nine chances in ten, at least so many percent of readers are not helped; 0–100, rounded down.

    The lower bound of a Beta distribution (its mean less 1.28 standard deviations) that began with ``PRIOR``, so that
    one cross voice condemns nothing and thirty do. Whole numbers throughout.
    """
    no, yes = PRIOR[0] + not_helpful, PRIOR[1] + helpful
    total = no + yes
    mean = 10_000 * no // total
    deviation = isqrt(10_000 * 10_000 * no * yes // (total * total * (total + 1)))
    return max(0, mean - deviation * CERTAINTY // 100) // 100


def _days(since: datetime, now: datetime) -> int:
    return (now - since).days


def _flagged(facts: Facts, now: datetime, today: date) -> tuple[int, int]:
    return facts.open_flags, min(60, 20 * facts.open_flags + 10 * facts.late_flags)


def _stale(facts: Facts, now: datetime, today: date) -> tuple[int, int]:
    if facts.verify_due_at is None or facts.verify_due_at > now:
        return 0, 0
    days = _days(facts.verify_due_at, now)
    return max(days, 1), min(40, 15 + days // 7)


def _ending(facts: Facts, now: datetime, today: date) -> tuple[int, int]:
    if facts.kind in ENDS_ANYWAY or facts.expires_at is None:
        return 0, 0
    if not now <= facts.expires_at <= now + timedelta(days=ENDS_WITHIN):
        return 0, 0
    return _days(now, facts.expires_at) + 1, 10


def _badly_rated(facts: Facts, now: datetime, today: date) -> tuple[int, int]:
    percent = unhelped(facts.helpful, facts.not_helpful)
    return (percent, percent) if percent >= BAD else (0, 0)


def _twin(facts: Facts, differs: bool) -> tuple[int, int]:
    if not facts.twin_percent or facts.twin_differs is not differs:
        return 0, 0
    return facts.twin_percent, 25 if differs else 15


def _unread_for(facts: Facts, today: date) -> int:
    """Days without an opening that were counted; 0 for a block, which is read where it stands."""
    if facts.counted_since is None or facts.kind == BLOCK:
        return 0
    published = facts.published_at.date()
    return (today - max(published, facts.counted_since, facts.last_opened or published)).days


def _unread(facts: Facts, now: datetime, today: date) -> tuple[int, int]:
    days = _unread_for(facts, today)
    return (days, min(25, 10 + (days - UNREAD_AFTER) // 30)) if days >= UNREAD_AFTER else (0, 0)


def _unused(facts: Facts, now: datetime, today: date) -> tuple[int, int]:
    days = _days(facts.published_at, now)
    if facts.kind not in USED_IN_CALLS or facts.used or days < UNUSED_AFTER:
        return 0, 0
    return days, 10


def _orphaned(facts: Facts, now: datetime, today: date) -> tuple[int, int]:
    days = _days(facts.published_at, now)
    if facts.linked or days < UNREAD_AFTER:
        return 0, 0
    if facts.kind != BLOCK and (facts.last_opened is not None or _unread_for(facts, today) < UNREAD_AFTER):
        return 0, 0
    return days, 10


def _broken(facts: Facts, now: datetime, today: date) -> tuple[int, int]:
    return facts.broken_links, min(20, 5 * facts.broken_links)


def _ownerless(facts: Facts, now: datetime, today: date) -> tuple[int, int]:
    if facts.has_owner:
        return 0, 0
    return 1, 10 if facts.has_team else 15


def _homeless(facts: Facts, now: datetime, today: date) -> tuple[int, int]:
    return (0, 0) if facts.has_category or facts.kind == BLOCK else (1, 5)


RULES: dict[Reason, Callable[[Facts, datetime, date], tuple[int, int]]] = {
    Reason.FLAGGED: _flagged,
    Reason.STALE: _stale,
    Reason.ENDING: _ending,
    Reason.BADLY_RATED: _badly_rated,
    Reason.CONTRADICTS: lambda facts, now, today: _twin(facts, True),
    Reason.DUPLICATE: lambda facts, now, today: _twin(facts, False),
    Reason.UNREAD: _unread,
    Reason.UNUSED: _unused,
    Reason.ORPHANED: _orphaned,
    Reason.BROKEN_LINKS: _broken,
    Reason.NO_OWNER: _ownerless,
    Reason.NO_CATEGORY: _homeless,
}


def findings(facts: Facts, now: datetime, today: date) -> tuple[Finding, ...]:
    """Everything that is the matter with a text, the most points first; ``today`` is the centre's."""
    found = []
    for reason, rule in RULES.items():
        number, points = rule(facts, now, today)
        if points:
            found.append(Finding(reason, number, points))
    found.sort(key=lambda one: -one.points)
    return tuple(found)


def score(found: tuple[Finding, ...]) -> int:
    """The sum of the points; 0 is well."""
    return sum(one.points for one in found)
