"""From what happened in a span to the model that ``simulation`` plays: arrivals, times, verdicts, people, routes.

How long one person is busy with an item is nowhere written down. It is taken from the trail of verdicts: a person who
decides at noon has been at this item since the latest of three moments – when it came to the stage, when they claimed
it, and when they gave their verdict before. So nights, pauses and other duties are in it, and the model's today meets
what was measured; both are shown, so that everybody sees how far the model can be trusted.

A stage with several seats is several desks side by side. What a model leaves out: seats that need several approvals
count as one, 'n of m seats' waits for all m, and one person at two desks is two people.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import sqlalchemy as sa

from core.db import session
from workflows.definitions import Definition
from workflows.flow import Span, epoch, in_span, of_kind, raw_rows, seconds_with_author, stage_names
from workflows.flow_rules import HOUR
from workflows.models import Decision, Pipeline, Review, Task, definition_of
from workflows.rules import Claim, Verb
from workflows.simulation import Model, Route, StageModel

ENOUGH = 20  # verdicts, before anything is played
FEWEST_ITEMS, MOST_ITEMS = 200, 400  # in one play: enough to settle, few enough to answer within a second
SHORTEST = 1 / 60  # hours; two verdicts in one minute are not two items read at once


class Verdict(NamedTuple):
    """One verdict, in seconds. ``desk`` is the seat of the stage."""

    desk: str
    actor: int
    verb: str
    opened: float
    claimed: float | None
    decided: float


@dataclass(frozen=True, slots=True)
class Basis:
    """What was found in the span. ``model`` is ``None`` when it is too little; ``missing`` are desks nobody sat at."""

    verdicts: int
    arrivals: int
    model: Model | None
    names: dict[str, str]  # desk → name, in the order in which items come to them
    people: dict[str, int]  # desk → people who gave verdicts
    missing: tuple[str, ...] = ()

    @property
    def items(self) -> int:
        """How many items one play lasts."""
        return min(MOST_ITEMS, max(FEWEST_ITEMS, self.arrivals))


def basis(span: Span, kind: str | None = None) -> Basis:
    """What can be played from a span. Four statements."""
    verdicts, routes = _verdicts(span, kind), _routes(span, kind)
    arrivals = _arrivals(span, kind)
    names = _names(routes, stage_names())
    people = {desk: len({one.actor for one in verdicts if one.desk == desk}) for desk in names}
    missing = tuple(desk for desk in names if not people[desk])
    if len(verdicts) < ENOUGH or len(arrivals) < 2 or missing:
        return Basis(len(verdicts), len(arrivals), None, names, people, missing)
    return Basis(len(verdicts), len(arrivals), model_of(verdicts, routes, arrivals, _held(span, kind)), names, people)


def model_of(
    verdicts: Iterable[Verdict], routes: Sequence[Route], arrivals: Sequence[float], held: Sequence[float]
) -> Model:
    """The model: pure, from plain records."""
    by_desk: dict[str, list[Verdict]] = defaultdict(list)
    hours: dict[str, list[float]] = defaultdict(list)
    before: dict[int, float] = {}
    for one in sorted(verdicts, key=lambda v: v.decided):
        begun = max(one.opened, one.claimed or one.opened, before.get(one.actor, one.opened))
        hours[one.desk].append(max(SHORTEST, (one.decided - begun) / HOUR))
        before[one.actor] = one.decided
        by_desk[one.desk].append(one)
    wanted = {desk for route in routes for group in route for desk in group}
    stages = {
        desk: StageModel(
            people=steady_people(Counter(one.actor for one in by_desk[desk]).values()),
            hours=tuple(hours[desk]),
            back=_share(by_desk[desk], Verb.SEND_BACK),
            reject=_share(by_desk[desk], Verb.REJECT),
        )
        for desk in sorted(wanted)
    }
    ranked = sorted(arrivals)
    gaps = tuple((b - a) / HOUR for a, b in pairwise(ranked))
    return Model(stages, tuple(routes), gaps, tuple(held) or (24.0,))


def steady_people(counts: Iterable[int]) -> int:
    """How many people who share the work evenly would be as many as these: 1 ÷ the sum of the squared shares.

    Somebody who stood in for a day does not count as a whole person.
    """
    listed = list(counts)
    return max(1, round(sum(listed) ** 2 / sum(count * count for count in listed))) if listed else 1


def _share(verdicts: Sequence[Verdict], verb: Verb) -> float:
    return sum(1 for one in verdicts if one.verb == verb) / len(verdicts) if verdicts else 0.0


def _desk(stage: str, seat: str, seats: int) -> str:
    return stage if seats == 1 else f"{stage}/{seat}"


def _route(definition: Definition) -> Route:
    return tuple(
        tuple(_desk(stage.key, seat.key, len(stage.seats)) for seat in stage.seats) for stage in definition.stages
    )


def _routes(span: Span, kind: str | None) -> list[Route]:
    """The way of every review begun in the span, by the pipeline it began with."""
    found = (
        sa.select(Review.pipeline_id, sa.func.count())
        .where(in_span(Review.opened_at, span))
        .group_by(Review.pipeline_id)
        .order_by(Review.pipeline_id)
    )
    counts = of_kind(found, kind).subquery()
    ways = sa.select(Pipeline.document, counts.c[1]).join(counts, counts.c.pipeline_id == Pipeline.id)
    routes: list[Route] = []
    for document, count in session.execute(ways.order_by(Pipeline.id)):
        routes += [_route(definition_of(document))] * count
    return routes


def _verdicts(span: Span, kind: str | None) -> list[Verdict]:
    """Every verdict of the span that moved a review. Those of other kinds keep their givers busy, too."""
    taken = sa.case((Task.claim_kind == Claim.TAKEN, epoch(Task.claimed_at)))
    seats = (
        sa.select(sa.func.count(sa.distinct(Task.seat)))
        .where(Task.round_id == Decision.round_id, Task.stage == Decision.stage)
        .correlate(Decision)
        .scalar_subquery()
    )
    found = (
        sa.select(
            Decision.stage,
            Decision.seat,
            seats,
            Decision.actor_id,
            Decision.verb,
            epoch(Task.opened_at),
            taken,
            epoch(Decision.decided_at),
        )
        .join(Task, Task.id == Decision.task_id)
        .where(Decision.verb != Verb.COMMENT, sa.not_(Decision.blind), in_span(Decision.decided_at, span))
    )
    if kind:
        found = of_kind(found.join(Review, Review.id == Decision.review_id), kind)
    return [
        Verdict(_desk(stage, seat, seats_), actor, verb.value, opened, claimed, decided)
        for stage, seat, seats_, actor, verb, opened, claimed, decided in raw_rows(found)
    ]


def _arrivals(span: Span, kind: str | None) -> list[float]:
    found = sa.select(epoch(Review.opened_at)).where(in_span(Review.opened_at, span))
    return list(session.scalars(of_kind(found, kind)))


def _held(span: Span, kind: str | None) -> list[float]:
    """Hours that authors held what was sent back to them, of reviews closed in the span."""
    found = sa.select(seconds_with_author()).where(in_span(Review.closed_at, span), Review.round_number > 1)
    return [seconds / HOUR for seconds in session.scalars(of_kind(found, kind)) if seconds]


def _names(routes: Sequence[Route], stages: dict[str, str]) -> dict[str, str]:
    """Desks by name: those of the longest way first, the others where they come up."""
    found: dict[str, str] = {}
    for route in sorted(set(routes), key=lambda one: (-len(one), one)):
        for group in route:
            for desk in group:
                stage, _slash, seat = desk.partition("/")
                name = stages.get(stage, stage)
                found.setdefault(desk, f"{name} · {seat}" if seat else name)
    return found
