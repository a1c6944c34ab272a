"""The one source of time: aware UTC, and replaceable, so that a month runs in a test in a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_fixed: list[datetime] = []  # process-wide on purpose: worker threads of a test must see the same time


def now() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    return _fixed[-1] if _fixed else datetime.now(UTC)


@contextmanager
def fixed(at: datetime) -> Iterator[None]:
    """Hold the time at ``at`` (aware) inside the block; blocks nest."""
    if at.tzinfo is None:
        raise ValueError("a fixed time must be timezone-aware")
    _fixed.append(at.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.pop()


def today(zone: str) -> date:
    """The calendar day it is now in the named time zone."""
    return now().astimezone(ZoneInfo(zone)).date()
