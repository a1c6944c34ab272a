"""What happened to people, told in the transaction in which it became true."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PersonDisabled:
    """Somebody can no longer sign in."""

    user_id: int
    team_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class PersonMoved:
    """Somebody came, or came back, or has another team, tier or role."""

    user_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class AbsenceChanged:
    """An absence was announced, began to matter, was ended or ran out: who may judge for whom is another now.

    Told at most a minute after an absence began or ran out by itself; who stands in is decided by the clock alone.
    """

    absence_id: int
    user_id: int
    deputy_id: int | None
    at: datetime
