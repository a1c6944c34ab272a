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
    """Somebody gave a verdict. ``score`` is the checklist's 0–100, ``None`` when it was not filled in."""

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
    at: datetime


@dataclass(frozen=True, slots=True)
class CalendarChanged:
    """The hours of a calendar, or the sites that work by it, are others now: open deadlines may have moved."""

    slug: str
