"""The arithmetic of scorecards against figures worked by hand, and its laws."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from wiki.kpi.catalogue import DEFAULT_CARDS
from wiki.kpi.periods import Span, parse, window
from wiki.kpi.rules import Direction, Measure, Unit, amount, check_weights, combine, gather, score, two_places

D = Decimal
UP, DOWN = Direction.UP, Direction.DOWN


def of(numerator: str, denominator: str) -> Measure:
    return Measure(D(numerator), D(denominator))


@pytest.mark.parametrize(
    ("sentence", "measure", "target", "direction", "unit", "expected"),
    [
        ("90 % of 94 wanted", of("90", "100"), "94", UP, Unit.PERCENT, "95.74"),  # 95.7446…
        ("a third of 85 %", of("1", "3"), "85", UP, Unit.PERCENT, "39.22"),  # 39.2156…
        ("half up: 0.125 of 1", of("1", "8"), "100", UP, Unit.COUNT, "0.13"),  # exactly 0.125
        ("better than wanted is capped", of("200", "1"), "150", UP, Unit.COUNT, "120.00"),
        ("nothing reached", of("0", "1"), "150", UP, Unit.COUNT, "0.00"),
        ("50 days, 45 wanted", of("500", "10"), "45", DOWN, Unit.DAYS, "90.00"),
        ("turnover 12 of 200 is 6 %, 10 allowed: capped", of("12", "200"), "10", DOWN, Unit.PERCENT, "120.00"),
        ("turnover 16 %, 10 allowed", of("32", "200"), "10", DOWN, Unit.PERCENT, "62.50"),
        ("nobody left", of("0", "200"), "10", DOWN, Unit.PERCENT, "120.00"),
        ("nothing to divide by is no data", of("3", "0"), "10", UP, Unit.PERCENT, None),
    ],
)
def test_an_indicator(
    sentence: str, measure: Measure, target: str, direction: Direction, unit: Unit, expected: str | None
) -> None:
    found = score(measure, D(target), direction, unit)
    assert found == (None if expected is None else D(expected)), sentence


def test_the_worked_example() -> None:
    """The centre's card of docs/domain.md §4, by hand.

    finance 35: receivables 90.00 (40), software 98.00 (30), hardware no data (30 spread): (40·90 + 30·98)/70 = 93.4285…
    customer 30: closed 95.74 (40), answered 100 (30), satisfaction no data (20), care 50 (10):
                 (40·95.74 + 30·100 + 10·50)/80 = (3829.6 + 3000 + 500)/80 = 91.62
    internal 20: 40.00          learning 15: no data at all, spread over the others
    total (35·93.4285714… + 30·91.62 + 20·40)/85 = (3270 + 2748.6 + 800)/85 = 6818.6/85 = 80.2188… → 80.22
    with data: 35·0.7 + 30·0.8 + 20 = 24.5 + 24 + 20 = 68.5 %
    """
    found = combine(
        [
            (D(35), [(D(40), D("90.00")), (D(30), D("98.00")), (D(30), None)]),
            (D(30), [(D(40), D("95.74")), (D(30), D("100.00")), (D(20), None), (D(10), D("50.00"))]),
            (D(20), [(D(100), D("40.00"))]),
            (D(15), [(D(70), None), (D(30), None)]),
        ]
    )
    assert found.total == D("80.22")
    assert found.scores == (D("93.43"), D("91.62"), D("40.00"), None)
    assert found.covered == D("68.50")


def test_no_data_at_all_has_no_total() -> None:
    assert combine([(D(100), [(D(100), None)])]).total is None


scores = st.none() | st.decimals(0, 120, places=2)


def weights(count: int) -> st.SearchStrategy[list[Decimal]]:
    return st.lists(st.integers(1, 100), min_size=count, max_size=count).map(
        lambda parts: [D(part) for part in parts]
    )  # only their ratio matters to the total


@given(st.data())
def test_a_total_lies_between_its_scores_and_equal_scores_give_that_score(data: st.DataObject) -> None:
    shape = [
        (weight, list(zip(data.draw(weights(3)), data.draw(st.lists(scores, min_size=3, max_size=3)), strict=True)))
        for weight in data.draw(weights(4))
    ]
    known = [s for _w, lines in shape for _v, s in lines if s is not None]
    total = combine(shape).total
    if not known:
        assert total is None
        return
    assert total is not None
    assert min(known) - D("0.01") <= total <= max(known) + D("0.01")
    level = [(w, [(v, D("77.77") if s is not None else None) for v, s in lines]) for w, lines in shape]
    assert combine(level).total == D("77.77")


@given(st.fractions(min_value=-1000, max_value=1000))
def test_rounding_is_half_up_and_at_most_half_a_hundredth_off(exact: Fraction) -> None:
    found = two_places(exact)
    off = abs(Fraction(found) - exact)
    assert off <= Fraction(1, 200)
    if off == Fraction(1, 200):
        assert abs(Fraction(found)) > abs(exact)


@given(
    st.decimals(0, 10**9, places=6), st.decimals(0, 10**9, places=6), st.decimals(D("0.01"), 10**6, places=2),
    st.sampled_from(Direction), st.sampled_from(Unit),
)  # fmt: skip
def test_a_score_keeps_its_bounds(n: Decimal, d: Decimal, target: Decimal, direction: Direction, unit: Unit) -> None:
    found = score(Measure(n, d), target, direction, unit)
    assert (found is None) == (d == 0 or direction is Direction.NONE)
    assert found is None or (0 <= found <= 120 and found.as_tuple().exponent == -2)


def test_weights_that_do_not_sum_to_100_are_refused() -> None:
    with pytest.raises(Invalid, match="99"):
        check_weights("customer", [D(40), D(59)])


def test_the_cards_of_the_product_sum_to_100_and_knowledge_is_20() -> None:
    for shape in DEFAULT_CARDS.values():
        check_weights("card", [D(weight) for _key, weight, _lines in shape])
        for key, weight, lines in shape:
            check_weights(key, [D(line[1]) for line in lines])
            assert key != "internal" or weight == "20"


def test_a_quarters_reading_goes_before_its_months() -> None:
    own, months = window(parse("2026-Q4"), Span.QUARTER)
    months_only = {"2026-10": of("1", "10"), "2026-12": of("2", "10")}
    assert gather(own, months, months_only) == (of("3", "20"), ("2026-10", "2026-12"))
    assert gather(own, months, {**months_only, "2026-Q4": of("9", "10")}) == (of("9", "10"), ("2026-Q4",))


def test_a_quarters_indicator_on_a_months_card_shows_its_quarter_to_date() -> None:
    own, months = window(parse("2026-11"), Span.QUARTER)
    assert (str(own), months) == ("2026-Q4", ("2026-10", "2026-11"))
    later = {"2026-10": of("1", "10"), "2026-11": of("1", "10"), "2026-12": of("8", "10")}
    assert gather(own, months, later)[0] == of("2", "20")


def test_amounts_are_decimals_of_six_places() -> None:
    assert amount("1,234.5") == D("1234.5")
    for bad in ("-1", "1.1234567", "abc", "", "NaN", "Infinity", "1e99"):
        with pytest.raises(ValueError):
            amount(bad)
