"""The transition table, whole: every state and verb, sending back, a change of text, what stands and what is void."""

import itertools

import pytest

from core.errors import IllegalMove
from tests.workflows.votes import FIELDS, FOUR, KEPT, PRICE, STEPS, VOIDED, at, no, told, two_of_three, yes
from workflows.definitions import Approvals, Definition, Seat, Stage
from workflows.rules import (
    MOVES,
    OPEN,
    REASON_NAMES,
    STATE_NAMES,
    VERDICTS,
    Ask,
    Position,
    Reason,
    State,
    Verb,
    Vote,
    frontier,
    move,
    standing,
)

pytestmark = pytest.mark.usefixtures("speaks")

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
