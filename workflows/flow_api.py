"""``GET /flow``: the figures of the flow page."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from core.api import Api, In, Out
from core.errors import Invalid
from core.i18n import _
from workflows import figure_pages as pages
from workflows import flow_showing as showing
from workflows.flow import Report
from workflows.flow_rules import StageFlow, Times
from workflows.permissions import P

api = Api("flow")


class FlowIn(In):
    """Days, both counted in, on the centre's clock (default: the last 90); and a kind."""

    from_: str | None = Field(None, alias="from")
    to: str | None = None
    kind: str | None = None


class TimesOut(Out):
    """Hours: half took at most ``median``, 85 of 100 at most ``p85``; empty without an item."""

    count: int
    median: float | None
    p85: float | None


class StageOut(Out):
    """One stage. ``passage_days`` is Little's law: mean items here ÷ verdicts a day."""

    stage: str
    name: str
    lead: TimesOut
    waiting: TimesOut
    work: TimesOut
    arrived: int
    decided: int
    closed_without_verdict: int
    at_begin: int
    at_end: int
    mean_in_progress: float
    passage_days: float | None
    judged_first_round: int
    approved_first_round: int
    open_now: int
    overdue_now: int
    oldest_at: datetime | None


class OutcomeOut(Out):
    """Reviews closed. ``first_pass_yield``: approved and never sent back, of all closed; 0 to 1."""

    begun: int
    closed: int
    approved_at_once: int
    approved_later: int
    rejected: int
    withdrawn: int
    first_pass_yield: float | None
    lead: TimesOut
    with_author: TimesOut
    with_author_now: int


class BottleneckOut(Out):
    """``rule``: growing (largest share of the time among stages whose queue grew) or little (Little's law)."""

    stage: str
    rule: str
    share: float
    sentence: str


class WeekOut(Out):
    """Reviews handed in and closed."""

    first: date
    last: date
    begun: int
    closed: int


class FlowOut(Out):
    """The figures of some days."""

    first: date
    last: date
    kind: str | None
    bottleneck: BottleneckOut | None
    outcome: OutcomeOut
    stages: list[StageOut]
    weeks: list[WeekOut]


@api.get("/flow", gate=P.WATCH_TEAM, query=FlowIn, answer=FlowOut)
def flow(query: FlowIn) -> dict[str, Any]:
    """Lead time, queue and first-pass yield by stage, and the bottleneck."""
    given = {name: value for name, value in (("from", query.from_), ("to", query.to), ("kind", query.kind)) if value}
    span, _window = pages.span_of(given)
    kind = pages.kind_of(given)
    if query.kind and kind is None:
        raise Invalid({"kind": _("There is no kind %(kind)s.", kind=query.kind[:64])})
    found = showing.recent(span, kind)
    worst = found.bottleneck
    return {
        "first": span.first,
        "last": span.last,
        "kind": found.kind,
        "bottleneck": {
            "stage": worst.flow.stage,
            "rule": worst.rule,
            "share": round(worst.share, 4),
            "sentence": showing.bottleneck_sentence(found),
        }
        if worst
        else None,
        "outcome": _outcome(found),
        "stages": [_stage(found, one) for one in found.stages],
        "weeks": [
            {"first": week.first, "last": week.last, "begun": week.begun, "closed": week.closed} for week in found.weeks
        ],
    }


def _times(found: Times) -> dict[str, Any]:
    return {"count": found.count, "median": _round(found.median), "p85": _round(found.p85)}


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _outcome(found: Report) -> dict[str, Any]:
    one = found.outcome
    return {
        "begun": found.begun,
        "closed": one.closed,
        "approved_at_once": one.first,
        "approved_later": one.later,
        "rejected": one.rejected,
        "withdrawn": one.withdrawn,
        "first_pass_yield": _round(one.share),
        "lead": _times(one.lead),
        "with_author": _times(one.author),
        "with_author_now": found.with_author,
    }


def _stage(found: Report, one: StageFlow) -> dict[str, Any]:
    judged, approved = found.first.get(one.stage, (0, 0))
    queue = found.queues.get(one.stage)
    return {
        "stage": one.stage,
        "name": showing.name_of(found, one.stage),
        "lead": _times(one.lead),
        "waiting": _times(one.waiting),
        "work": _times(one.work),
        "arrived": one.arrived,
        "decided": one.decided,
        "closed_without_verdict": one.dropped,
        "at_begin": one.at_begin,
        "at_end": one.at_end,
        "mean_in_progress": _round(one.wip),
        "passage_days": _round(one.passage),
        "judged_first_round": judged,
        "approved_first_round": approved,
        "open_now": queue.open if queue else 0,
        "overdue_now": queue.overdue if queue else 0,
        "oldest_at": queue.oldest if queue else None,
    }
