"""Days, rows of good scores, and the median of people of whom some are not yet proficient."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from wiki.people.proficiency_rules import (
    Life,
    change,
    curve,
    day_number,
    day_of,
    late,
    median,
    on_today,
    proficient_on,
    share_by,
)

FIRST = date(2026, 3, 2)  # a Monday
GOOD, BAD, TARGET = Fraction(92), Fraction(80), Fraction(90)
spans = st.integers(0, 60).map(lambda n: FIRST + timedelta(days=n))
scores = st.dictionaries(spans, st.sampled_from([GOOD, BAD, TARGET]), max_size=40)
lives = st.lists(st.builds(Life, st.integers(1, 30), st.booleans()), max_size=12)


def office(day: date) -> bool:
    return day.weekday() < 5


def plain(hired, passed_on, known, until):
    """The same, day by day, as the page defines it."""
    for ahead in range((until - hired).days + 1):
        day = hired + timedelta(days=ahead)
        last = [known[one] for one in sorted(known) if hired <= one <= day and office(one)][-5:]
        if office(day) and passed_on is not None and passed_on <= day and len(last) == 5 and min(last) >= TARGET:
            return day
    return None


@given(scores, spans, st.none() | spans, spans)
def test_proficient_is_the_first_day_on_which_the_definition_on_the_page_holds(known, hired, passed_on, until):
    found = proficient_on(hired, passed_on, known, TARGET, until=until, works=office)
    assert found == plain(hired, passed_on, known, until)


@given(scores, spans, spans)
def test_more_bad_days_never_make_anybody_proficient_sooner(known, passed_on, spoilt):
    end = FIRST + timedelta(days=90)
    before = proficient_on(FIRST, passed_on, known, TARGET, until=end, works=office)
    after = proficient_on(FIRST, passed_on, known | {spoilt: BAD}, TARGET, until=end, works=office)
    assert after is None or (before is not None and (before <= after or spoilt in known))


@given(spans, st.integers(1, 40))
def test_days_are_counted_as_they_are_dated(hired, number):
    day = day_of(hired, number, office)
    assert day_number(hired, day, office) == number and office(day)
    assert day_of(hired, number, lambda _day: True) == hired + timedelta(days=number - 1)


@given(lives)
def test_the_curve_falls_and_without_anybody_waiting_it_is_the_plain_share(known):
    steps = curve(known)
    shares = [Fraction(1), *(share for _day, share in steps)]
    assert all(1 >= a > b >= 0 for a, b in pairwise(shares))
    done = [one for one in known if one.done]
    for day, share in curve(done):
        assert share == Fraction(sum(one.days > day for one in done), len(done))
    if done:
        middle = sorted(one.days for one in done)[(len(done) - 1) // 2]
        assert median(done) == middle


@given(lives, st.integers(1, 30))
def test_who_is_not_yet_there_never_makes_the_median_earlier(known, days):
    more = [*known, Life(days, done=False)]
    before, after = median(known), median(more)
    assert after is None or (before is not None and before <= after)
    for when in range(31):
        now, then = share_by(known, when), share_by(more, when)
        assert now is None or then is None or then <= now


def test_by_hand():
    known = [Life(10, True), Life(12, True), Life(15, False), Life(20, True), Life(25, False)]
    assert curve(known) == [(10, Fraction(4, 5)), (12, Fraction(3, 5)), (20, Fraction(3, 10))]
    assert median(known) == 20 and median(known[3:]) == 20 and median([Life(9, False)]) is None
    assert share_by(known, 12) == Fraction(2, 5) and share_by(known, 26) is None
    assert change(12, 20).percent == -40 and change(None, 20) is None


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=8), st.integers(0, 10))
def test_what_is_to_be_done_today_holds_everything_that_is_behind(steps, number):
    today = on_today(steps, number)
    assert all(not steps[at][1] for at in today)
    behind = [at for at, (day, done) in enumerate(steps) if not done and day < number]
    assert len(behind) == late(steps, number) and set(behind) <= set(today)
    assert bool(today) == any(not done for _day, done in steps)
