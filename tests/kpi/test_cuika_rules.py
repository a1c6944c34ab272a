"""Properties of the rules by which figures are judged."""

import itertools
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.kpi import cuika_rules as rules
from wiki.kpi.cuika_rules import SCALE, State
from wiki.kpi.periods import Period, Span, parse
from wiki.kpi.rules import Direction, Unit

MONTHS = st.builds(Period, st.just(Span.MONTH), st.integers(2020, 2030), st.integers(1, 12))
SPANS = st.sampled_from(list(Span))
PERIODS = st.one_of(
    MONTHS,
    st.builds(Period, st.just(Span.QUARTER), st.integers(2020, 2030), st.integers(1, 4)),
    st.builds(Period, st.just(Span.HALF), st.integers(2020, 2030), st.integers(1, 2)),
)
VALUES = st.lists(st.fractions(min_value=0, max_value=1000, max_denominator=50), min_size=5, max_size=40)
FIGURES = st.tuples(st.integers(0, 10**9), st.integers(1, 10**9))


@given(MONTHS, SPANS)
def test_what_is_due_is_over_by_the_month_and_unbroken(upto: Period, span: Span) -> None:
    due = rules.due_periods(upto, span)
    months = [month for period in due for month in period.months]
    assert len(months) >= rules.UNBROKEN_MONTHS
    assert months[-1] <= str(upto)
    assert all(str(parse(a).step(1)) == b for a, b in itertools.pairwise(months))
    assert str(due[-1].step(1).months[-1]) > str(upto)  # nothing newer would be over


@given(PERIODS, st.data())
def test_nothing_is_missing_exactly_where_the_whole_or_every_part_is_there(period: Period, data: st.DataObject) -> None:
    around = [period, *period.children(), *(parse(month) for month in period.months)]
    have = data.draw(st.sets(st.sampled_from([str(one) for one in around])))
    lacking = rules.missing(period, have)
    filled = have | {str(one) for one in lacking}
    assert rules.missing(period, filled) == []
    assert not {str(one) for one in lacking} & have
    assert (lacking == []) == (rules.gaps((period,), have) == [])
    assert rules.missing(period, set()) == [period]


@given(VALUES, st.fractions(min_value=-500, max_value=500, max_denominator=9), st.integers(1, 9))
def test_outliers_stay_the_same_when_everything_is_moved_or_stretched(
    values: list[Fraction], by: Fraction, times: int
) -> None:
    found = rules.outliers(dict(enumerate(values)))
    assert rules.outliers({n: value * times + by for n, value in enumerate(values)}) == found
    assert len(found) < len(values) / 2 + 1  # never most of them


@given(VALUES)
def test_one_wild_figure_is_found_and_does_not_hide(values: list[Fraction]) -> None:
    spread = max(values) - min(values) + 1
    wild = max(values) + 1000 * spread
    assert "wild" in rules.outliers({**dict(enumerate(values)), "wild": wild})


def test_of_few_or_equal_figures_none_is_an_outlier() -> None:
    assert rules.outliers({n: Fraction(n**9) for n in range(4)}) == {}
    assert rules.outliers(dict.fromkeys(range(50), Fraction(7))) == {}
    assert set(rules.outliers({**dict.fromkeys(range(20), Fraction(7)), "x": Fraction(8)})) == {"x"}


@given(st.lists(FIGURES, min_size=3, max_size=3), FIGURES)
def test_a_quarter_must_be_the_sum_of_its_months(months: list[tuple[int, int]], whole: tuple[int, int]) -> None:
    have = {f"2026-0{n}": figure for n, figure in enumerate(months, 1)}
    total = (sum(n for n, _d in months), sum(d for _n, d in months))
    assert rules.contradicting({**have, "2026-Q1": total}) == []
    assert rules.contradicting({**have, "2026-Q1": whole}) == ([] if whole == total else ["2026-Q1"])
    assert rules.figure_of(parse("2026-Q1"), have) == total
    assert rules.figure_of(parse("2026-Q1"), {**have, "2026-Q1": whole}) == whole


def test_repeated_figures_are_odd_only_where_chance_hardly_repeats() -> None:
    def twice(numerator: int, denominator: int) -> list[str]:
        figure = (numerator * SCALE, denominator * SCALE)
        return rules.repeated({"2026-09": figure, "2026-10": figure})

    assert twice(317, 402) == ["2026-10"]
    assert twice(20, 20) == twice(0, 400) == twice(3, 8) == []


@pytest.mark.parametrize(
    ("figure", "unit", "why"),
    [
        ((5, 0), Unit.COUNT, "no_base"),
        ((5, 4), Unit.PERCENT, "over_whole"),
        ((5, 4), Unit.SECONDS, ""),
        ((0, 0), Unit.PERCENT, ""),
    ],
)
def test_what_cannot_be(figure: tuple[int, int], unit: Unit, why: str) -> None:
    assert rules.impossible(figure, unit) == why


@given(st.integers(0, 50), st.integers(0, 50))
def test_states_follow_the_shares(one: int, other: int) -> None:
    good, of = sorted((one, other))
    found = rules.judge_collected(of, good)
    assert (found.state is State.OK) == (good == of > 0)
    assert (found.state is State.NONE) == (of == 0)
    assert rules.judge_usable(False, of, of).state is State.BAD
    assert (rules.judge_acted(of, of, good).state is State.BAD) == (good < of)
    known = rules.judge_known(of, good).state
    assert (known is State.OK) == (of > 0 and good * 5 >= of * 4)


@given(st.fractions(min_value=0, max_value=200), st.decimals(1, 200, places=2), st.sampled_from(list(Direction)))
def test_a_miss_lies_on_the_wrong_side_and_meeting_the_target_is_none(
    value: Fraction, target: Decimal, direction: Direction
) -> None:
    assert not rules.missed(Fraction(target), target, direction)
    assert not rules.missed(None, target, direction)
    up, down = rules.missed(value, target, Direction.UP), rules.missed(value, target, Direction.DOWN)
    assert up + down == (value != Fraction(target))


@given(PERIODS, MONTHS, st.integers(0, 30), st.sets(st.sampled_from(["2026-01", "2026-Q3", "2025-H2"])))
def test_a_sweep_never_takes_what_is_younger_than_six_months_or_closed(
    period: Period, running: Period, keep: int, closed: set[str]
) -> None:
    if not rules.may_go(period, running, keep, closed):
        return
    assert keep > 0
    age = (running.year - int(period.months[-1][:4])) * 12 + running.number - int(period.months[-1][5:])
    assert age > rules.LEAST_KEPT
    assert age > keep
    assert not any(set(parse(text).months) & set(period.months) for text in closed)
