"""The simulation against what queueing theory knows, and against common sense."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.simulation import (
    MOST_VISITS,
    Change,
    Model,
    StageModel,
    changed,
    compare,
    outcome,
    percentile,
    run,
    spread,
)


def exponential(mean: float, count: int = 2000) -> tuple[float, ...]:
    """As many equally likely values as make an exponential distribution of this mean."""
    values = [-math.log(1 - (n + 0.5) / count) for n in range(count)]
    scale = mean * count / sum(values)
    return tuple(value * scale for value in values)


def queue(arrivals: float, decisions: float, people: int = 1) -> Model:
    """M/M/c: so many arrivals an hour, so many decisions an hour and person."""
    return Model(
        stages={"qa": StageModel(people, exponential(1 / decisions))},
        routes=((("qa",),),),
        gaps=exponential(1 / arrivals),
    )


def row(*stages: str, people: int = 2, mean: float = 3.0, back: float = 0.1, reject: float = 0.03) -> Model:
    """Stages in a row, busy to 60 % without what comes back."""
    return Model(
        stages={key: StageModel(people, exponential(mean), back, reject) for key in stages},
        routes=(tuple((key,) for key in stages),),
        gaps=exponential(mean / people / 0.6),
        author=(2.0, 10.0, 30.0),
    )


# ── theory ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_server_as_theory_says():
    """M/M/1, λ = 0.7, μ = 1: ρ = 0.7; W = 1/(μ−λ) = 3.333 h; L = λW = 2.333; the time in the system is exponential,
    so half take W·ln 2 = 2.31 h at most and 85 % W·ln(1/0.15) = 6.32 h; the wait is Wq = ρ/(μ−λ) = 2.333 h."""
    found, runs = outcome(queue(0.7, 1.0), seed=3, items=12_000, runs=5)
    w = 1 / 0.3
    assert found.busy["qa"].mean == pytest.approx(0.7, rel=0.03)
    assert sum(sum(r.leads) for r in runs) / sum(len(r.leads) for r in runs) == pytest.approx(w, rel=0.06)
    assert found.median.mean == pytest.approx(w * math.log(2), rel=0.06)
    assert found.p85.mean == pytest.approx(w * math.log(1 / 0.15), rel=0.06)
    assert found.wip.mean == pytest.approx(0.7 * w, rel=0.06)
    assert found.waits["qa"].mean == pytest.approx(0.7 / 0.3, rel=0.07)


def erlang_c(arrivals: float, decisions: float, people: int) -> float:
    """The chance that all are busy."""
    a = arrivals / decisions
    last = a**people / math.factorial(people) * people / (people - a)
    return last / (sum(a**k / math.factorial(k) for k in range(people)) + last)


@pytest.mark.parametrize(("arrivals", "people"), [(1.6, 2), (2.25, 3)])
def test_several_servers_as_theory_says(arrivals: float, people: int):
    """M/M/c: Wq = C(c, λ/μ) / (cμ − λ), W = Wq + 1/μ. For c = 2, λ = 1.6: C = 0.7111, Wq = 1.778 h."""
    found, runs = outcome(queue(arrivals, 1.0, people), seed=5, items=15_000, runs=5)
    wait = erlang_c(arrivals, 1.0, people) / (people - arrivals)
    assert found.busy["qa"].mean == pytest.approx(arrivals / people, rel=0.03)
    assert found.waits["qa"].mean == pytest.approx(wait, rel=0.08)
    assert sum(sum(r.leads) for r in runs) / sum(len(r.leads) for r in runs) == pytest.approx(wait + 1, rel=0.06)
    assert found.wip.mean == pytest.approx(arrivals * (wait + 1), rel=0.06)


def test_erlang_c_worked_by_hand():
    """c = 2, a = 1.6: last = 1.6²/2 · 2/0.4 = 6.4; C = 6.4 / (1 + 1.6 + 6.4) = 0.7111."""
    assert erlang_c(1.6, 1.0, 2) == pytest.approx(6.4 / 9)


def test_littles_law_holds_with_everything_that_happens_on_the_way():
    model = row("business", "qa", "supervisor")
    _found, runs = outcome(model, seed=2, items=6000, runs=3)
    gap = sum(model.gaps) / len(model.gaps)
    for one in runs:
        assert one.wip == pytest.approx(sum(one.leads) / len(one.leads) / gap, rel=0.08)


def test_the_load_counts_what_comes_back():
    """Two stages, 10 % and 20 % sent back, no rejects: an item gets through a pass with 0.9 · 0.8 = 0.72, so passes
    are 1/0.72; the second stage sees 0.9 of each. One arrival an hour, half an hour of one person each."""
    model = Model(
        stages={"a": StageModel(1, (0.5,), back=0.1), "b": StageModel(1, (0.5,), back=0.2)},
        routes=((("a",), ("b",)),),
        gaps=(1.0,),
    )
    assert model.load() == {"a": pytest.approx(0.5 / 0.72), "b": pytest.approx(0.5 * 0.9 / 0.72)}
    found, _runs = outcome(model, seed=1, items=6000, runs=3)
    assert found.busy["a"].mean == pytest.approx(0.5 / 0.72, rel=0.03)
    assert found.busy["b"].mean == pytest.approx(0.45 / 0.72, rel=0.03)


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_play_worked_by_hand():
    """One arrival every 4 h, 3 h at the first desk and 5 h at the second, one person each.

    The second desk is the slower one: item n (from 0) comes at 4(n+1), is done at the first desk at 4(n+1)+3 and at the
    second at 12+5n, that is 8+n hours after it came. Eight items, the first two fill the pipeline: 10 … 15 hours.
    """
    model = Model(
        stages={"a": StageModel(1, (3.0,)), "b": StageModel(1, (5.0,))}, routes=((("a",), ("b",)),), gaps=(4.0,)
    )
    assert run(model, seed=1, items=8).leads == (10, 11, 12, 13, 14, 15)
    assert outcome(model, seed=1, items=8, runs=2)[0].endless == ("b",)


def test_side_by_side_takes_as_long_as_the_slower_one():
    """3 h and 5 h in a row are 8 h, side by side 5 h."""
    model = Model(
        stages={"a": StageModel(1, (3.0,)), "b": StageModel(1, (5.0,))}, routes=((("a",), ("b",)),), gaps=(100.0,)
    )
    assert set(run(model, seed=1, items=8).leads) == {8}
    assert set(run(changed(model, Change(beside=frozenset({"b"}))), seed=1, items=8).leads) == {5}


def test_a_no_beside_ends_the_round_at_once():
    """Rejected after 3 h by the one, the other's 5 h are not waited for."""
    model = Model(
        stages={"a": StageModel(1, (3.0,), reject=1.0), "b": StageModel(1, (5.0,))},
        routes=((("a", "b"),),),
        gaps=(100.0,),
    )
    assert set(run(model, seed=1, items=8).leads) == {3}


def test_no_text_goes_round_for_ever():
    model = Model(stages={"a": StageModel(1, (1.0,), back=1.0)}, routes=((("a",),),), gaps=(1000.0,), author=(2.0,))
    assert set(run(model, seed=1, items=8).leads) == {MOST_VISITS + 2 * (MOST_VISITS - 1)}


def test_the_spread_leaves_out_one_run_of_ten_at_each_end():
    found = spread([*range(1, 31)])
    assert (found.low, found.high, found.mean) == (3, 28, 15.5)
    assert percentile([1, 2, 3, 4], 0.5) == 2
    assert percentile([1, 2, 3, 4], 0.85) == 4
    assert percentile([7], 0.5) == 7


# ── common sense ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_seed_gives_the_same_figures():
    model = row("business", "qa")
    change = Change(people={"qa": 1})
    assert compare(model, change, items=80, runs=4) == compare(model, change, items=80, runs=4)
    assert compare(model, change, seed=2, items=80, runs=4) != compare(model, change, items=80, runs=4)


def test_nothing_changed_is_exactly_today():
    found = compare(row("business", "qa"), Change(), items=80, runs=4)
    assert found.today == found.then
    assert (found.median.mean, found.p85.high, found.wip.low) == (0, 0, 0)
    assert Change().is_none
    assert not Change(arrivals=1.2).is_none


gaps = st.lists(st.floats(0.05, 9), min_size=1, max_size=20).map(tuple)


@settings(max_examples=60, deadline=None)
@given(gaps, gaps, st.integers(1, 4), st.integers(1, 99))
def test_one_more_person_at_a_desk_never_lengthens(between, hours, people, seed):
    """At one desk with the same items and the same dice this is a theorem: nobody leaves later."""
    model = Model(stages={"qa": StageModel(people, hours)}, routes=((("qa",),),), gaps=between)
    before = run(model, seed=seed, items=60)
    after = run(changed(model, Change(people={"qa": 1})), seed=seed, items=60)
    assert all(b <= a + 1e-9 for a, b in zip(before.leads, after.leads, strict=True))
    assert after.wip <= before.wip + 1e-9


@pytest.mark.parametrize("stage", ["business", "qa", "supervisor"])
@pytest.mark.parametrize("seed", range(4))
def test_one_more_person_anywhere_never_lengthens_on_the_whole(stage: str, seed: int):
    found = compare(row("business", "qa", "supervisor"), Change(people={stage: 1}), seed=seed, items=200, runs=12)
    assert found.median.mean < 0
    assert found.p85.mean < 0
    assert found.wip.mean < 0
    assert found.then.busy[stage].mean < found.today.busy[stage].mean


def test_the_other_changes_go_the_way_one_expects():
    model = row("business", "qa", "supervisor")
    quicker = compare(model, Change(at_most={"qa": 2.0}), items=200, runs=12)
    assert quicker.median.mean < 0
    beside = compare(model, Change(beside=frozenset({"qa"})), items=200, runs=12)
    assert beside.median.mean < 0
    more = compare(model, Change(arrivals=1.2), items=200, runs=12)
    assert more.median.mean > 0
    assert more.wip.mean > 0
    fewer = compare(model, Change(people={"qa": -1}), items=200, runs=12)
    assert fewer.median.mean > 0
    assert fewer.then.endless == ("qa",)


def test_the_last_person_stays():
    model = row("qa", people=1)
    assert changed(model, Change(people={"qa": -3})).stages["qa"].people == 1
    assert changed(model, Change(people={"other": 3})).stages == model.stages
    assert replace(model, gaps=(0.0,)).load() == {"qa": math.inf}
