"""Pure decisions: by which way a notice goes to somebody, when the bell of a digest rings, and what is old news."""

from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

OLD_NEWS = timedelta(days=3)  # what is told later than this stands in the list, read, and is not mailed
KEEP_READ = timedelta(days=90)
NOTE_LENGTH = 600  # characters of a remark that a notice repeats
DIGEST_LINES = 100
MORNING = 8


class Group(StrEnum):
    """What people choose about: few plain words, not thirty events."""

    WAITS = "waits"
    MINE = "mine"
    REMARKS = "remarks"
    TRAINING = "training"
    TEAM = "team"


class Mail(StrEnum):
    """How a notice is mailed; in the list it always is."""

    AT_ONCE = "at_once"
    DIGEST = "digest"
    OFF = "off"


class Rhythm(StrEnum):
    """How often the digest comes."""

    DAILY = "daily"
    HOURLY = "hourly"


def way(default: Mail, chosen: Mail | None, *, urgent: bool, late: bool) -> Mail:
    """The way of one notice to one person: old news is not mailed, what is urgent cannot be switched off."""
    if late:
        return Mail.OFF
    if urgent:
        return Mail.AT_ONCE
    return default if chosen is None else chosen


def is_old_news(happened_at: datetime, now: datetime) -> bool:
    """It happened so long ago (the worker stood still, or history was loaded) that a mail would startle."""
    return now - happened_at > OLD_NEWS


def is_forgotten(happened_at: datetime, now: datetime) -> bool:
    """It happened so long ago that its notice, read, would have been deleted."""
    return now - happened_at > KEEP_READ


def last_bell(rhythm: Rhythm, hour: int, zone: str, now: datetime) -> datetime:
    """When the digest's bell rang last, in UTC: at the full hour, or at this hour of the day on the reader's clock.

    A digest holds what was told until then, so a bell that was missed is made up for and none rings twice.
    """
    here = now.astimezone(ZoneInfo(zone))
    if rhythm is Rhythm.HOURLY:
        return now.replace(minute=0, second=0, microsecond=0)
    bell = here.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    if bell > here:
        bell = (here - timedelta(days=1)).replace(hour=hour, minute=0, second=0, microsecond=0, fold=0)
    return bell.astimezone(now.tzinfo)


def shortened(text: str, length: int = NOTE_LENGTH) -> str:
    """The text, or its beginning with an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
