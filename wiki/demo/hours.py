"""Working hours of a centre: when people write and decide, in their site's own time."""

from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

OPENS, CLOSES = time(9), time(18)  # of those who write and judge; calls are taken longer
CALLS_FROM, CALLS_UNTIL = time(8), time(21, 30)


def some_time(day: date, zone: ZoneInfo, chance: Random, *, since: time = OPENS, until: time = CLOSES) -> datetime:
    """A moment of the day between two times."""
    first, last = (datetime.combine(day, at, zone) for at in (since, until))
    return first + timedelta(seconds=chance.randrange(int((last - first).total_seconds())))


def worked_back(at: datetime, hours: float, zone: ZoneInfo, *, since: time = OPENS, until: time = CLOSES) -> datetime:
    """The working moment from which so many working hours passed until ``at``."""
    left, here = timedelta(hours=hours), at.astimezone(zone)
    while True:
        begun = datetime.combine(here.date(), since, zone)
        here = min(here, datetime.combine(here.date(), until, zone))
        if here - left >= begun:
            return here - left
        left -= max(here - begun, timedelta(0))
        here = datetime.combine(here.date() - timedelta(days=1), until, zone)
