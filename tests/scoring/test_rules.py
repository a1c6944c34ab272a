"""The arithmetic of the ledger, without a database."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from wiki.scoring.replay import replay
from wiki.scoring.rules import Act, Rule, Unit, price, rule_for, split

DAY = date(2026, 11, 16)
D = Decimal


def rule(code: str = "r", **change: object) -> Rule:
    values = {
        "id": 1, "code": code, "event": "e", "variant": "", "points": D("10"), "unit": Unit.POINTS, "quality": False,
        "split": True, "cap_per_day": None, "valid_from": date(2000, 1, 1), "valid_to": None, **change,
    }  # fmt: skip
    return Rule(**values)  # type: ignore[arg-type]


def act(source: str = "s:1", people: tuple[int, ...] = (1,), **change: object) -> Act:
    values = {"event": "e", "source": source, "people": people, "day": DAY, "period": "2026-11", **change}
    return Act(**values)  # type: ignore[arg-type]


def nothing(*_: object) -> Decimal:
    return D(0)


def test_ten_points_for_three_go_3_34_3_33_3_33() -> None:
    assert [e.points for e in price(act(people=(1, 2, 3)), [rule()], nothing)] == [D("3.34"), D("3.33"), D("3.33")]


@given(st.decimals(min_value=-1000, max_value=1000, places=2), st.integers(1, 50))
def test_parts_sum_to_the_whole_and_differ_by_a_hundredth_at_most(total: Decimal, parts: int) -> None:
    found = split(total, parts)
    assert sum(found) == total
    assert max(found) - min(found) <= D("0.01")


def test_the_checklist_score_multiplies_and_no_score_is_one() -> None:
    quality = rule(points=D("12"), quality=True)
    assert price(act(score=85), [quality], nothing)[0].points == D("10.20")
    assert price(act(), [quality], nothing)[0].points == D("12.00")


def test_the_rule_of_the_day_counts() -> None:
    old = rule(id=1, points=D("10"), valid_to=date(2026, 11, 15))
    new = rule(id=2, points=D("4"), valid_from=date(2026, 11, 16))
    assert rule_for(act(), [old, new]) is new
    assert rule_for(act(day=date(2026, 11, 15)), [old, new]) is old


def test_a_rule_for_its_kind_goes_before_one_for_any() -> None:
    assert rule_for(act(variant="faq"), [rule("any"), rule("faq", variant="faq")]).code == "faq"  # type: ignore[union-attr]


def test_the_cap_of_a_day_cuts_and_says_what_it_would_have_been() -> None:
    capped = rule(points=D("0.5"), cap_per_day=D("5"))
    (entry,) = price(act(), [capped], lambda *_: D("4.80"))
    assert (entry.points, entry.uncapped, entry.capped) == (D("0.20"), D("0.50"), True)


acts = st.lists(
    st.builds(
        lambda n, people, days, score, back: act(
            f"s:{n}", tuple(people), day=date(2026, 11, 1 + days), score=score, undoes=f"s:{back}" if back else None
        ),
        st.integers(1, 30),
        st.lists(st.integers(1, 4), min_size=1, max_size=3, unique=True),
        st.integers(0, 3),
        st.none() | st.integers(0, 100),
        st.none() | st.integers(1, 30),
    ),
    max_size=40,
)


@given(acts)
def test_replaying_twice_is_replaying_once_and_the_cap_holds(happened: list[Act]) -> None:
    rules = [rule(points=D("3"), quality=True, cap_per_day=D("5"))]
    once = replay(happened, rules)
    assert replay(happened + happened, rules) == once
    earned: dict[tuple[int, date], Decimal] = {}
    for entry in once:
        if entry.points > 0:
            key = (entry.user_id, entry.day)
            earned[key] = earned.get(key, D(0)) + entry.points
    assert all(total <= 5 for total in earned.values())
