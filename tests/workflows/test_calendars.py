"""Working time: what a deadline in working hours means, on ordinary days, at night, on holidays, when clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workflows.calendars import (
    CLOSED,
    DAY,
    LONGEST_NIGHT,
    WHOLE_DAY,
    Calendar,
    NeverOpens,
    add,
    always,
    between,
    hours_of,
    intervals,
    is_open,
    moment,
    next_opening,
)

ALWAYS = always("Asia/Shanghai")
NINE_TO_SIX = ((9 * 60, 18 * 60),)
WORKWEEK = (NINE_TO_SIX,) * 5 + (CLOSED,) * 2
NIGHT = ((22 * 60, 30 * 60),)
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "America/Havana", "Australia/Lord_Howe", "UTC")


def at(zone: str, text: str, *, fold: int = 0) -> datetime:
    """A moment as the clocks of a zone show it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def office(zone: str = "Asia/Shanghai", **days: tuple[tuple[int, int], ...]) -> Calendar:
    return Calendar(zone, WORKWEEK, {date.fromisoformat(day[1:].replace("_", "-")): on for day, on in days.items()})


# What it means, by example ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begins", "minutes", "due", "said"),
    [
        ("2026-11-18 10:00", 60, "2026-11-18 11:00", "within the day"),
        ("2026-11-18 17:00", 60, "2026-11-18 18:00", "the last minute is due at closing time, not the next morning"),
        ("2026-11-18 17:00", 61, "2026-11-19 09:01", "the rest counts from the next morning"),
        ("2026-11-18 07:13", 60, "2026-11-18 10:00", "before opening nothing passes"),
        ("2026-11-18 22:00", 8 * 60, "2026-11-19 17:00", "after closing it begins the next morning"),
        ("2026-11-20 17:00", 8 * 60, "2026-11-23 16:00", "over the weekend nothing passes"),
        ("2026-11-21 12:00", 1, "2026-11-23 09:01", "Saturday waits for Monday"),
        ("2026-11-18 10:00", 0, "2026-11-18 10:00", "no minutes are no time"),
        ("2026-11-21 12:00", 0, "2026-11-21 12:00", "no minutes are no time, on a Saturday either"),
        ("2026-11-18 10:00", 9 * 60 * 5, "2026-11-25 10:00", "five days are a week"),
    ],
)
def test_office_hours(begins, minutes, due, said):
    assert add(office(), at("Asia/Shanghai", begins), minutes) == at("Asia/Shanghai", due), said


def test_seconds_are_kept():
    assert add(office(), at("Asia/Shanghai", "2026-11-18 17:59:30"), 1) == at("Asia/Shanghai", "2026-11-19 09:00:30")


def test_holidays_are_skipped_and_make_up_days_work():
    """National Day 2026: a week off, and the Saturday after it is worked in its own hours."""
    golden = {f"_2026_10_{day:02}": CLOSED for day in range(1, 8)}
    calendar = office(**golden, _2026_10_10=((540, 720),))
    begins = at("Asia/Shanghai", "2026-09-30 17:00")
    assert add(calendar, begins, 120) == at("Asia/Shanghai", "2026-10-08 10:00")
    assert add(calendar, at("Asia/Shanghai", "2026-10-09 17:30"), 60) == at("Asia/Shanghai", "2026-10-10 09:30")
    assert add(calendar, at("Asia/Shanghai", "2026-10-09 18:00"), 181) == at("Asia/Shanghai", "2026-10-12 09:01")


def test_lunch_is_not_worked():
    calendar = Calendar("Asia/Shanghai", (((540, 720), (780, 1080)),) * 7)
    assert add(calendar, at("Asia/Shanghai", "2026-11-18 11:30"), 60) == at("Asia/Shanghai", "2026-11-18 13:30")


def test_a_night_shift_goes_on_past_midnight_and_belongs_to_the_day_it_begins():
    calendar = Calendar("Asia/Shanghai", (NIGHT,) * 5 + (CLOSED,) * 2, {date(2026, 11, 18): CLOSED})
    assert add(calendar, at("Asia/Shanghai", "2026-11-17 23:30"), 60) == at("Asia/Shanghai", "2026-11-18 00:30")
    assert add(calendar, at("Asia/Shanghai", "2026-11-18 05:30"), 60) == at("Asia/Shanghai", "2026-11-19 22:30")
    assert is_open(calendar, at("Asia/Shanghai", "2026-11-21 05:59"))  # Friday's night on Saturday morning
    assert not is_open(calendar, at("Asia/Shanghai", "2026-11-21 06:00"))
    assert not is_open(calendar, at("Asia/Shanghai", "2026-11-16 05:00"))  # Sunday had no night


def test_hours_that_overlap_count_once():
    calendar = Calendar("UTC", (((22 * 60, 34 * 60),),) + (((9 * 60, 18 * 60),),) * 6)
    assert between(calendar, at("UTC", "2026-11-16 22:00"), at("UTC", "2026-11-17 18:00")) == 20 * 60


def test_what_is_elsewhere_is_counted_in_the_zone_of_the_calendar():
    begins = at("Europe/Berlin", "2026-11-18 10:00")  # 17:00 in Shanghai
    assert add(office(), begins, 90) == at("Asia/Shanghai", "2026-11-19 09:30")


# Clocks that change -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "evening", "hours"),
    [
        ("Europe/Berlin", "2026-03-28 22:00", 7),
        ("Europe/Berlin", "2026-10-24 22:00", 9),
        ("America/New_York", "2026-03-07 22:00", 7),
        ("America/New_York", "2026-10-31 22:00", 9),
        ("Asia/Shanghai", "2026-03-28 22:00", 8),
    ],
)
def test_a_night_over_a_change_of_clocks_has_an_hour_less_or_more(zone, evening, hours):
    calendar = Calendar(zone, (NIGHT,) * 7)
    begins = at(zone, evening)
    ends = at(zone, (datetime.fromisoformat(evening) + timedelta(hours=8)).isoformat())
    assert add(calendar, begins, hours * 60) == ends
    assert between(calendar, begins, ends) == hours * 60


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("change", ["03-01", "10-15"])
def test_a_month_of_deadlines_around_the_clock_is_right_to_the_minute(zone, change):
    """7×24 counts what really passes: a deadline every 97 minutes for a month in which the clocks change."""
    begins = at(zone, f"2026-{change} 00:07").astimezone(UTC)
    calendar = always(zone)
    for minutes in range(0, 31 * DAY, 97):
        due = add(calendar, begins, minutes)
        assert due == begins + timedelta(minutes=minutes)
        assert between(calendar, begins, due) == minutes


def test_a_time_that_the_clocks_skip_is_the_moment_of_the_change():
    change = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    for minute in (120, 121, 150, 179, 180):
        expected = change + timedelta(minutes=max(0, minute - 180))
        assert moment("Europe/Berlin", date(2026, 3, 29), minute) == expected
    early = Calendar("Europe/Berlin", (((150, 240),),) * 7)  # 02:30–04:00, of which 03:00–04:00 comes
    assert between(early, change - timedelta(hours=3), change + timedelta(hours=3)) == 60


def test_a_time_that_the_clocks_show_twice_is_the_first():
    assert moment("Europe/Berlin", date(2026, 10, 25), 150) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    small = Calendar("Europe/Berlin", (((0, 120),),) * 7)
    assert between(small, at("Europe/Berlin", "2026-10-25 00:00"), at("Europe/Berlin", "2026-10-25 06:00")) == 120


def test_a_midnight_that_never_comes():
    """Havana puts its clocks forward at midnight: the day begins at one."""
    assert moment("America/Havana", date(2026, 3, 8), 0) == moment("America/Havana", date(2026, 3, 8), 60)
    assert sum((b - a for a, b in hours_of(always("America/Havana"), date(2026, 3, 8))), timedelta()) == timedelta(
        hours=23
    )


def test_a_day_that_never_came():
    """Samoa left out 30 December 2011."""
    assert hours_of(always("Pacific/Apia"), date(2011, 12, 30)) == []
    begins = at("Pacific/Apia", "2011-12-29 12:00")
    assert add(always("Pacific/Apia"), begins, 13 * 60) == begins.astimezone(UTC) + timedelta(hours=13)


# What holds for every calendar --------------------------------------------------------------------------------------


@st.composite
def spans(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Up to three spans of a day in order; the last may run past midnight."""
    marks = sorted(draw(st.lists(st.integers(0, DAY - 1), max_size=6, unique=True)))
    pairs = [(a, b) for a, b in zip(marks[::2], marks[1::2], strict=False)]
    if len(marks) % 2:
        pairs.append((marks[-1], draw(st.integers(marks[-1] + 1, max(DAY, marks[-1] + LONGEST_NIGHT)))))
    return tuple(pairs)


def days() -> st.SearchStrategy[date]:
    return st.dates(date(2026, 3, 1), date(2026, 11, 30))


CALENDARS = st.builds(
    Calendar,
    st.sampled_from(ZONES),
    st.one_of(
        st.tuples(*[spans()] * 7),
        st.sampled_from([(WHOLE_DAY,) * 7, WORKWEEK, (NIGHT,) * 7, ((),) * 6 + (((1439, 1440),),)]),
    ).filter(any),
    st.dictionaries(days(), spans(), max_size=12),
)
MOMENTS = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
    st.builds(  # close to the changes of clocks
        lambda change, minutes: datetime.fromisoformat(change) + timedelta(minutes=minutes),
        st.sampled_from(["2026-03-29T01:00Z", "2026-10-25T01:00Z", "2026-03-08T07:00Z", "2026-11-01T06:00Z"]),
        st.integers(-2 * DAY, 2 * DAY),
    ),
)
MINUTES = st.integers(0, 6 * DAY)


@given(CALENDARS, MOMENTS, MINUTES)
@settings(deadline=None)
def test_between_undoes_add(calendar, begins, minutes):
    assert between(calendar, begins, add(calendar, begins, minutes)) == minutes


@given(CALENDARS, MOMENTS, MINUTES, MINUTES)
@example(office(), datetime(2026, 11, 18, 9, tzinfo=UTC), 60, 0)
@settings(deadline=None)
def test_adding_twice_is_adding_the_sum(calendar, begins, one, two):
    assert add(calendar, add(calendar, begins, one), two) == add(calendar, begins, one + two)


@given(CALENDARS, MOMENTS, MOMENTS, MINUTES, MINUTES)
@settings(deadline=None)
def test_later_begun_or_longer_is_never_due_earlier(calendar, one, two, short, long):
    earlier, later = sorted([one, two])
    short, long = sorted([short, long])
    assert add(calendar, earlier, short) <= add(calendar, later, short)
    assert add(calendar, earlier, short) <= add(calendar, earlier, long)


@given(CALENDARS, MOMENTS, MOMENTS)
@settings(deadline=None)
def test_never_more_than_really_passes_and_backwards_is_negative(calendar, one, two):
    earlier, later = sorted([one, two])
    worked = between(calendar, earlier, later)
    assert 0 <= worked <= (later - earlier) // timedelta(minutes=1)
    assert between(calendar, later, earlier) == -worked


@given(st.sampled_from(ZONES), MOMENTS, MINUTES)
@settings(deadline=None)
def test_around_the_clock_is_what_really_passes(zone, begins, minutes):
    assert add(always(zone), begins, minutes) == begins + timedelta(minutes=minutes)


@given(CALENDARS, days())
@settings(deadline=None)
def test_a_week_is_the_sum_of_its_days(calendar, monday):
    """What the page draws day by day is what deadlines count, to the second."""
    begin = moment(calendar.timezone, monday, 0)
    end = moment(calendar.timezone, monday + timedelta(days=7), 0)
    drawn = [one for n in range(7) for one in hours_of(calendar, monday + timedelta(days=n))]
    assert all(a < b for a, b in drawn)
    assert all(one[1] <= two[0] for one, two in pairwise(drawn))
    assert sum((b - a for a, b in drawn), timedelta()) // timedelta(minutes=1) == between(calendar, begin, end)


@given(CALENDARS, MOMENTS)
@settings(deadline=None)
def test_open_is_what_the_wall_says(calendar, now):
    """Against the plainest reading: look at the local clock and at the spans of today and of yesterday."""
    zone = ZoneInfo(calendar.timezone)
    local = now.astimezone(zone)
    near = [(now + timedelta(hours=h)).astimezone(zone).utcoffset() for h in (-30, 30)]
    if near[0] != near[1]:
        return  # the hours around a change have their own tests
    minute = local.hour * 60 + local.minute
    today, yesterday = calendar.on(local.date()), calendar.on(local.date() - timedelta(days=1))
    said = any(a <= minute < b for a, b in today) or any(a <= minute + DAY < b for a, b in yesterday)
    assert is_open(calendar, now) is said
    assert (next_opening(calendar, now) == now) is said


# What is refused ----------------------------------------------------------------------------------------------------


def test_a_calendar_that_never_opens_says_so():
    never = Calendar("UTC", (CLOSED,) * 7, {date(2020, 1, 1): WHOLE_DAY})
    with pytest.raises(NeverOpens, match="no working hours"):
        add(never, datetime(2026, 1, 1, tzinfo=UTC), 1)
    with pytest.raises(NeverOpens):
        next_opening(never, datetime(2026, 1, 1, tzinfo=UTC))
    assert not is_open(never, datetime(2026, 1, 1, tzinfo=UTC))
    assert between(never, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)) == 0


def test_an_opening_after_long_is_found():
    rare = Calendar("UTC", (CLOSED,) * 7, {date(2027, 12, 1): ((600, 660),)})
    assert add(rare, datetime(2026, 1, 1, tzinfo=UTC), 30) == datetime(2027, 12, 1, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "hours",
    [
        ((540, 540),),
        ((600, 540),),
        ((540, 720), (700, 800)),
        ((780, 800), (540, 720)),
        ((1440, 1500),),
        ((0, 1441),),
        ((540, 1800),),
    ],
)
def test_spans_that_make_no_sense_are_refused(hours):
    with pytest.raises(ValueError, match="not spans"):
        Calendar("UTC", (hours, *[CLOSED] * 6))


def test_moments_need_a_zone_and_time_goes_forward():
    with pytest.raises(ValueError, match="aware"):
        add(ALWAYS, datetime(2026, 1, 1), 1)
    with pytest.raises(ValueError, match="never taken away"):
        add(ALWAYS, datetime(2026, 1, 1, tzinfo=UTC), -1)
    with pytest.raises(ValueError, match="seven"):
        Calendar("UTC", ())
    with pytest.raises(KeyError):
        Calendar("Mars/Olympus", (CLOSED,) * 7)


def test_a_calendar_is_a_value():
    days_off = {date(2026, 1, 1): CLOSED}
    one, two = Calendar("UTC", WORKWEEK, days_off), Calendar("UTC", WORKWEEK, dict(days_off))
    days_off[date(2026, 1, 2)] = CLOSED
    assert one == two
    assert hash(one) == hash(two)
    assert ALWAYS.is_always_open
    assert not one.is_always_open
    assert next(intervals(one, datetime(2026, 1, 1, 12, tzinfo=UTC)))[0] == datetime(2026, 1, 2, 9, tzinfo=UTC)
