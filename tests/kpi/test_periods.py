"""Months, quarters, half-years and their borders."""

import time as clock
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from wiki.kpi.periods import Period, Span, containing, of_moment, parse

periods = st.builds(
    lambda span, year, n: Period(span, year, n % (12 // span.months) + 1),
    st.sampled_from(Span), st.integers(1950, 2100), st.integers(0, 11),
)  # fmt: skip


@given(periods, st.integers(-40, 40))
def test_periods_read_back_and_step_back(period: Period, by: int) -> None:
    assert parse(str(period)) == period
    assert period.step(by).step(-by) == period
    assert period.day_after == period.step(1).first_day
    assert all(set(period.months) <= set(longer.months) for longer in containing(period))


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-Q5", "2026-H3", "2026", "26-11", "2026-1", ""])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse(text)


def test_borders_lie_on_the_centres_clock() -> None:
    at = datetime(2026, 9, 30, 16, 0, tzinfo=UTC)  # midnight in Shanghai: October, the fourth quarter
    assert str(of_moment(at, "Asia/Shanghai")) == "2026-10"
    assert str(of_moment(at, "Asia/Shanghai", Span.QUARTER)) == "2026-Q4"
    assert str(of_moment(at, "UTC")) == "2026-09"
    assert parse("2026-09").is_over(at, "Asia/Shanghai")
    assert not parse("2026-09").is_over(at, "UTC")


ZONES = ("Asia/Shanghai", "America/New_York", "America/Havana", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC")


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC)),
    st.sampled_from(ZONES), st.sampled_from(Span), st.integers(-7200, 7200),
)  # fmt: skip
def test_every_moment_lies_in_one_period_whatever_the_clocks_do(
    at: datetime, zone: str, span: Span, beside: int
) -> None:
    """Also around a border, in a night in which clocks are put forward or back."""
    border = datetime.combine(of_moment(at, zone, span).day_after, time(), ZoneInfo(zone)).astimezone(UTC)
    for moment in (at, border + timedelta(seconds=beside), border, border - timedelta(microseconds=1)):
        mine = of_moment(moment, zone, span)
        assert mine.has_begun(moment, zone)
        assert not mine.is_over(moment, zone)
        assert mine.step(-1).is_over(moment, zone)
        assert not mine.step(1).has_begun(moment, zone)


@pytest.mark.parametrize("machine", ["Asia/Shanghai", "America/New_York"])
def test_the_clock_of_the_machine_moves_no_border(monkeypatch: pytest.MonkeyPatch, machine: str) -> None:
    monkeypatch.setenv("TZ", machine)
    clock.tzset()
    try:
        at = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
        assert str(of_moment(at, "Asia/Shanghai")) == "2026-11"
        assert str(of_moment(at - timedelta(microseconds=1), "Asia/Shanghai")) == "2026-10"
        assert str(of_moment(at, "America/New_York")) == "2026-10"
    finally:
        monkeypatch.undo()
        clock.tzset()
