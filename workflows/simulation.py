"""What if: a pipeline played through again with other people, hours or arrivals. Pure, seeded, and the same every time.

The model. Items arrive with gaps drawn from the real ones. Each goes through its route, stage by stage; stages that
stand in one group are judged side by side. A stage has so many people; who is free takes what has waited longest and
is busy with it for a time drawn from the real ones. The verdict is drawn with the real shares: approve, back to the
author (who holds it for a real time and hands it in again at the first stage), or reject.

Every item carries its own dice, thrown in the order of its own journey. So today and the change are played with the
same items, the same speed of work and the same verdicts, and what differs is the change. Times are hours.
"""

import heapq
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from statistics import fmean

RUNS = 30
MOST_VISITS = 25  # an item that has come back so often is let go: no text is judged for ever
WARM_UP = 0.25  # the share of items that fills the empty pipeline and is not counted


@dataclass(frozen=True, slots=True)
class StageModel:
    """One stage: how many people, how long each verdict keeps one of them busy, and how the verdicts fall."""

    people: int
    hours: tuple[float, ...]  # drawn from with equal chances
    back: float = 0.0  # the share sent back to the author
    reject: float = 0.0
    at_most: float | None = None  # nobody keeps an item longer than this

    @property
    def mean(self) -> float:
        """Hours of one person per verdict."""
        limit = float("inf") if self.at_most is None else self.at_most
        return fmean(min(hours, limit) for hours in self.hours)


Route = tuple[tuple[str, ...], ...]  # groups of stages that are judged side by side


@dataclass(frozen=True, slots=True)
class Model:
    """A pipeline. ``routes`` are drawn from with equal chances, so that what is frequent stands in it often."""

    stages: Mapping[str, StageModel]
    routes: tuple[Route, ...]
    gaps: tuple[float, ...]  # hours between one arrival and the next
    author: tuple[float, ...] = (0.0,)  # hours that an author holds what was sent back
    pace: float = 1.0  # 1.2: a fifth more arrives

    def load(self) -> dict[str, float]:
        """Work that arrives for each stage, as a share of what its people can do; from 1 on the queue never ends."""
        mean_gap = fmean(self.gaps)
        if mean_gap <= 0:
            return dict.fromkeys(self.stages, float("inf"))
        visits = self._visits()
        rate = self.pace / mean_gap
        return {key: rate * visits[key] * stage.mean / stage.people for key, stage in self.stages.items()}

    def _visits(self) -> dict[str, float]:
        """How often an item comes to each stage, coming back included."""
        found = dict.fromkeys(self.stages, 0.0)
        for route in self.routes:
            here, once = 1.0, {}
            returned = 0.0
            for group in route:
                for key in group:
                    once[key] = here
                pass_on, back_off = 1.0, 0.0
                for key in group:
                    stage = self.stages[key]
                    back_off += pass_on * stage.back
                    pass_on *= 1 - stage.back - stage.reject
                returned += here * back_off
                here *= pass_on
            again = 1 / (1 - min(returned, 0.95))
            for key, share in once.items():
                found[key] += share * again / len(self.routes)
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """What to try."""

    people: Mapping[str, int] = field(default_factory=dict)  # stage → so many more (or fewer)
    at_most: Mapping[str, float] = field(default_factory=dict)  # stage → hours
    beside: frozenset[str] = frozenset()  # stages judged side by side with the one before them
    arrivals: float = 1.0

    @property
    def is_none(self) -> bool:
        """True when everything stays as it is."""
        return not (any(self.people.values()) or self.at_most or self.beside) and self.arrivals == 1


def changed(model: Model, change: Change) -> Model:
    """The model with the change; nobody can take the last person out of a stage."""
    stages = {
        key: replace(
            stage,
            people=max(1, stage.people + change.people.get(key, 0)),
            at_most=change.at_most.get(key, stage.at_most),
        )
        for key, stage in model.stages.items()
    }
    routes = tuple(_merged(route, change.beside) for route in model.routes)
    return replace(model, stages=stages, routes=routes, pace=model.pace * change.arrivals)


def _merged(route: Route, beside: frozenset[str]) -> Route:
    groups: list[tuple[str, ...]] = []
    for group in route:
        if groups and any(key in beside for key in group):
            groups[-1] = groups[-1] + group
        else:
            groups.append(group)
    return tuple(groups)


@dataclass(frozen=True, slots=True)
class Run:
    """One play: hours from first handing in to the end of each item counted, mean work in progress, how busy."""

    leads: tuple[float, ...]
    wip: float
    busy: Mapping[str, float]  # 0 to 1, by stage
    waits: Mapping[str, float]  # mean hours between coming to a stage and being taken up


class _Item:
    __slots__ = ("arrived", "at", "dice", "left", "open", "route", "token", "visits")

    def __init__(self, arrived: float, route: Route, dice: Random) -> None:
        self.arrived, self.route, self.dice = arrived, route, dice
        self.at = 0  # group of the route
        self.visits = 0
        self.token = 0  # grows when the item moves on: what was opened before counts no more
        self.open = 0  # verdicts still missing in this group
        self.left: float | None = None


class _Desk:
    """The people of a stage and what waits for them."""

    __slots__ = ("busy_hours", "free", "model", "taken", "waited", "waiting")

    def __init__(self, model: StageModel) -> None:
        self.model, self.free = model, model.people
        self.waiting: deque[tuple[_Item, int, float, float, str]] = deque()
        self.busy_hours = self.waited = 0.0
        self.taken = 0


ARRIVES, RETURNS, DECIDED = 0, 1, 2


class _Play:
    """One play in progress. The heap holds (time, number, what, item, token, stage, verdict)."""

    def __init__(self, model: Model, seed: int, items: int) -> None:
        self.model, self.items = model, items
        self.desks = {key: _Desk(stage) for key, stage in model.stages.items()}
        self.heap: list[tuple[float, int, int, _Item, int, str, str]] = []
        self.number = 0
        self.all: list[_Item] = []
        dice, now = Random(seed), 0.0  # noqa: S311 - a play, not a secret
        for index in range(items):
            now += dice.choice(model.gaps) / model.pace
            item = _Item(now, dice.choice(model.routes), Random(seed * 1_000_003 + index))  # noqa: S311
            self.all.append(item)
            self.push(now, ARRIVES, item)
        self.begin = self.all[int(items * WARM_UP)].arrived
        self.end = now

    def push(self, at: float, what: int, item: _Item, token: int = 0, stage: str = "", verdict: str = "") -> None:
        self.number += 1
        heapq.heappush(self.heap, (at, self.number, what, item, token, stage, verdict))

    def play(self) -> None:
        heap, pop = self.heap, heapq.heappop
        while heap:
            now, _number, what, item, token, stage, verdict = pop(heap)
            if what == DECIDED:
                desk = self.desks[stage]
                desk.free += 1
                if token == item.token:
                    self.verdict(item, verdict, now)
                self.take(stage, now)
            else:
                item.at = 0
                self.enter(item, now)

    def enter(self, item: _Item, now: float) -> None:
        """The item comes to its next group: its dice say how long each verdict will take and what it will be."""
        item.visits += 1
        item.token += 1
        group = item.route[item.at]
        item.open = len(group)
        for key in group:
            model, throw = self.model.stages[key], item.dice.random
            hours = model.hours[int(throw() * len(model.hours))]
            if model.at_most is not None:
                hours = min(hours, model.at_most)
            share = throw()
            verdict = "back" if share < model.back else "reject" if share < model.back + model.reject else "approve"
            self.desks[key].waiting.append((item, item.token, now, hours, verdict))
        for key in group:
            self.take(key, now)

    def take(self, key: str, now: float) -> None:
        """Whoever is free takes what has waited longest."""
        desk = self.desks[key]
        while desk.free and desk.waiting:
            item, token, since, hours, verdict = desk.waiting.popleft()
            if token != item.token:
                continue  # a colleague beside has ended this round
            desk.free -= 1
            desk.busy_hours += max(0.0, min(now + hours, self.end) - max(now, self.begin))
            if since >= self.begin:
                desk.waited, desk.taken = desk.waited + now - since, desk.taken + 1
            self.push(now + hours, DECIDED, item, token, key, verdict)

    def verdict(self, item: _Item, verdict: str, now: float) -> None:
        """All approvals of the group: on to the next, or the end. One no ends the round at once."""
        item.open -= 1
        if verdict == "approve" and item.open:
            return
        if verdict == "approve" and item.at + 1 < len(item.route):
            item.at += 1
            self.enter(item, now)
            return
        item.token += 1
        held = self.model.author[int(item.dice.random() * len(self.model.author))] if verdict == "back" else 0.0
        if verdict == "back" and item.visits < MOST_VISITS:
            self.push(now + held, RETURNS, item)
        else:
            item.left = now

    def result(self) -> Run:
        counted = [item for item in self.all if item.arrived >= self.begin and item.left is not None]
        span = (self.end - self.begin) or 1.0
        inside = sum(
            max(0.0, min(item.left or self.end, self.end) - max(item.arrived, self.begin)) for item in self.all
        )
        return Run(
            leads=tuple(sorted(item.left - item.arrived for item in counted if item.left is not None)),
            wip=inside / span,
            busy={key: desk.busy_hours / (span * desk.model.people) for key, desk in self.desks.items()},
            waits={key: desk.waited / desk.taken if desk.taken else 0.0 for key, desk in self.desks.items()},
        )


def run(model: Model, *, seed: int, items: int) -> Run:
    """Play so many items through the pipeline."""
    play = _Play(model, seed, items)
    play.play()
    return play.result()


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over the runs: its mean, and between which values four of five runs lie."""

    mean: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Mean, and the 10th and 90th percentile by nearest rank."""
    ranked = sorted(values)
    edge = max(0, -(-len(ranked) // 10) - 1)
    return Spread(fmean(ranked), ranked[edge], ranked[len(ranked) - 1 - edge])


def percentile(ranked: Sequence[float], share: float) -> float:
    """The value that so great a share does not exceed; ``ranked`` is sorted and not empty."""
    return ranked[max(0, -(-int(share * 1000) * len(ranked) // 1000) - 1)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of a model over all runs; ``endless`` are stages to which more comes than their people can do."""

    median: Spread
    p85: Spread
    wip: Spread
    busy: Mapping[str, Spread]
    waits: Mapping[str, Spread]
    endless: tuple[str, ...]


def outcome(model: Model, *, seed: int = 1, items: int = 300, runs: int = RUNS) -> tuple[Outcome, list[Run]]:
    """The figures, and the runs they come from."""
    played = [run(model, seed=seed * 1000 + number, items=items) for number in range(runs)]
    return Outcome(
        median=spread([percentile(one.leads, 0.5) for one in played]),
        p85=spread([percentile(one.leads, 0.85) for one in played]),
        wip=spread([one.wip for one in played]),
        busy={key: spread([one.busy[key] for one in played]) for key in model.stages},
        waits={key: spread([one.waits[key] for one in played]) for key in model.stages},
        endless=tuple(key for key, load in model.load().items() if load >= 1),
    ), played


@dataclass(frozen=True, slots=True)
class Comparison:
    """Today and the change, and run by run what the change gains (hours less are negative)."""

    today: Outcome
    then: Outcome
    median: Spread
    p85: Spread
    wip: Spread


def compare(model: Model, change: Change, *, seed: int = 1, items: int = 300, runs: int = RUNS) -> Comparison:
    """Play both with the same dice."""
    today, before = outcome(model, seed=seed, items=items, runs=runs)
    then, after = outcome(changed(model, change), seed=seed, items=items, runs=runs)
    both = list(zip(before, after, strict=True))
    return Comparison(
        today,
        then,
        spread([percentile(b.leads, 0.5) - percentile(a.leads, 0.5) for a, b in both]),
        spread([percentile(b.leads, 0.85) - percentile(a.leads, 0.85) for a, b in both]),
        spread([b.wip - a.wip for a, b in both]),
    )
