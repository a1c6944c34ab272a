"""Flow figures against tables worked by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.flow_rules import (
    DAY,
    HOUR,
    Ended,
    Times,
    Visit,
    Window,
    bottleneck,
    over_time,
    per_span,
    stage_flows,
    times,
    yields,
)

TEN_DAYS = Window(0, 10 * DAY)


def visit(stage: str, opened: float, closed: float | None, *, claimed: float | None = None, decided: bool = True):
    """In hours."""

    def at(hours):
        return None if hours is None else hours * HOUR

    return Visit(stage, opened * HOUR, at(claimed), at(closed), decided and closed is not None)


def test_percentiles_are_those_of_real_items():
    """Of 1 … 20 hours half took at most the 10th, 85 % at most the 17th."""
    assert times(h * HOUR for h in range(20, 0, -1)) == Times(20, 10, 17)
    assert times([3 * HOUR]) == Times(1, 3, 3)
    assert times([]) == Times(0, None, None)


def test_a_stage_worked_by_hand():
    """
    Window: hours 0 to 240.

    item   opened  claimed  closed           lead  waiting  work   held inside
    A          -6        -       4  verdict    10       10     -        4
    B          10       12      18  verdict     8        2     6        8
    C          20       26      50  verdict    30        6    24       30
    D          30        -      42  void        -        -     -       12
    E         200        -       -  open        -        -     -       40
    F         230        -     250  later       -        -     -       10
    G        -100        -      -1  before      -        -     -        0

    leads 8 10 30: median 10, p85 30 (the 3rd of 3); waiting 2 6 10: median 6; work 6 24: median 6.
    arrived B C D E F; at the beginning A; at the end E F; held 4+8+30+12+40+10 = 104 item-hours.
    mean here 104 / 240 = 0.4333; verdicts a day 3/10; Little: 0.4333 / 0.3 = 1.444 days.
    """
    visits = [
        visit("qa", -6, 4), visit("qa", 10, 18, claimed=12), visit("qa", 20, 50, claimed=26),
        visit("qa", 30, 42, decided=False), visit("qa", 200, None), visit("qa", 230, 250), visit("qa", -100, -1),
    ]  # fmt: skip
    (flow,) = stage_flows(visits, TEN_DAYS)
    assert flow.lead == Times(3, 10, 30)
    assert flow.waiting == Times(3, 6, 10)
    assert flow.work == Times(2, 6, 24)
    assert (flow.arrived, flow.decided, flow.dropped) == (5, 3, 1)
    assert (flow.at_begin, flow.at_end, flow.grew) == (1, 2, 1)
    assert flow.at_end - flow.at_begin == flow.arrived - flow.decided - flow.dropped
    assert flow.held == pytest.approx(104)
    assert flow.wip == pytest.approx(104 / 240)
    assert flow.passage == pytest.approx(104 / 240 / 0.3)


def test_a_claim_from_before_it_came_here_splits_nothing():
    (flow,) = stage_flows([visit("qa", 10, 18, claimed=2)], TEN_DAYS)
    assert (flow.waiting.median, flow.work.count) == (8, 0)


def test_stages_stand_in_the_order_of_the_pipeline_and_unknown_ones_behind():
    visits = [visit(key, 1, 2) for key in ("zeta", "qa", "alpha", "business")]
    assert [f.stage for f in stage_flows(visits, TEN_DAYS, ["business", "qa"])] == ["business", "qa", "alpha", "zeta"]


def test_the_bottleneck_is_the_growing_stage_that_holds_most_of_the_time():
    """qa holds 100 item-hours and grew by one; business holds 300 and shrank; training 20 and grew. qa: 100 of 420."""
    visits = [
        *[visit("business", -10, 60) for _ in range(5)],
        visit("qa", 100, 180), visit("qa", 220, None),
        visit("training", 220, None),
    ]  # fmt: skip
    found = bottleneck(stage_flows(visits, TEN_DAYS))
    assert found is not None
    assert (found.flow.stage, found.rule) == ("qa", "growing")
    assert found.share == pytest.approx(100 / 420)


def test_without_a_growing_queue_littles_law_names_it():
    """
    business: 4 items of 10 h: mean 40/240, 0.4 verdicts a day: 0.4167 days (10 h, as it must be).
    qa: 2 items of 30 h: 60/240 ÷ 0.2 = 1.25 days (30 h), though it held only little more in all.
    """
    visits = [*[visit("business", n * 20, n * 20 + 10) for n in range(4)], visit("qa", 50, 80), visit("qa", 100, 130)]
    flows = stage_flows(visits, TEN_DAYS)
    assert [f.passage for f in flows] == [pytest.approx(10 / 24), pytest.approx(30 / 24)]
    found = bottleneck(flows)
    assert found is not None
    assert (found.flow.stage, found.rule) == ("qa", "little")


def test_a_handful_of_verdicts_names_nobody():
    assert bottleneck(stage_flows([visit("qa", n, n + 1) for n in range(4)], TEN_DAYS)) is None
    assert bottleneck([]) is None


def test_first_pass_yield_worked_by_hand():
    """Closed 8: at once 3, after coming back 2, rejected 2, withdrawn 1: 3 of 8."""
    ends = [
        *[Ended("approved", 0, h * HOUR, 0, 0) for h in (10, 20, 30)],
        Ended("approved", 0, 100 * HOUR, 1, 40 * HOUR), Ended("approved", 0, 200 * HOUR, 2, 0),
        Ended("rejected", 0, 5 * HOUR, 0, 0), Ended("rejected", 0, 6 * HOUR, 1, 1 * HOUR),
        Ended("withdrawn", 0, 7 * HOUR, 0, 0),
    ]  # fmt: skip
    found = yields(ends)
    assert (found.closed, found.first, found.later, found.rejected, found.withdrawn) == (8, 3, 2, 2, 1)
    assert found.share == 3 / 8
    assert found.lead == Times(5, 30, 200)
    assert found.author == Times(1, 40, 40)
    assert yields([]).share is None


def test_levels_over_time_worked_by_hand():
    """Just before 10, 20, 30 h. A 5–12: the 10; B 15–: 20 and 30; C 20–25: came at the mark, so neither; D 1–10: closed
    at the mark, so still in the 10."""
    visits = [visit("qa", 5, 12), visit("qa", 15, None), visit("qa", 20, 25), visit("qa", 1, 10), visit("x", 99, None)]
    marks = [10 * HOUR, 20 * HOUR, 30 * HOUR]
    assert over_time(visits, marks) == {"qa": [2, 1, 1], "x": [0, 0, 0]}


def test_moments_between_edges():
    assert per_span([0, 5, 10, 19.9, 20, -1], [0, 10, 20]) == [2, 2]


moments = st.integers(-50, 300)


@given(st.lists(st.tuples(st.sampled_from("ab"), moments, st.integers(0, 100), st.sampled_from("dvo")), max_size=40))
def test_what_comes_and_goes_is_the_difference_of_the_queues(rows):
    """For every stage and any history: at the end = at the beginning + arrived − closed; and the levels agree."""
    visits = [
        visit(stage, opened, None if how == "o" else opened + took, decided=how == "d")
        for stage, opened, took, how in rows
    ]
    levels = over_time(visits, [TEN_DAYS.begin, TEN_DAYS.end])
    for flow in stage_flows(visits, TEN_DAYS):
        assert flow.grew == flow.arrived - flow.decided - flow.dropped
        assert flow.held >= 0
    for stage, line in levels.items():
        ends = sum(
            1 for v in visits if v.stage == stage and v.opened < TEN_DAYS.end
            and (v.closed is None or v.closed >= TEN_DAYS.end)
        )  # fmt: skip
        assert line[1] == ends
