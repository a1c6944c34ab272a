"""The pure rules of being away: from when until when, on whose clock, and who can stand in."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

NOTE_MAX = 300
FARTHEST = timedelta(days=732)  # what lies beyond two years is a slip of the hand


class Told(StrEnum):
    """How much of an absence was told to those who listen (``AbsenceChanged``)."""

    ANNOUNCED = "announced"
    BEGUN = "begun"
    OVER = "over"


class NoSuchTimeError(ValueError):
    """The clock of this zone never shows this time: on that day it is put forward over it."""


def moment(text: str, zone: str, *, last: bool = False) -> datetime:
    """What a ``datetime-local`` field means on the clock of a zone, in UTC.

    A time that the clock shows twice (it is put back) is the first of the two, or with ``last`` the second, so that
    'from … until' loses no hour. Text with an offset of its own means what it says.

    Raises:
        NoSuchTimeError: the clock never shows it.
        ValueError: it is not a time.
        OverflowError: it lies before or after all calendars.
    """
    given = datetime.fromisoformat(text.strip())
    if given.tzinfo is not None:
        return given.astimezone(UTC)
    shown = given.replace(tzinfo=ZoneInfo(zone), fold=int(last))
    found = shown.astimezone(UTC)
    if found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != given:
        raise NoSuchTimeError(text)
    return found


def shown(at: datetime, zone: str) -> str:
    """The value of a ``datetime-local`` field for a moment."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"


def in_force(starts_at: datetime, ends_at: datetime, ended_at: datetime | None, at: datetime) -> bool:
    """True while the person is away: from the start (with it) until the end (without it), or until they came back."""
    return starts_at <= at < ends_at and (ended_at is None or at < ended_at)
