"""The transition table, whole: each state and verb, parallel seats, veto or not, kept or voided, resumed."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.errors import IllegalMove
from core.settings import load
from wiki.app import create_app
from workflows.rules import (
    MOVES,
    OPEN,
    STATE_NAMES,
    VERDICTS,
    Approvals,
    Ask,
    Definition,
    Position,
    Question,
    Seat,
    Stage,
    State,
    Tally,
    Verb,
    Vote,
    complete,
    kept_stages,
    move,
    pipeline,
    score,
    tally,
)

FOUR = pipeline("business", "qa", "training", "supervisor")
KEEPING = FOUR.model_copy(update={"on_change": Approvals.KEPT})


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


yes = [Vote(key, Verb.APPROVE) for key in "abc"]
no = [Vote(key, Verb.SEND_BACK) for key in "abc"]

# ── every state, every verb ──────────────────────────────────────────────────────────────────────────────────────────

ALLOWED = {
    (State.NEW, Verb.SUBMIT): (State.IN_REVIEW, "business"),  # begins at the beginning
    (State.IN_REVIEW, Verb.APPROVE): (State.IN_REVIEW, "training"),  # goes on to the next stage
    (State.IN_REVIEW, Verb.SEND_BACK): (State.RETURNED, None),  # one no is enough where there is a veto
    (State.IN_REVIEW, Verb.REJECT): (State.REJECTED, None),
    (State.IN_REVIEW, Verb.COMMENT): (State.IN_REVIEW, "qa"),  # a remark moves nothing
    (State.IN_REVIEW, Verb.REVISE): (State.IN_REVIEW, "business"),  # a new text is judged anew
    (State.IN_REVIEW, Verb.WITHDRAW): (State.WITHDRAWN, None),
    (State.RETURNED, Verb.SUBMIT): (State.IN_REVIEW, "business"),
    (State.RETURNED, Verb.REVISE): (State.RETURNED, None),  # waits for the author to hand it in again
    (State.RETURNED, Verb.WITHDRAW): (State.WITHDRAWN, None),
}


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(State, Verb)))
def test_every_state_and_verb(state: State, verb: Verb) -> None:
    stage = "qa" if state is State.IN_REVIEW else None
    votes = (Vote("qa", verb),) if verb in VERDICTS else ()
    ask = Ask(FOUR, Position(state, stage), votes)
    if (state, verb) in ALLOWED:
        assert move(ask, verb) == Position(*ALLOWED[state, verb])
    else:
        with pytest.raises(IllegalMove) as refused:
            move(ask, verb)
        assert refused.value.status == 409
        assert str(STATE_NAMES[state]) in refused.value.sentence


def test_the_table_has_no_other_rows() -> None:
    assert set(MOVES) == set(ALLOWED)


def test_nothing_leaves_an_end() -> None:
    assert not [state for state, _verb in MOVES if state not in {State.NEW, *OPEN}]


def test_every_state_has_a_name() -> None:
    assert set(STATE_NAMES) == set(State)


def test_four_approvals_end_in_approved() -> None:
    here = move(Ask(FOUR, Position(State.NEW)), Verb.SUBMIT)
    way = [here.stage]
    while here.state is State.IN_REVIEW:
        here = move(Ask(FOUR, here, (Vote(here.stage or "", Verb.APPROVE),)), Verb.APPROVE)
        way.append(here.stage)
    assert way == ["business", "qa", "training", "supervisor", None]
    assert here == Position(State.APPROVED)


# ── sending back ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("here", "there"), list(itertools.product(range(4), range(4))))
def test_back_only_to_an_earlier_stage(here: int, there: int) -> None:
    keys = [stage.key for stage in FOUR.stages]
    ask = at(keys[here], Vote(keys[here], Verb.SEND_BACK), to_stage=keys[there])
    if there < here:
        assert move(ask, Verb.SEND_BACK) == Position(State.IN_REVIEW, keys[there])
    else:
        with pytest.raises(IllegalMove, match="earlier stage"):
            move(ask, Verb.SEND_BACK)


def test_back_to_a_stage_that_is_not_there() -> None:
    with pytest.raises(IllegalMove, match="no stage legal"):
        move(at("qa", Vote("qa", Verb.SEND_BACK), to_stage="legal"), Verb.SEND_BACK)


def test_what_a_send_back_keeps() -> None:
    assert kept_stages(FOUR, "training") == ("business", "qa")
    assert kept_stages(FOUR, "business") == ()


# ── a change of text, and the next submit ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("on_change", "tainted", "stage"),
    [
        (Approvals.VOIDED, False, "business"),  # a new text begins again
        (Approvals.KEPT, False, "training"),  # unless the definition keeps approvals
        (Approvals.KEPT, True, "business"),  # but nobody's approval of their own words stands
    ],
)
def test_revising_under_review(on_change: Approvals, tainted: bool, stage: str) -> None:
    ask = at("training", definition=FOUR.model_copy(update={"on_change": on_change}), tainted=tainted)
    assert move(ask, Verb.REVISE) == Position(State.IN_REVIEW, stage)


@pytest.mark.parametrize(
    ("definition", "changed", "resume_at", "tainted", "stage"),
    [
        (FOUR, True, "training", False, "business"),  # voided: from the beginning
        (FOUR, False, "training", False, "training"),  # nothing changed: to who sent it back
        (KEEPING, True, "training", False, "training"),  # kept: to who sent it back
        (KEEPING, True, None, False, "business"),  # nobody sent it back
        (KEEPING, True, "training", True, "business"),  # an approver has written since
    ],
)
def test_submitting_again(definition: Definition, changed: bool, resume_at: str | None, tainted: bool, stage: str):
    ask = Ask(definition, Position(State.RETURNED), changed=changed, resume_at=resume_at, tainted=tainted)
    assert move(ask, Verb.SUBMIT) == Position(State.IN_REVIEW, stage)


# ── parallel seats ───────────────────────────────────────────────────────────────────────────────────────────────────

TALLIES = [
    # seats, need, veto, votes, what it amounts to
    ("a", "all", True, [], Tally.OPEN),
    ("a", "all", True, [yes[0]], Tally.PASSED),
    ("a", "all", True, [no[0]], Tally.FAILED),
    ("ab", "all", True, [yes[0]], Tally.OPEN),
    ("ab", "all", True, yes[:2], Tally.PASSED),
    ("ab", "all", True, [yes[0], no[1]], Tally.FAILED),
    ("abc", 2, True, yes[:2], Tally.PASSED),
    ("abc", 2, True, [yes[0], no[1]], Tally.FAILED),  # a veto needs no majority
    ("abc", 2, False, [no[1]], Tally.OPEN),  # two may still say yes
    ("abc", 2, False, [no[1], yes[0]], Tally.OPEN),
    ("abc", 2, False, [no[1], yes[0], yes[2]], Tally.PASSED),
    ("abc", 2, False, [no[0], no[1]], Tally.FAILED),  # two can no longer be reached
    ("abc", "all", False, [no[0]], Tally.FAILED),  # all of them: the first no ends it
    ("ab", 1, False, [no[0]], Tally.OPEN),
    ("ab", 1, False, [no[0], no[1]], Tally.FAILED),
    ("ab", 1, True, [yes[1]], Tally.PASSED),
]


@pytest.mark.parametrize(("keys", "need", "veto", "votes", "amounts_to"), TALLIES)
def test_tally(keys: str, need: int | str, veto: bool, votes: list[Vote], amounts_to: Tally) -> None:
    assert tally(Stage(key="s", seats=seats(*keys), need=need, veto=veto), tuple(votes)) is amounts_to


def two_of_three(veto: bool) -> Definition:
    stage = Stage(key="first", seats=seats("a", "b", "c"), need=2, veto=veto)
    return Definition(stages=(stage, Stage(key="last", seats=seats("z"))))


@pytest.mark.parametrize(
    ("veto", "votes", "verb", "after"),
    [
        (True, [yes[0]], Verb.APPROVE, ("in_review", "first")),
        (True, yes[:2], Verb.APPROVE, ("in_review", "last")),
        (True, [yes[0], no[1]], Verb.SEND_BACK, ("returned", None)),
        (False, [yes[0], no[1]], Verb.SEND_BACK, ("in_review", "first")),  # without veto a no waits for the others
        (False, [no[0], no[1]], Verb.SEND_BACK, ("returned", None)),
        (False, [no[0], no[1]], Verb.REJECT, ("rejected", None)),
        (False, [no[0]], Verb.REJECT, ("in_review", "first")),
        (False, [no[0], yes[1], yes[2]], Verb.APPROVE, ("in_review", "last")),
    ],
)
def test_two_of_three(veto: bool, votes: list[Vote], verb: Verb, after: tuple[str, str | None]) -> None:
    ask = at("first", *votes, definition=two_of_three(veto))
    assert move(ask, verb) == Position(State(after[0]), after[1])


def test_a_seat_may_need_several_approvals() -> None:
    seat = Seat(key="a", role="training", approvals=2)
    assert not complete(seat, yes[:1])
    assert complete(seat, [yes[0], yes[0]])
    assert not complete(seat, [yes[0], no[0]])


def test_all_means_every_named_person() -> None:
    seat = Seat(key="a", role="qa", people=("ana", "bo"), approvals="all")
    assert seat.needed == 2
    with pytest.raises(ValidationError, match="named people"):
        Seat(key="a", role="qa", approvals="all")


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
    return stage, tuple(draw(st.lists(st.builds(Vote, seat, st.sampled_from(VERDICTS)), max_size=12)))


@given(voting())
def test_a_tally_is_never_both_and_never_forgets(drawn) -> None:
    stage, votes = drawn
    result = tally(stage, votes)
    nos = [vote for vote in votes if vote.verb is not Verb.APPROVE]
    if stage.veto and nos:
        assert result is Tally.FAILED
    if not nos:
        assert result is not Tally.FAILED
    if result is Tally.PASSED:
        assert sum(complete(seat, votes) for seat in stage.seats) >= stage.needed


@given(voting())
def test_the_order_of_votes_does_not_matter(drawn) -> None:
    stage, votes = drawn
    assert tally(stage, votes) is tally(stage, votes[::-1])


@given(voting())
def test_every_stage_ends_once_all_seats_have_spoken(drawn) -> None:
    stage, votes = drawn
    everything = votes + tuple(Vote(s.key, Verb.APPROVE) for s in stage.seats for _ in range(s.needed))
    assert tally(stage, everything) is not Tally.OPEN


@given(voting(), st.sampled_from(VERDICTS), st.booleans())
def test_a_verdict_stays_goes_on_or_ends(drawn, verb: Verb, to_earlier: bool) -> None:
    stage, votes = drawn
    before, after = Stage(key="before", seats=seats("x")), Stage(key="after", seats=seats("y"))
    ask = Ask(
        Definition(stages=(before, stage, after)),
        Position(State.IN_REVIEW, "s"),
        votes,
        to_stage="before" if to_earlier else None,
    )
    there = move(ask, verb)
    reachable = {
        Verb.APPROVE: {("in_review", "after")},
        Verb.SEND_BACK: {("in_review", "before")} if to_earlier else {("returned", None)},
        Verb.REJECT: {("rejected", None)},
    }[verb]
    decided = {Verb.APPROVE: Tally.PASSED}.get(verb, Tally.FAILED)
    if tally(stage, votes) is decided:
        assert (there.state.value, there.stage) in reachable
    else:
        assert there == ask.here


# ── definitions ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ({"seats": ()}, "at least 1 item"),
        ({"seats": seats("a"), "need": 2}, "needs 2 of 1"),
        ({"seats": seats("a"), "need": 0}, "needs 0 of 1"),
        ({"seats": seats("a", "a")}, "two seats of one name"),
        ({"seats": seats("a"), "due_hours": 0}, "greater than or equal to 1"),
        ({"seats": seats("a"), "checklist": (Question(key="q", text="?", weight=90),)}, "sum to 100"),
        ({"seats": seats("a"), "unknown": 1}, "Extra inputs"),
    ],
)
def test_an_unsound_stage_is_refused(about: dict, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Stage(key="s", **about)


def test_an_unsound_definition_is_refused() -> None:
    one = Stage(key="s", seats=seats("a"))
    with pytest.raises(ValidationError, match="two stages"):
        Definition(stages=(one, one))
    with pytest.raises(ValidationError, match="at least 1 item"):
        Definition(stages=())
    with pytest.raises(ValidationError, match="at least one approval"):
        Seat(key="a", role="qa", approvals=0)


def test_a_definition_survives_json() -> None:
    assert Definition.model_validate(two_of_three(veto=False).model_dump(mode="json")) == two_of_three(veto=False)


QUESTIONS = (Question(key="right", text="Is it right?", weight=60), Question(key="kind", text="Is it kind?", weight=40))


@pytest.mark.parametrize(
    ("answers", "points"),
    [({}, None), ({"right": True}, 60), ({"right": True, "kind": True}, 100), ({"right": False, "kind": False}, 0)],
)
def test_score_of_a_checklist(answers: dict[str, bool], points: int | None) -> None:
    assert score(QUESTIONS, answers) == points


def test_no_checklist_no_score() -> None:
    assert score((), {"right": True}) is None
