"""What the votes of a stage amount to: parallel seats, with veto or without, how many a seat needs; checklists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.votes import at, no, seats, two_of_three, yes
from workflows.definitions import Approvals, Definition, Question, Seat, Stage
from workflows.rules import (
    VERDICTS,
    Ask,
    Move,
    Position,
    State,
    Tally,
    Verb,
    Vote,
    complete,
    frontier,
    move,
    needed,
    score,
    tally,
)

pytestmark = pytest.mark.usefixtures("speaks")


# ── parallel seats ───────────────────────────────────────────────────────────────────────────────────────────────────

A, B, C = (yes("s", key) for key in "abc")
XA, XB = (no("s", key) for key in "ab")
TALLIES = [
    # seats, need, veto, votes, what it amounts to
    ("a", "all", True, [], Tally.OPEN),
    ("a", "all", True, [A], Tally.PASSED),
    ("a", "all", True, [XA], Tally.FAILED),
    ("ab", "all", True, [A], Tally.OPEN),
    ("ab", "all", True, [A, B], Tally.PASSED),
    ("ab", "all", True, [A, XB], Tally.FAILED),
    ("abc", 2, True, [A, B], Tally.PASSED),
    ("abc", 2, True, [A, XB], Tally.FAILED),  # a veto needs no majority
    ("abc", 2, False, [XB], Tally.OPEN),  # two may still say yes
    ("abc", 2, False, [XB, A], Tally.OPEN),
    ("abc", 2, False, [XB, A, C], Tally.PASSED),
    ("abc", 2, False, [XA, XB], Tally.FAILED),  # two can no longer be reached
    ("abc", "all", False, [XA], Tally.FAILED),  # all of them: the first no ends it
    ("ab", 1, False, [XA], Tally.OPEN),
    ("ab", 1, False, [XA, XB], Tally.FAILED),
    ("ab", 1, True, [B], Tally.PASSED),
]


def whole(stage: Stage, votes, **about) -> Ask:
    return Ask(Definition(stages=(stage,)), Position(State.IN_REVIEW, stage.key), tuple(votes), **about)


@pytest.mark.parametrize(("keys", "need", "veto", "votes", "amounts_to"), TALLIES)
def test_tally(keys: str, need: int | str, veto: bool, votes: list[Vote], amounts_to: Tally) -> None:
    stage = Stage(key="s", seats=seats(*keys), need=need, veto=veto)
    assert tally(whole(stage, votes), stage) is amounts_to


def test_votes_of_another_stage_with_seats_of_the_same_name_do_not_count() -> None:
    stage = Stage(key="s", seats=seats("a"))
    assert tally(whole(stage, [yes("t", "a"), no("u", "a")]), stage) is Tally.OPEN


@pytest.mark.parametrize(
    ("veto", "votes", "verb", "after"),
    [
        (True, "a", Verb.APPROVE, ("in_review", "first")),
        (True, "ab", Verb.APPROVE, ("in_review", "last")),
        (True, "aB", Verb.SEND_BACK, ("returned", None)),
        (False, "aB", Verb.SEND_BACK, ("in_review", "first")),  # without veto a no waits for the others
        (False, "AB", Verb.SEND_BACK, ("returned", None)),
        (False, "AB", Verb.REJECT, ("rejected", None)),
        (False, "A", Verb.REJECT, ("in_review", "first")),
        (False, "Abc", Verb.APPROVE, ("in_review", "last")),
    ],
)
def test_two_of_three(veto: bool, votes: str, verb: Verb, after: tuple[str, str | None]) -> None:
    """A capital is a no."""
    given = [(no if key.isupper() else yes)("first", key.lower()) for key in votes]
    assert move(at("first", *given, definition=two_of_three(veto)), verb).to == Position(State(after[0]), after[1])


# ── how many a seat needs ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_seat_may_need_several_approvals() -> None:
    stage = Stage(key="s", seats=(Seat(key="a", role="training", approvals=2),))
    assert not complete(whole(stage, [A]), stage, "a")
    assert complete(whole(stage, [A, A]), stage, "a")
    assert not complete(whole(stage, [A, XA]), stage, "a")


def test_all_is_as_many_as_there_were_on_entry() -> None:
    """What the definition alone can say is the number of the named; how many it was in this run is asked of the run."""
    stage = Stage(key="s", seats=(Seat(key="a", role="qa", people=("ana", "bo"), approvals="all"),))
    pool = Stage(key="s", seats=(Seat(key="a", role="qa", approvals="all"),))
    assert [needed(whole(one, []), one, "a") for one in (stage, pool)] == [2, 1]
    for one in (stage, pool):
        for size in (1, 2, 3):
            asked = whole(one, [A, A], sizes={("s", "a"): size})
            assert needed(asked, one, "a") == size
            assert complete(asked, one, "a") == (size <= 2)
            assert (tally(asked, one) is Tally.PASSED) == (size <= 2)
            assert (frontier(asked).state is State.APPROVED) == (size <= 2)


stages = st.builds(
    lambda n, need, veto, counts: Stage(
        key="s",
        seats=tuple(Seat(key=f"s{i}", role="qa", approvals=counts[i]) for i in range(n)),
        need="all" if need is None else min(need, n),
        veto=veto,
    ),
    st.integers(1, 4),
    st.one_of(st.none(), st.integers(1, 4)),
    st.booleans(),
    st.lists(st.integers(1, 3), min_size=4, max_size=4),
)


@st.composite
def voting(draw):
    stage = draw(stages)
    seat = st.sampled_from([seat.key for seat in stage.seats])
    one = st.builds(Vote, st.just("s"), seat, st.sampled_from(VERDICTS))
    return stage, tuple(draw(st.lists(one, max_size=12)))


@given(voting())
def test_a_tally_is_never_both_and_never_forgets(drawn) -> None:
    stage, votes = drawn
    result = tally(whole(stage, votes), stage)
    nos = [vote for vote in votes if vote.verb is not Verb.APPROVE]
    if stage.veto and nos:
        assert result is Tally.FAILED
    if not nos:
        assert result is not Tally.FAILED
    if result is Tally.PASSED:
        assert sum(complete(whole(stage, votes), stage, seat.key) for seat in stage.seats) >= stage.needed


@given(voting())
def test_the_order_of_votes_does_not_matter(drawn) -> None:
    stage, votes = drawn
    assert tally(whole(stage, votes), stage) is tally(whole(stage, votes[::-1]), stage)


@given(voting())
def test_every_stage_ends_once_all_seats_have_spoken(drawn) -> None:
    stage, votes = drawn
    everything = votes + tuple(yes("s", s.key) for s in stage.seats for _ in range(s.needed))
    assert tally(whole(stage, everything), stage) is not Tally.OPEN


@given(voting(), st.sampled_from(VERDICTS), st.booleans())
def test_a_verdict_stays_goes_on_or_ends(drawn, verb: Verb, to_earlier: bool) -> None:
    stage, votes = drawn
    before, after = Stage(key="before", seats=seats("x")), Stage(key="after", seats=seats("y"))
    ask = Ask(
        Definition(stages=(before, stage, after)),
        Position(State.IN_REVIEW, "s"),
        (yes("before", "x"), *votes),
        to_stage="before" if to_earlier else None,
    )
    there = move(ask, verb)
    reachable = {
        Verb.APPROVE: ("in_review", "after"),
        Verb.SEND_BACK: ("in_review", "before") if to_earlier else ("returned", None),
        Verb.REJECT: ("rejected", None),
    }[verb]
    decided = {Verb.APPROVE: Tally.PASSED}.get(verb, Tally.FAILED)
    if tally(whole(stage, votes), stage) is decided:
        assert (there.to.state.value, there.to.stage) == reachable
    else:
        assert there == Move(ask.here)


@given(voting(), st.sampled_from(list(Approvals)), st.sets(st.sampled_from(["price", "steps"])))
def test_only_an_approval_approves(drawn, policy: Approvals, changed: set[str]) -> None:
    """Neither a change of text nor handing it in again ends a review, whatever stands."""
    stage, votes = drawn
    definition = Definition(stages=(stage,), on_change=policy, on_send_back=policy)
    if tally(whole(stage, [v for v in votes if v.verb is Verb.APPROVE]), stage) is Tally.PASSED:
        return  # it had moved on before anybody said no
    here = Position(State.IN_REVIEW, "s")
    assert move(Ask(definition, here, votes, changed=frozenset(changed)), Verb.REVISE).to == here
    assert move(Ask(definition, Position(State.RETURNED), votes, changed=frozenset(changed)), Verb.SUBMIT).to == here


QUESTIONS = (Question(key="right", text="Is it right?", weight=60), Question(key="kind", text="Is it kind?", weight=40))


@pytest.mark.parametrize(
    ("answers", "points"),
    [({}, None), ({"right": True}, 60), ({"right": True, "kind": True}, 100), ({"right": False, "kind": False}, 0)],
)
def test_score_of_a_checklist(answers: dict[str, bool], points: int | None) -> None:
    assert score(QUESTIONS, answers) == points


def test_no_checklist_no_score() -> None:
    assert score((), {"right": True}) is None
