"""Months, quarters, half-years and their borders."""

from datetime import UTC, datetime

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
