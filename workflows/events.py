"""What happened in a review, told in the transaction in which it became true."""

from dataclasses import dataclass
from datetime import datetime

from workflows.rules import Position, Verb


@dataclass(frozen=True, slots=True)
class ReviewMoved:
    """A review changed its position (also its first submit: ``before`` is then NEW)."""

    review_id: int
    subject_kind: str
    subject_id: int
    revision_id: int
    round: int
    verb: Verb
    before: Position
    after: Position
    actor_id: int | None
    author_ids: tuple[int, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskOpened:
    """A seat waits for somebody."""

    task_id: int
    review_id: int
    subject_kind: str
    subject_id: int
    stage: str
    role: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskDecided:
    """Somebody gave a verdict. ``score`` is the checklist's 0–100, ``None`` when it was not filled in; a ``blind`` one
    was a second opinion that moves nothing."""

    decision_id: int
    task_id: int
    review_id: int
    subject_kind: str
    subject_id: int
    revision_id: int
    round: int
    stage: str
    role: str
    verb: Verb
    actor_id: int
    in_time: bool
    score: int | None
    blind: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskClaimed:
    """A task went to somebody: ``how`` is taken, routed or handed; ``by_id`` is empty when the routing chose."""

    task_id: int
    review_id: int
    to_id: int
    from_id: int | None
    by_id: int | None
    how: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskReminded:
    """A task is due in ``hours`` working hours and nobody has decided it."""

    task_id: int
    review_id: int
    hours: int
    due_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskEscalated:
    """A task is overdue and has reached a rung of its ladder (1 is the first); the people of ``to_role`` are told."""

    task_id: int
    review_id: int
    level: int
    to_role: str
    due_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskBlocked:
    """Too few people are left who may decide a task: a manager must name somebody."""

    task_id: int
    review_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Commented:
    """Somebody left a remark without a verdict."""

    decision_id: int
    task_id: int
    review_id: int
    actor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class RemarkResolved:
    """An author has answered a remark on a passage (``open_again``: took the answer back)."""

    remark_id: int
    review_id: int
    actor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ExpertAsked:
    """An opinion was asked for; ``user_id`` is empty for somebody without an account, who got a link to ``address``."""

    request_id: int
    task_id: int
    review_id: int
    asked_by_id: int
    user_id: int | None
    address: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ExpertAnswered:
    """The opinion has come."""

    request_id: int
    task_id: int
    review_id: int
    asked_by_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CalendarChanged:
    """The hours of a calendar, or the sites that work by it, are others now: open deadlines may have moved."""

    slug: str
