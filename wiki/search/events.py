"""What happened to the tasks of writing what is missing."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class WritingAsked:
    """A text is asked for: of a person, or of a team; also when the task is handed over, or opened again."""

    task_id: int
    actor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class WritingClosed:
    """The text is there (``done``), or is not asked for any more; ``actor_id`` is ``None`` when publication did it."""

    task_id: int
    done: bool
    actor_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class WritingOverdue:
    """Its day has passed; told once."""

    task_id: int
    at: datetime
