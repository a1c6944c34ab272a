"""What happened to people who leave."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class LeavingMarked:
    """Somebody's last day is noted, or is another one."""

    leaving_id: int
    user_id: int
    last_day: date
    actor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class LeavingUndone:
    """Somebody stays after all; ``successor_ids`` had been asked and had not answered yet."""

    leaving_id: int
    user_id: int
    successor_ids: tuple[int, ...]
    actor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class HandoverAsked:
    """This person is asked to take so many things over."""

    leaving_id: int
    successor_id: int
    count: int
    actor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class HandoverDeclined:
    """The successor does not take it; somebody else is to be found."""

    handover_id: int
    leaving_id: int
    successor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonLeft:
    """The last day is over. ``passed``: things that changed hands by that; ``left_over``: those that nobody has."""

    leaving_id: int
    user_id: int
    team_id: int | None
    passed: int
    left_over: int
    at: datetime
