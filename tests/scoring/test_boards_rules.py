"""Properties of places, contributors, badges and levels."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from wiki.scoring import boards_rules as rules
from wiki.scoring.boards_rules import Award, BadgeRule, Contribution, Earned, Kind
from wiki.scoring.boards_views import span_months

START = date(2026, 1, 1)
DAYS = st.integers(0, 60).map(lambda n: START + timedelta(days=n))
AMOUNTS = st.sampled_from([Decimal("0.30"), Decimal("-0.30"), Decimal("0.00"), Decimal("0.10")])
RULES = st.sampled_from(["used", "helpful", "accepted.faq"])
ENTRIES = st.lists(
    st.builds(Earned, RULES, st.tuples(st.just("x"), st.integers(1, 6)), AMOUNTS, DAYS),
    max_size=40,
)  # fmt: skip
TODAY = START + timedelta(days=90)


def badge(threshold: int, since: date = START, until: date | None = None) -> BadgeRule:
    return BadgeRule("b", Kind.BADGE, ("used", "accepted."), Decimal(threshold), since, until)


@given(ENTRIES, st.integers(1, 5), st.randoms())
def test_a_rebuilt_ledger_gives_the_same_badges(entries: list[Earned], needs: int, chance: object) -> None:
    found = rules.replay(entries, [badge(needs)], TODAY)
    mixed = list(entries)
    chance.shuffle(mixed)
    assert rules.replay(mixed, [badge(needs)], TODAY) == found
    held = [one for one in found if one.rests_since is None]
    assert bool(held) == (rules.progress(entries, badge(needs)) >= needs)
    assert len(found) <= 1


@given(ENTRIES, st.integers(1, 4))
def test_what_is_taken_back_takes_the_badge_and_giving_it_again_brings_it_back(
    entries: list[Earned], needs: int
) -> None:
    gained = [Earned("used", ("y", n), Decimal("0.30"), START + timedelta(days=70)) for n in range(needs + 40)]
    lost = [Earned(one.rule, one.thing, -one.points, START + timedelta(days=75)) for one in gained]
    again = [Earned(one.rule, one.thing, one.points, START + timedelta(days=80)) for one in gained]
    (held,) = rules.replay([*entries, *gained], [badge(needs)], TODAY)
    assert held.rests_since is None
    back = rules.replay([*entries, *gained, *lost], [badge(needs)], TODAY)
    if rules.progress(entries, badge(needs)) < needs:
        assert [one.rests_since for one in back] == [START + timedelta(days=75)]
    (after,) = rules.replay([*entries, *gained, *lost, *again], [badge(needs)], TODAY)
    assert after.rests_since is None


def test_a_change_of_the_threshold_takes_nothing_away_and_gives_on_its_day() -> None:
    uses = [Earned("used", ("y", n), Decimal("0.30"), START + timedelta(days=n)) for n in range(3)]
    change = START + timedelta(days=30)
    harder = [badge(3, until=change - timedelta(days=1)), badge(9, change)]
    assert rules.replay(uses, harder, TODAY) == [Award("b", START + timedelta(days=2), Decimal(3))]
    easier = [badge(9, until=change - timedelta(days=1)), badge(3, change)]
    assert rules.replay(uses, easier, TODAY) == [Award("b", change, Decimal(3))]
    assert rules.replay(uses, easier, change - timedelta(days=1)) == []


POINTS = st.dictionaries(st.integers(1, 40), st.integers(-300, 3000).map(lambda n: Decimal(n).scaleb(-2)))


@given(POINTS, st.sets(st.integers(1, 40)))
def test_who_takes_no_part_has_no_place_and_moves_nobody(points: dict[int, Decimal], hidden: set[int]) -> None:
    ranked = rules.places(points, hidden)
    assert not {one.user_id for one in ranked} & hidden
    assert ranked == rules.places({user: amount for user, amount in points.items() if user not in hidden}, set())
    for one in ranked:
        assert one.number == 1 + sum(other.points > one.points for other in ranked)
        assert one.tied == (sum(other.points == one.points for other in ranked) > 1)


@given(POINTS, st.integers(1, 10))
def test_a_board_has_no_bottom_and_splits_no_tie(points: dict[int, Decimal], most: int) -> None:
    ranked = rules.places(points, set())
    top = rules.shown(ranked, most, half=True)
    assert top == ranked[: len(top)]
    left = ranked[len(top) :]
    assert not left or not top or left[0].points < top[-1].points
    if len(ranked) > 1 and ranked[0].points != ranked[-1].points:
        assert ranked[-1] not in top  # the last is never shown as such


@given(st.integers(0, 100_000), st.integers(0, 500))
def test_quality_is_multiplied_by_reuse_between_one_and_two(cents: int, reuse: int) -> None:
    given_ = Contribution(Decimal(cents).scaleb(-2), reuse)
    assert given_.quality <= given_.amount <= 2 * given_.quality
    assert given_.amount == given_.amount.quantize(Decimal("0.01"))
    assert Contribution(Decimal(0), reuse).amount == 0  # quantity of use alone is no contribution


def test_a_level_by_hand() -> None:
    steps = [BadgeRule(f"l{n}", Kind.LEVEL, (), Decimal(need), START) for n, need in enumerate((5, 50, 150), 1)]
    assert rules.level(Decimal("4.99"), steps, TODAY) == rules.Level(None, Decimal("4.99"), "l1", Decimal("0.01"))
    assert rules.level(Decimal("50.00"), steps, TODAY) == rules.Level("l2", Decimal("50.00"), "l3", Decimal("100.00"))
    assert rules.level(Decimal(999), steps, TODAY).following is None


def test_a_forecast_needs_a_week() -> None:
    assert rules.forecast(Decimal(10), 6, 30) is None
    assert rules.forecast(Decimal(10), 10, 30) == Decimal("30.00")
    assert rules.forecast(Decimal(10), 30, 30) is None
    assert span_months(date(2026, 1, 15), "half", 1) == [f"2025-{n:02d}" for n in range(7, 13)]
