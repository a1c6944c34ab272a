"""The review as a pure table: a definition, a position, a verb – and the next position, or ``IllegalMove``.

What a pipeline looks like is in ``definitions``. Nothing here knows the database, the web or an article.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from core.errors import IllegalMove
from core.i18n import _, _l
from workflows.definitions import Approvals, Definition, Question, Stage


class State(StrEnum):
    """Where a review stands. ``NEW`` is before its first submit and is never stored."""

    NEW = "new"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


OPEN = (State.IN_REVIEW, State.RETURNED)


class Verb(StrEnum):
    """What people do to a review. ``COMMENT`` moves nothing."""

    SUBMIT = "submit"
    REVISE = "revise"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    REJECT = "reject"
    COMMENT = "comment"


VERDICTS = (Verb.APPROVE, Verb.SEND_BACK, Verb.REJECT)
REFUSALS = (Verb.SEND_BACK, Verb.REJECT)


class TaskState(StrEnum):
    """One seat in one round: open, decided, or closed by what others did."""

    OPEN = "open"
    DONE = "done"
    VOID = "void"


class Claim(StrEnum):
    """How a task came to the person it is with."""

    TAKEN = "taken"
    ROUTED = "routed"
    HANDED = "handed"


class Bar(StrEnum):
    """Why somebody may take no (further) seat in a round."""

    ACTED = "acted"
    CARRIED = "carried"  # an approval of an earlier round that stands
    PRINCIPAL = "principal"  # a deputy acted for them


class Reason(StrEnum):
    """Why something is sent back or rejected; counted, so that the same mistakes need not be made again."""

    WRONG = "wrong"
    OUTDATED = "outdated"
    UNCLEAR = "unclear"
    INCOMPLETE = "incomplete"
    DUPLICATE = "duplicate"
    NOT_ALLOWED = "not_allowed"
    PERSONAL_DATA = "personal_data"
    OUT_OF_SCOPE = "out_of_scope"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Position:
    """State and, while in review, the key of the current stage."""

    state: State
    stage: str | None = None


class Tally(StrEnum):
    """What the votes of a stage amount to."""

    OPEN = "open"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Vote:
    """One verdict of one person in one seat. ``people``: who counts as having acted – deputy and principal."""

    stage: str
    seat: str
    verb: Verb
    people: frozenset[int] = frozenset()
    id: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """Everything a step may look at."""

    definition: Definition
    here: Position
    votes: tuple[Vote, ...] = ()  # of the current round: carried ones, given ones, and the new one
    to_stage: str | None = None  # where a send-back goes; None: to the author
    changed: frozenset[str] = frozenset()  # the fields whose text changed since the votes were given
    authors: frozenset[int] = frozenset()  # whoever has written in the text: their approvals cannot stand
    sizes: Mapping[tuple[str, str], int] = field(default_factory=dict)  # (stage, seat) → approvals needed, when 'all'


@dataclass(frozen=True, slots=True)
class Move:
    """Where the review goes. ``kept``: a new round begins, and these approvals stand in it; ``None``: no new round."""

    to: Position
    kept: tuple[Vote, ...] | None = None


def needed(ask: Ask, stage: Stage, seat: str) -> int:
    """How many approvals complete a seat in this run."""
    return ask.sizes.get((stage.key, seat), stage.seat(seat).needed)


def complete(ask: Ask, stage: Stage, seat: str) -> bool:
    """True when the seat has the approvals it needs."""
    given = sum(1 for v in ask.votes if (v.stage, v.seat, v.verb) == (stage.key, seat, Verb.APPROVE))
    return given >= needed(ask, stage, seat)


def tally(ask: Ask, stage: Stage) -> Tally:
    """Whether the stage has passed, failed or waits.

    With veto one no ends it. Without, a no only takes its seat out, and the stage fails when ``need`` seats can no
    longer be completed.
    """
    noes = {v.seat for v in ask.votes if v.stage == stage.key and v.verb in REFUSALS}
    done = {seat.key for seat in stage.seats if complete(ask, stage, seat.key)}
    if stage.veto and noes:
        return Tally.FAILED
    if len(done) >= stage.needed:
        return Tally.PASSED
    if len(stage.seats) - len(noes - done) < stage.needed:
        return Tally.FAILED
    return Tally.OPEN


def frontier(ask: Ask) -> Position:
    """The first stage that the standing votes have not passed; approved when there is none."""
    for stage in ask.definition.stages:
        if tally(ask, stage) is not Tally.PASSED:
            return Position(State.IN_REVIEW, stage.key)
    return Position(State.APPROVED)


def standing(ask: Ask, policy: Approvals) -> tuple[Vote, ...]:
    """The approvals that survive a change of the asked fields under a policy, never those of somebody who wrote."""
    approvals = [v for v in ask.votes if v.verb is Verb.APPROVE and v.people.isdisjoint(ask.authors)]
    if not ask.changed or policy is Approvals.KEPT:
        return tuple(approvals)
    if policy is Approvals.VOIDED:
        return ()
    return tuple(v for v in approvals if not ask.definition.stage(v.stage).seat(v.seat).answers_for(ask.changed))


Step = Callable[[Ask], Move]


def enter_first_stage(ask: Ask) -> Move:
    """Begin at the beginning."""
    return Move(Position(State.IN_REVIEW, ask.definition.stages[0].key), ())


def resume(ask: Ask) -> Move:
    """A new round at the first stage that the approvals which still stand (``on_send_back``) have not passed."""
    kept = standing(ask, ask.definition.on_send_back)
    return Move(frontier(replace(ask, votes=kept)), kept)


def next_stage_or_approved(ask: Ask) -> Move:
    """Stay until the stage has passed; then the first stage that has not, or approved when all have."""
    if tally(ask, ask.definition.stage(ask.here.stage or "")) is not Tally.PASSED:
        return Move(ask.here)
    return Move(frontier(ask))


def to_chosen_stage_or_author(ask: Ask) -> Move:
    """Back to an earlier stage or the author – once the no decides (at once with veto).

    An earlier stage judges anew. The approvals of the stages before it stand; those of the others stand only when
    ``on_send_back`` says so (nothing has changed yet, so ``fields`` keeps them too).
    """
    here = ask.definition.index(ask.here.stage)
    there = None if ask.to_stage is None else _earlier(ask, here)
    if tally(ask, ask.definition.stages[here]) is not Tally.FAILED:
        return Move(ask.here)
    if there is None:
        return Move(Position(State.RETURNED))
    voided = ask.definition.on_send_back is Approvals.VOIDED
    gone = {stage.key for stage in ask.definition.stages[there:] if voided or stage.key == ask.to_stage}
    kept = tuple(v for v in standing(ask, Approvals.KEPT) if v.stage not in gone)
    return Move(frontier(replace(ask, votes=kept)), kept)


def _earlier(ask: Ask, here: int) -> int:
    """The place of the stage that was chosen; refused also while the no does not decide yet."""
    try:
        there = ask.definition.index(ask.to_stage)
    except KeyError:
        raise IllegalMove(_("There is no stage %(stage)s in this review.", stage=ask.to_stage)) from None
    if there >= here:
        raise IllegalMove(_("A review can be sent back only to an earlier stage or to the author."))
    return there


def rejected(ask: Ask) -> Move:
    """The end, once the no decides (at once with veto)."""
    failed = tally(ask, ask.definition.stage(ask.here.stage or "")) is Tally.FAILED
    return Move(Position(State.REJECTED) if failed else ask.here)


def withdrawn(ask: Ask) -> Move:
    """The author takes it back."""
    return Move(Position(State.WITHDRAWN))


def go_on_or_back(ask: Ask) -> Move:
    """A change of text: the round goes on when every vote stands (``on_change``), else a new one at the first gap.

    A no is about the text it judged: it stands only while nothing of that has changed.
    """
    kept = standing(ask, ask.definition.on_change)
    noes = [v for v in ask.votes if v.verb in REFUSALS and not ask.changed and v.people.isdisjoint(ask.authors)]
    if len(kept) + len(noes) == len(ask.votes):
        return Move(ask.here)
    return Move(frontier(replace(ask, votes=kept)), kept)


def stay(ask: Ask) -> Move:
    """Nothing moves."""
    return Move(ask.here)


MOVES: dict[tuple[State, Verb], Step] = {
    (State.NEW, Verb.SUBMIT): enter_first_stage,
    (State.IN_REVIEW, Verb.APPROVE): next_stage_or_approved,
    (State.IN_REVIEW, Verb.SEND_BACK): to_chosen_stage_or_author,
    (State.IN_REVIEW, Verb.REJECT): rejected,
    (State.IN_REVIEW, Verb.COMMENT): stay,
    (State.IN_REVIEW, Verb.REVISE): go_on_or_back,
    (State.IN_REVIEW, Verb.WITHDRAW): withdrawn,
    (State.RETURNED, Verb.SUBMIT): resume,
    (State.RETURNED, Verb.REVISE): stay,
    (State.RETURNED, Verb.WITHDRAW): withdrawn,
}


def move(ask: Ask, verb: Verb) -> Move:
    """Where the review goes.

    Raises:
        IllegalMove: the table has no row for this verb in this state.
    """
    step = MOVES.get((ask.here.state, verb))
    if step is None:
        raise IllegalMove(_("This is no longer possible: the review is %(state)s.", state=STATE_NAMES[ask.here.state]))
    return step(ask)


def score(questions: Iterable[Question], answers: Mapping[str, bool]) -> int | None:
    """The weighted share of the checklist that was answered yes, 0–100; ``None`` when nothing was answered."""
    asked = tuple(questions)
    if not asked or not answers:
        return None
    return sum(q.weight for q in asked if answers.get(q.key))


# words that end the sentence «… the review is …»
STATE_NAMES: dict[State, Any] = {
    State.NEW: _l("not begun yet"),
    State.IN_REVIEW: _l("still going on"),
    State.RETURNED: _l("back with the author"),
    State.APPROVED: _l("approved already"),
    State.REJECTED: _l("rejected already"),
    State.WITHDRAWN: _l("withdrawn already"),
}

REASON_NAMES: dict[Reason, Any] = {
    Reason.WRONG: _l("not correct"),
    Reason.OUTDATED: _l("out of date"),
    Reason.UNCLEAR: _l("hard to understand"),
    Reason.INCOMPLETE: _l("something is missing"),
    Reason.DUPLICATE: _l("exists already"),
    Reason.NOT_ALLOWED: _l("not allowed by the rules"),
    Reason.PERSONAL_DATA: _l("names a customer"),
    Reason.OUT_OF_SCOPE: _l("does not belong here"),
    Reason.OTHER: _l("another reason"),
}
