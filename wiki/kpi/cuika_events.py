"""What happened to actions on misses."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ActionMade:
    """Somebody is to do something about a figure that missed its target."""

    action_id: int
    owner_id: int
    actor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ActionDue:
    """An open action is due soon, or (``late``) its day has passed."""

    action_id: int
    owner_id: int
    made_by_id: int
    late: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class ActionClosed:
    """Somebody said what came of an action."""

    action_id: int
    made_by_id: int
    actor_id: int
    at: datetime
