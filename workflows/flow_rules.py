"""How reviews flow, as figures: from plain records of tasks and reviews to lead times, queues and the bottleneck.

Pure. Times are seconds since 1970 (floats, for drawing and comparing; nothing is paid by them), figures are hours.
A *visit* is one seat in one round: opened, perhaps claimed, and closed – by a verdict, or by what others did.

Percentiles are by nearest rank: the figure is that of a real item, and can be opened.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from workflows.simulation import percentile

HOUR, DAY, WEEK = 3600.0, 86400.0, 7 * 86400.0
ENOUGH = 5  # verdicts in a stage, before anything is called a bottleneck


class Visit(NamedTuple):
    """One ordinary task. ``closed`` is ``None`` while it is open; ``decided``: it was closed by a verdict."""

    stage: str
    opened: float
    claimed: float | None
    closed: float | None
    decided: bool


class Ended(NamedTuple):
    """One review that was closed in the window. ``backs``: how often it was sent back, to a stage or to its author."""

    outcome: str  # approved, rejected, withdrawn
    opened: float
    closed: float
    backs: int
    author: float  # seconds with the author


@dataclass(frozen=True, slots=True)
class Window:
    """From ``begin`` up to and without ``end``, in seconds. ``now`` lies at the end or behind it."""

    begin: float
    end: float

    @property
    def days(self) -> float:
        """How long it is."""
        return (self.end - self.begin) / DAY

    def holds(self, at: float | None) -> bool:
        """The moment lies in it."""
        return at is not None and self.begin <= at < self.end


@dataclass(frozen=True, slots=True)
class Times:
    """Half took at most ``median`` hours, 85 of 100 at most ``p85``; ``None`` when there is nothing to count."""

    count: int = 0
    median: float | None = None
    p85: float | None = None


def times(seconds: Iterable[float]) -> Times:
    """Count, median and 85th percentile, in hours."""
    ranked = sorted(seconds)
    if not ranked:
        return Times()
    return Times(len(ranked), percentile(ranked, 0.5) / HOUR, percentile(ranked, 0.85) / HOUR)


@dataclass(frozen=True, slots=True)
class StageFlow:
    """One stage in a window."""

    stage: str
    lead: Times  # opened → closed by a verdict
    waiting: Times  # opened → claimed, else → verdict
    work: Times  # claimed → verdict, of those that were claimed
    arrived: int
    decided: int
    dropped: int  # closed without a verdict: withdrawn, voided, ended by a colleague beside
    at_begin: int
    at_end: int
    held: float  # item-hours that items spent here inside the window, open ones included
    days: float

    @property
    def grew(self) -> int:
        """How much longer the queue is at the end than it was at the beginning."""
        return self.at_end - self.at_begin

    @property
    def wip(self) -> float:
        """Mean number of items here."""
        return self.held / 24 / self.days if self.days else 0.0

    @property
    def per_day(self) -> float:
        """Verdicts a day."""
        return self.decided / self.days if self.days else 0.0

    @property
    def passage(self) -> float | None:
        """Little's law: mean items here ÷ verdicts a day = days that one who comes now will need."""
        return self.wip / self.per_day if self.decided else None


@dataclass(slots=True)
class _Sums:
    leads: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    works: list[float] = field(default_factory=list)
    arrived: int = 0
    dropped: int = 0
    at_begin: int = 0
    at_end: int = 0
    held: float = 0.0


def stage_flows(visits: Iterable[Visit], window: Window, order: Sequence[str] = ()) -> list[StageFlow]:
    """The figures of every stage that saw an item in the window, in the given order, the others behind it by name."""
    sums: dict[str, _Sums] = {}
    begin, end = window.begin, window.end
    for visit in visits:
        one = sums.get(visit.stage)
        if one is None:
            one = sums[visit.stage] = _Sums()
        closed = visit.closed
        one.held += max(0.0, min(closed if closed is not None else end, end) - max(visit.opened, begin))
        one.arrived += begin <= visit.opened < end
        one.at_begin += visit.opened < begin and (closed is None or closed >= begin)
        one.at_end += visit.opened < end and (closed is None or closed >= end)
        if closed is None or not begin <= closed < end:
            continue
        if not visit.decided:
            one.dropped += 1
            continue
        one.leads.append(closed - visit.opened)
        taken = visit.claimed if visit.claimed is not None and visit.opened <= visit.claimed <= closed else None
        one.waits.append((taken if taken is not None else closed) - visit.opened)
        if taken is not None:
            one.works.append(closed - taken)
    return [_figures(key, sums[key], window.days) for key in sorted(sums, key=_by(order))]


def _by(order: Sequence[str]) -> Callable[[str], tuple[int, str]]:
    places = {key: number for number, key in enumerate(order)}
    return lambda key: (places.get(key, len(places)), key)


def _figures(stage: str, one: _Sums, days: float) -> StageFlow:
    return StageFlow(
        stage=stage,
        lead=times(one.leads),
        waiting=times(one.waits),
        work=times(one.works),
        arrived=one.arrived,
        decided=len(one.leads),
        dropped=one.dropped,
        at_begin=one.at_begin,
        at_end=one.at_end,
        held=one.held / HOUR,
        days=days,
    )


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The stage that holds the others up. ``rule``: ``growing`` (share of all time, its queue grew) or ``little``."""

    flow: StageFlow
    share: float  # of all item-hours spent in review in the window, 0 to 1
    rule: str


def bottleneck(flows: Sequence[StageFlow]) -> Bottleneck | None:
    """The stage that holds the others up, by this rule:

    1. Of the stages whose queue is longer at the end of the window than at its beginning, the one in which items spent
       the largest share of all the hours they spent in review. Items that still wait count with what they have waited.
    2. When no queue grew: the stage through which an item needs longest by Little's law, mean items in the stage ÷
       verdicts a day.

    ``None`` when fewer than ``ENOUGH`` verdicts were given in the window: then anything would be an accident.
    """
    whole = sum(flow.held for flow in flows)
    if sum(flow.decided for flow in flows) < ENOUGH or whole <= 0:
        return None
    growing = [flow for flow in flows if flow.grew > 0]
    if growing:
        found = max(growing, key=lambda flow: flow.held)
        return Bottleneck(found, found.held / whole, "growing")
    found = max(flows, key=lambda flow: flow.passage or 0.0)
    return Bottleneck(found, found.held / whole, "little")


@dataclass(frozen=True, slots=True)
class Yield:
    """How reviews that were closed in the window ended. ``first``: approved without ever having been sent back."""

    closed: int
    first: int
    later: int  # approved after at least one send-back
    rejected: int
    withdrawn: int
    lead: Times  # first handing in → approved
    author: Times  # of those approved that had come back: hours with the author

    @property
    def approved(self) -> int:
        """Approved, at once or later."""
        return self.first + self.later

    @property
    def share(self) -> float | None:
        """First-pass yield: approved without a send-back, of all closed."""
        return self.first / self.closed if self.closed else None


def yields(reviews: Iterable[Ended]) -> Yield:
    """The outcome of the reviews closed in a window."""
    ends: Counter[str] = Counter()
    leads: list[float] = []
    held: list[float] = []
    for one in reviews:
        name = one.outcome if one.outcome != "approved" else "later" if one.backs else "first"
        ends[name] += 1
        if one.outcome == "approved":
            leads.append(one.closed - one.opened)
            if one.author > 0:
                held.append(one.author)
    return Yield(
        closed=ends.total(),
        first=ends["first"],
        later=ends["later"],
        rejected=ends["rejected"],
        withdrawn=ends["withdrawn"],
        lead=times(leads),
        author=times(held),
    )


def over_time(visits: Iterable[Visit], marks: Sequence[float]) -> dict[str, list[int]]:
    """How many items were in each stage just before each of some rising moments."""
    changes: dict[str, Counter[int]] = {}
    for visit in visits:
        here = changes.setdefault(visit.stage, Counter())
        here[bisect_right(marks, visit.opened)] += 1
        if visit.closed is not None:
            here[bisect_right(marks, visit.closed)] -= 1
    found: dict[str, list[int]] = {}
    for stage, steps in changes.items():
        level, line = 0, []
        for number in range(len(marks)):
            level += steps[number]
            line.append(level)
        found[stage] = line
    return found


def per_span(moments: Iterable[float], edges: Sequence[float]) -> list[int]:
    """How many moments fall between each two neighbouring edges (rising; the left one counted in)."""
    counts = [0] * (len(edges) - 1)
    for at in moments:
        place = bisect_right(edges, at) - 1
        if 0 <= place < len(counts):
            counts[place] += 1
    return counts
