"""The transition table, whole: every state and verb, parallel seats, veto or not, what stands and what is void."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import IllegalMove
from core.settings import load
from wiki.app import create_app
from workflows.definitions import Approvals, Definition, Question, Seat, Stage, pipeline
from workflows.rules import (
    MOVES,
    OPEN,
    REASON_NAMES,
    STATE_NAMES,
    VERDICTS,
    Ask,
    Move,
    Position,
    Reason,
    State,
    Tally,
    Verb,
    Vote,
    complete,
    frontier,
    move,
    needed,
    score,
    standing,
    tally,
)

FOUR = pipeline("business", "qa", "training", "supervisor")
VOIDED, KEPT, FIELDS = Approvals.VOIDED, Approvals.KEPT, Approvals.FIELDS
PRICE, STEPS = frozenset({"price"}), frozenset({"steps"})


@pytest.fixture(scope="module", autouse=True)
def _speaks(tmp_path_factory: pytest.TempPathFactory):
    """Refusals are sentences in the reader's language; no database is touched."""
    app = create_app(load({"var": tmp_path_factory.mktemp("var"), "locale": "en"}, environ={}))
    with app.app_context():
        yield


def at(stage: str, *votes: Vote, definition: Definition = FOUR, **about) -> Ask:
    return Ask(definition, Position(State.IN_REVIEW, stage), votes, **about)


def seats(*keys: str) -> tuple[Seat, ...]:
    return tuple(Seat(key=key, role="qa") for key in keys)


def yes(stage: str, seat: str | None = None, *people: int) -> Vote:
    return Vote(stage, seat or stage, Verb.APPROVE, frozenset(people))


def no(stage: str, seat: str | None = None, *people: int, verb: Verb = Verb.SEND_BACK) -> Vote:
    return Vote(stage, seat or stage, verb, frozenset(people))


def told(found: Move) -> tuple[State, str | None, list[str] | None]:
    """State, stage, and the seats whose approvals stand in a new round (``None``: no new round)."""
    kept = None if found.kept is None else [vote.seat for vote in found.kept]
    return found.to.state, found.to.stage, kept


# ── every state, every verb ──────────────────────────────────────────────────────────────────────────────────────────

ALLOWED = {
    (State.NEW, Verb.SUBMIT): (State.IN_REVIEW, "business", []),  # begins at the beginning
    (State.IN_REVIEW, Verb.APPROVE): (State.IN_REVIEW, "training", None),  # goes on to the next stage
    (State.IN_REVIEW, Verb.SEND_BACK): (State.RETURNED, None, None),  # one no is enough where there is a veto
    (State.IN_REVIEW, Verb.REJECT): (State.REJECTED, None, None),
    (State.IN_REVIEW, Verb.COMMENT): (State.IN_REVIEW, "qa", None),  # a remark moves nothing
    (State.IN_REVIEW, Verb.REVISE): (State.IN_REVIEW, "business", []),  # a new text is judged anew
    (State.IN_REVIEW, Verb.WITHDRAW): (State.WITHDRAWN, None, None),
    (State.RETURNED, Verb.SUBMIT): (State.IN_REVIEW, "business", []),
    (State.RETURNED, Verb.REVISE): (State.RETURNED, None, None),  # waits for the author to hand it in again
    (State.RETURNED, Verb.WITHDRAW): (State.WITHDRAWN, None, None),
}


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(State, Verb)))
def test_every_state_and_verb(state: State, verb: Verb) -> None:
    stage = "qa" if state is State.IN_REVIEW else None
    votes = (yes("business"), *([Vote("qa", "qa", verb)] if verb in VERDICTS else []))
    ask = Ask(FOUR, Position(state, stage), votes if state in OPEN else (), changed=PRICE)
    if (state, verb) in ALLOWED:
        assert told(move(ask, verb)) == ALLOWED[state, verb]
    else:
        with pytest.raises(IllegalMove) as refused:
            move(ask, verb)
        assert refused.value.status == 409
        assert str(STATE_NAMES[state]) in refused.value.sentence


def test_the_table_has_no_other_rows() -> None:
    assert set(MOVES) == set(ALLOWED)


def test_nothing_leaves_an_end() -> None:
    assert not [state for state, _verb in MOVES if state not in {State.NEW, *OPEN}]


def test_everything_has_a_name() -> None:
    assert set(STATE_NAMES) == set(State)
    assert set(REASON_NAMES) == set(Reason)


def test_four_approvals_end_in_approved() -> None:
    here, votes = move(Ask(FOUR, Position(State.NEW)), Verb.SUBMIT).to, ()
    way = [here.stage]
    while here.state is State.IN_REVIEW:
        votes += (yes(here.stage),)
        here = move(Ask(FOUR, here, votes), Verb.APPROVE).to
        way.append(here.stage)
    assert way == ["business", "qa", "training", "supervisor", None]
    assert here == Position(State.APPROVED)


def test_an_approval_skips_the_stages_that_were_carried() -> None:
    ask = at("qa", yes("business"), yes("training"), yes("qa"))
    assert told(move(ask, Verb.APPROVE)) == (State.IN_REVIEW, "supervisor", None)


# ── what stands ──────────────────────────────────────────────────────────────────────────────────────────────────────

BY_FIELD = Definition(
    stages=(
        Stage(
            key="first",
            seats=(
                Seat(key="price", role="business", fields=("price",)),
                Seat(key="steps", role="training", fields=("steps",)),
            ),
        ),
        Stage(key="last", seats=(Seat(key="all", role="qa"),)),
    )
)
GIVEN = (yes("first", "price", 1), yes("first", "steps", 2), yes("last", "all", 3))


@pytest.mark.parametrize(
    ("policy", "changed", "stands"),
    [
        (VOIDED, frozenset(), ["price", "steps", "all"]),  # nothing changed: nothing is void
        (VOIDED, PRICE, []),
        (KEPT, PRICE | STEPS, ["price", "steps", "all"]),
        (FIELDS, frozenset(), ["price", "steps", "all"]),
        (FIELDS, PRICE, ["steps"]),  # a seat that names no field answers for everything
        (FIELDS, STEPS, ["price"]),
        (FIELDS, PRICE | STEPS, []),
        (FIELDS, frozenset({"title"}), ["price", "steps"]),
    ],
)
def test_which_approvals_stand(policy: Approvals, changed: frozenset[str], stands: list[str]) -> None:
    found = standing(at("last", *GIVEN, definition=BY_FIELD, changed=changed), policy)
    assert [vote.seat for vote in found] == stands


@pytest.mark.parametrize("policy", list(Approvals))
def test_no_approval_covers_its_giver_s_own_words(policy: Approvals) -> None:
    """Neither of who wrote, nor of the person they stood in for."""
    votes = (yes("first", "price", 1, 9), yes("first", "steps", 2))
    for author in (1, 9):
        found = standing(at("first", *votes, definition=BY_FIELD, authors=frozenset({author})), policy)
        assert [vote.seat for vote in found] == ["steps"]


def test_a_no_never_stands() -> None:
    votes = (yes("first", "price"), no("first", "steps"))
    assert [vote.seat for vote in standing(at("first", *votes, definition=BY_FIELD), KEPT)] == ["price"]


@pytest.mark.parametrize(
    ("votes", "stage"),
    [([], "first"), ([0], "first"), ([0, 1], "last"), ([2], "first"), ([0, 2], "first"), ([0, 1, 2], None)],
)
def test_the_first_stage_that_is_not_passed(votes: list[int], stage: str | None) -> None:
    found = frontier(at("first", *[GIVEN[n] for n in votes], definition=BY_FIELD))
    assert found == Position(State.IN_REVIEW if stage else State.APPROVED, stage)


# ── sending back ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("here", "there"), list(itertools.product(range(4), range(4))))
def test_back_only_to_an_earlier_stage(here: int, there: int) -> None:
    keys = [stage.key for stage in FOUR.stages]
    given = [yes(key) for key in keys[:here]]
    ask = at(keys[here], *given, no(keys[here]), to_stage=keys[there])
    if there < here:
        assert told(move(ask, Verb.SEND_BACK)) == (State.IN_REVIEW, keys[there], keys[:there])
    else:
        with pytest.raises(IllegalMove, match="earlier stage"):
            move(ask, Verb.SEND_BACK)


def test_back_to_a_stage_that_is_not_there() -> None:
    with pytest.raises(IllegalMove, match="no stage legal"):
        move(at("qa", no("qa"), to_stage="legal"), Verb.SEND_BACK)


def test_a_wrong_stage_is_refused_also_while_the_no_does_not_decide_yet() -> None:
    open_still = at("last", no("last", "a"), definition=two_of_three(veto=False, before=True), to_stage="last")
    with pytest.raises(IllegalMove, match="earlier stage"):
        move(open_still, Verb.SEND_BACK)


@pytest.mark.parametrize(
    ("policy", "kept"),
    [(VOIDED, ["business"]), (KEPT, ["business", "training"]), (FIELDS, ["business", "training"])],
)
def test_what_a_send_back_to_a_stage_keeps(policy: Approvals, kept: list[str]) -> None:
    """What came before the stage stands; what came after it, where the definition says so; the stage judges anew."""
    definition = FOUR.model_copy(update={"on_send_back": policy})
    votes = (yes("business"), yes("qa"), yes("training"), no("supervisor"))
    ask = at("supervisor", *votes, definition=definition, to_stage="qa")
    assert told(move(ask, Verb.SEND_BACK)) == (State.IN_REVIEW, "qa", kept)


# ── a change of text, and the next submit ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("policy", "changed", "authors", "after"),
    [
        (VOIDED, PRICE, (), ("first", [])),
        (VOIDED, frozenset(), (), ("last", None)),  # the same words: nobody is disturbed
        (KEPT, PRICE, (), ("last", None)),
        (KEPT, PRICE, (1,), ("first", ["steps"])),  # who approved has written
        (FIELDS, PRICE, (), ("first", ["steps"])),
        (FIELDS, STEPS, (), ("first", ["price"])),
        (FIELDS, frozenset({"title"}), (), ("last", None)),  # a field for which nobody of those who judged answers
        (VOIDED, frozenset(), (1, 2), ("first", [])),  # they published it, or wrote
    ],
)
def test_revising_under_review(policy: Approvals, changed: frozenset[str], authors: tuple[int, ...], after) -> None:
    definition = BY_FIELD.model_copy(update={"on_change": policy})
    ask = at("last", *GIVEN[:2], definition=definition, changed=changed, authors=frozenset(authors))
    assert told(move(ask, Verb.REVISE)) == (State.IN_REVIEW, *after)


@pytest.mark.parametrize(
    ("changed", "authors", "kept"),
    [(frozenset(), (), None), (frozenset(), (8,), ["a"]), (PRICE, (), ["a"]), (frozenset(), (7,), ["b"])],
)
def test_a_no_stands_while_nothing_of_what_it_judged_has_changed(changed, authors, kept) -> None:
    definition = two_of_three(veto=False).model_copy(update={"on_change": KEPT})
    votes = (
        (yes("first", "a", 7), no("first", "c", 8)) if kept != ["b"] else (yes("first", "b", 1), no("first", "c", 7))
    )
    ask = at("first", *votes, definition=definition, changed=changed, authors=frozenset(authors))
    assert told(move(ask, Verb.REVISE)) == (State.IN_REVIEW, "first", kept)


@pytest.mark.parametrize(
    ("policy", "changed", "authors", "after"),
    [
        (VOIDED, PRICE, (), ("first", [])),
        (VOIDED, frozenset(), (), ("last", ["price", "steps"])),  # unchanged: to who sent it back
        (KEPT, PRICE | STEPS, (), ("last", ["price", "steps"])),
        (FIELDS, PRICE, (), ("first", ["steps"])),
        (FIELDS, frozenset({"title"}), (), ("last", ["price", "steps"])),
        (KEPT, PRICE, (2,), ("first", ["price"])),
    ],
)
def test_submitting_again(policy: Approvals, changed: frozenset[str], authors: tuple[int, ...], after) -> None:
    definition = BY_FIELD.model_copy(update={"on_send_back": policy})
    votes = (*GIVEN[:2], no("last", "all", 3))
    ask = Ask(definition, Position(State.RETURNED), votes, changed=changed, authors=frozenset(authors))
    assert told(move(ask, Verb.SUBMIT)) == (State.IN_REVIEW, *after)


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


def two_of_three(veto: bool, before: bool = False) -> Definition:
    stage = Stage(key="last" if before else "first", seats=seats("a", "b", "c"), need=2, veto=veto)
    other = Stage(key="first" if before else "last", seats=seats("z"))
    return Definition(stages=(other, stage) if before else (stage, other))


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
