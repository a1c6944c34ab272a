"""What happened to the figures."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PeriodClosed:
    """A period was closed: its cards are frozen."""

    period: str
    cards: int
    actor_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ReadingsImported:
    """Readings were taken in; ``corrected`` replaced earlier ones."""

    added: int
    corrected: int
    actor_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class AppealRaised:
    """Somebody says that a figure of their card is wrong."""

    appeal_id: int
    actor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class AppealAnswered:
    """A manager answered; ``outcome`` is upheld or declined."""

    appeal_id: int
    actor_id: int
    outcome: str
    at: datetime
