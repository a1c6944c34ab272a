"""When a published text must be looked at again, and when it ends: pure arithmetic of dates."""

import calendar
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

NEVER = 0
INTERVALS = (NEVER, 1, 3, 6, 12, 24)  # months between two looks
WARNING = timedelta(days=14)  # before a text ends, its keeper hears of it


def plus_months(at: datetime, months: int) -> datetime:
    """The same day so many months later, or the last of that month where it has no such day."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


def due(verified_at: datetime | None, months: int) -> datetime | None:
    """When it is to be looked at again; ``None``: never, or nobody has looked yet."""
    return None if months == NEVER or verified_at is None else plus_months(verified_at, months)


def interval(default: int, fields: Mapping[str, Any]) -> int:
    """Months between two looks: what the text says of itself (a process is audited every so many), else its kind's."""
    own = fields.get("audit_every_months")
    return own if isinstance(own, int) and own > 0 else default
