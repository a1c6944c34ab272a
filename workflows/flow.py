"""The records from which ``flow_rules`` makes figures, and the lists behind each figure.

One report takes five statements, however many items there are; each row is a few numbers, not an object. Second
opinions (``Task.blind``) never move a review and are not counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVarTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.functions import FunctionElement

from core import clock
from core.db import session
from workflows import subjects
from workflows.flow_rules import (
    Bottleneck,
    Ended,
    StageFlow,
    Visit,
    Window,
    Yield,
    bottleneck,
    over_time,
    per_span,
    stage_flows,
    yields,
)
from workflows.models import Decision, Pipeline, Review, Round, Task
from workflows.queries import count_if
from workflows.rules import REFUSALS, Claim, State, TaskState, Verb

CLOSED = (State.APPROVED, State.REJECTED, State.WITHDRAWN)
LONGEST = 366  # days in one window
Columns = TypeVarTuple("Columns")


class epoch(FunctionElement[float]):  # noqa: N801 - reads like the SQL it is
    """A time as seconds since 1970, on both databases."""

    type = sa.Float()
    inherit_cache = True


@compiles(epoch, "sqlite")
def _epoch_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    # a Julian day as a float is exact to 0.05 ms; rounding makes the same moment the same number
    return f"round((julianday({compiler.process(element.clauses, **options)}) - 2440587.5) * 86400.0, 3)"


@compiles(epoch, "postgresql")
def _epoch_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f"CAST(round(extract(epoch FROM {compiler.process(element.clauses, **options)}), 3) AS double precision)"


@dataclass(frozen=True, slots=True)
class Span:
    """Days in the centre's time zone, both counted in. It ends now when its last day is not over."""

    first: date
    last: date
    zone: str
    now: datetime = field(default_factory=clock.now)

    @property
    def begin(self) -> datetime:
        """The first moment."""
        return self.midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return min(self.midnight(self.last + timedelta(days=1)), self.now)

    @property
    def window(self) -> Window:
        """The same in seconds."""
        return Window(self.begin.timestamp(), self.end.timestamp())

    def midnight(self, day: date) -> datetime:
        """When a day begins."""
        return datetime.combine(day, time.min, ZoneInfo(self.zone))

    def days(self) -> list[date]:
        """Every day that has begun."""
        last = min(self.last, self.now.astimezone(ZoneInfo(self.zone)).date())
        return [self.first + timedelta(days=n) for n in range((last - self.first).days + 1)]

    def weeks(self) -> list[tuple[date, date]]:
        """Weeks from Monday, those at the edges cut off: (first day, last day)."""
        found: list[tuple[date, date]] = []
        for day in self.days():
            if not found or day.weekday() == 0:
                found.append((day, day))
            else:
                found[-1] = (found[-1][0], day)
        return found


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits in a stage at this moment."""

    open: int = 0
    overdue: int = 0
    blocked: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """Reviews begun and closed in the days from ``first`` to ``last``."""

    first: date
    last: date
    begun: int
    closed: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the page shows of a span."""

    span: Span
    kind: str | None
    stages: list[StageFlow]
    queues: dict[str, Queue]
    first: dict[str, tuple[int, int]]  # stage → (judged in a first round, approved there)
    outcome: Yield
    begun: int
    with_author: int
    bottleneck: Bottleneck | None
    weeks: list[Week]
    days: list[date]
    levels: dict[str, list[int]]  # stage → open items at the end of each day
    names: dict[str, str]

    def level(self, stage: str, day: date) -> int:
        """Open items of a stage at the end of a day of the span."""
        return self.levels[stage][(day - self.span.first).days]


def report(span: Span, kind: str | None = None) -> Report:
    """The figures of a span, of one kind or of all."""
    window, names = span.window, stage_names()
    visits = _visits(span, kind)
    reviews = _reviews(span, kind)
    flows = stage_flows(visits, window, list(names))
    ended = [one for one in reviews if window.holds(one.closed)]
    days = span.days()
    marks = [min(span.midnight(day + timedelta(days=1)), span.end).timestamp() for day in days]
    begun = [one.opened for one in reviews if window.holds(one.opened)]
    weeks = span.weeks()
    edges = [*(span.midnight(first).timestamp() for first, _last in weeks), window.end]
    counts = zip(weeks, per_span(begun, edges), per_span([one.closed for one in ended], edges), strict=True)
    queues, with_author = _queues(kind)
    return Report(
        span=span,
        kind=kind,
        stages=flows,
        queues=queues,
        first=_first_rounds(span, kind),
        outcome=yields(ended),
        begun=len(begun),
        with_author=with_author,
        bottleneck=bottleneck(flows),
        weeks=[Week(first, last, came, went) for (first, last), came, went in counts],
        days=days,
        levels=over_time(visits, marks),
        names=names,
    )


def stage_names() -> dict[str, str]:
    """The name of every stage of the pipelines in use, in the order in which items come to them."""
    found: dict[str, str] = {}
    rows = session.scalars(sa.select(Pipeline).where(Pipeline.active).order_by(Pipeline.id))
    for definition in sorted((row.definition for row in rows), key=lambda one: -len(one.stages)):
        for stage in definition.stages:
            found.setdefault(stage.key, stage.name or str(subjects.role_word(stage.key)))
    return found


def raw_rows(found: Any) -> Any:
    """Rows of figures by the hundred thousand: straight from the connection, which takes half the time."""
    return session.connection().execute(found)


def of_kind(found: sa.Select[*Columns], kind: str | None) -> sa.Select[*Columns]:
    """Of reviews (which are joined already) only those of a kind; ``None``: of all."""
    return found.where(Review.topic == kind) if kind else found


def _tasks_of_kind(found: sa.Select[*Columns], kind: str | None) -> sa.Select[*Columns]:
    """The same of tasks: the reviews of hundreds of thousands are joined only when their kind is asked for."""
    return of_kind(found.join(Review, Review.id == Task.review_id), kind) if kind else found


def _sent_back() -> sa.ColumnElement[bool]:
    """A verdict that sent its review back, over ``Decision`` and ``Review``."""
    return sa.and_(Decision.review_id == Review.id, Decision.verb == Verb.SEND_BACK, sa.not_(Decision.blind))


def _visits(span: Span, kind: str | None) -> list[Visit]:
    """Every ordinary task that was open at some time of the span."""
    taken = sa.case((Task.claim_kind == Claim.TAKEN, epoch(Task.claimed_at)))
    found = sa.select(
        Task.stage, epoch(Task.opened_at), taken, epoch(Task.closed_at), Task.state == TaskState.DONE
    ).where(
        sa.not_(Task.blind),
        Task.opened_at < span.end,
        sa.or_(Task.closed_at.is_(None), Task.closed_at >= span.begin),
    )
    return [Visit(*row) for row in raw_rows(_tasks_of_kind(found, kind))]


def _reviews(span: Span, kind: str | None) -> list[Ended]:
    """Every review that was begun or closed in the span; ``closed`` is infinite for those still open."""
    backs = sa.select(sa.func.count()).where(_sent_back()).correlate(Review).scalar_subquery()
    found = sa.select(
        Review.state,
        epoch(Review.opened_at),
        epoch(Review.closed_at),
        backs,
        sa.case((Review.round_number > 1, sa.func.coalesce(seconds_with_author(), 0.0)), else_=0.0),
    ).where(sa.or_(in_span(Review.opened_at, span), in_span(Review.closed_at, span)))
    rows = raw_rows(of_kind(found, kind))
    return [
        Ended(str(state.value), opened, closed if closed is not None else float("inf"), back, author)
        for state, opened, closed, back, author in rows
    ]


def seconds_with_author() -> sa.ScalarSelect[Any]:
    """Seconds a review lay with its author: from the last closing of a round to the opening of the next."""
    before, after = aliased(Round), aliased(Round)
    ended = (
        sa.select(sa.func.max(Task.closed_at))
        .where(Task.round_id == before.id, sa.not_(Task.blind))
        .correlate(before)
        .scalar_subquery()
    )
    return (
        sa.select(sa.func.sum(epoch(after.opened_at) - epoch(ended)))
        .select_from(before)
        .join(after, sa.and_(after.review_id == before.review_id, after.number == before.number + 1))
        .where(before.review_id == Review.id)
        .correlate(Review)
        .scalar_subquery()
    )


def in_span(column: Any, span: Span) -> sa.ColumnElement[bool]:
    """The moment lies in the span."""
    return sa.and_(column >= span.begin, column < span.end)


def _queues(kind: str | None) -> tuple[dict[str, Queue], int]:
    """What waits now, by stage; and how many reviews lie with their author (a stage without a name)."""
    now = clock.now()
    waiting = (
        sa.select(
            Task.stage,
            sa.func.count(),
            count_if(Task.due_at < now),
            count_if(Task.blocked_at.is_not(None)),
            sa.func.min(Task.opened_at),
        )
        .where(Task.state == TaskState.OPEN, sa.not_(Task.blind))
        .group_by(Task.stage)
    )
    back = of_kind(sa.select(sa.func.count()).select_from(Review).where(Review.state == State.RETURNED), kind)
    queues = {
        stage: Queue(count, overdue, blocked, oldest)
        for stage, count, overdue, blocked, oldest in session.execute(_tasks_of_kind(waiting, kind))
    }
    return queues, session.scalar(back) or 0


def refused() -> sa.ColumnElement[bool]:
    """Somebody voted no on the task, over ``Task``."""
    return sa.exists().where(Decision.task_id == Task.id, Decision.verb.in_(REFUSALS))


def _first_rounds(span: Span, kind: str | None) -> dict[str, tuple[int, int]]:
    """By stage: items judged in the first round of their review, and those of them that were approved."""
    found = (
        sa.select(Task.stage, sa.func.count(), count_if(sa.not_(refused())))
        .join(Round, Round.id == Task.round_id)
        .where(sa.not_(Task.blind), Task.state == TaskState.DONE, Round.number == 1, in_span(Task.closed_at, span))
        .group_by(Task.stage)
    )
    rows = session.execute(_tasks_of_kind(found, kind))
    return {stage: (judged, approved) for stage, judged, approved in rows}


# ── the items behind a figure ────────────────────────────────────────────────────────────────────────────────────────

OF_TASKS = ("open", "overdue", "blocked", "arrived", "decided", "dropped", "judged", "first", "at")
OF_REVIEWS = ("begun", "closed", "approved", "at_once", "later", "rejected", "withdrawn", "held", "with_author")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the page: what it counts, in which span, of which kind and stage. ``at``: at the end of that day."""

    what: str
    span: Span
    kind: str | None = None
    stage: str | None = None
    at: date | None = None


def tasks_behind(figure: Figure) -> sa.Select[Task]:
    """The tasks a figure counts; those decided begin with what took longest, the others with the oldest."""
    span, what = figure.span, figure.what
    found = sa.select(Task).join(Task.review).where(sa.not_(Task.blind))
    found = of_kind(found, figure.kind)
    if figure.stage:
        found = found.where(Task.stage == figure.stage)
    decided = sa.and_(Task.state == TaskState.DONE, in_span(Task.closed_at, span))
    first_round = Task.round_id.in_(sa.select(Round.id).where(Round.number == 1))
    until = min(span.midnight((figure.at or span.last) + timedelta(days=1)), span.end)
    conditions: dict[str, Sequence[sa.ColumnElement[bool]]] = {
        "open": [Task.state == TaskState.OPEN],
        "overdue": [Task.state == TaskState.OPEN, Task.due_at < clock.now()],
        "blocked": [Task.state == TaskState.OPEN, Task.blocked_at.is_not(None)],
        "arrived": [in_span(Task.opened_at, span)],
        "decided": [decided],
        "dropped": [Task.state == TaskState.VOID, in_span(Task.closed_at, span)],
        "judged": [decided, first_round],
        "first": [decided, first_round, sa.not_(refused())],
        "at": [Task.opened_at < until, sa.or_(Task.closed_at.is_(None), Task.closed_at >= until)],
    }
    longest = (epoch(Task.closed_at) - epoch(Task.opened_at)).desc()
    order = [longest] if what in {"decided", "judged", "first"} else [Task.opened_at]
    return found.where(*conditions[what]).order_by(*order, Task.id)


def reviews_behind(figure: Figure) -> Any:
    """(review, seconds with the author) of the reviews a figure counts, those that took longest first."""
    span = figure.span
    backs = sa.exists().where(_sent_back())
    closed = in_span(Review.closed_at, span)
    held = sa.func.coalesce(seconds_with_author(), 0.0)
    conditions: dict[str, Sequence[sa.ColumnElement[bool]]] = {
        "begun": [in_span(Review.opened_at, span)],
        "closed": [closed],
        "approved": [closed, Review.state == State.APPROVED],
        "at_once": [closed, Review.state == State.APPROVED, sa.not_(backs)],
        "later": [closed, Review.state == State.APPROVED, backs],
        "rejected": [closed, Review.state == State.REJECTED],
        "withdrawn": [closed, Review.state == State.WITHDRAWN],
        "held": [closed, Review.state == State.APPROVED, held > 0],
        "with_author": [Review.state == State.RETURNED],
    }
    both: Any = sa.select(Review, held.label("held"))
    found = of_kind(both, figure.kind).where(*conditions[figure.what])
    until = sa.func.coalesce(epoch(Review.closed_at), clock.now().timestamp())
    return found.order_by((until - epoch(Review.opened_at)).desc(), Review.id)
