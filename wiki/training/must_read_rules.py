"""Pure decisions about must-read texts: until when somebody has time, and when they are reminded or told of."""

from datetime import datetime, timedelta

BEFORE = timedelta(hours=24)  # a reminder comes so long before the deadline, or half-way when there is less time
GRACE = timedelta(hours=48)  # who is asked after the deadline (a new member of a team) has this long
HISTORY = timedelta(days=30)  # what is overdue for longer is told nobody any more
FOLD = timedelta(hours=1)


def deadline(due_at: datetime, asked_at: datetime) -> datetime:
    """Until when this person is to confirm: the deadline, unless they were asked after it."""
    return due_at if asked_at < due_at else asked_at + GRACE


def is_near(asked_at: datetime, due: datetime, now: datetime) -> bool:
    """The time for a reminder has come, and the deadline has not passed."""
    return due - min(BEFORE, (due - asked_at) / 2) <= now < due


def is_for_supervisor(due: datetime, now: datetime) -> bool:
    """The deadline has passed, and not so long ago that it is history."""
    return due <= now < due + HISTORY
