"""The review as a pure table: a definition, a position, a verb – and the next position, or ``IllegalMove``.

A *definition* is an ordered list of stages; a stage has one or more parallel seats and a rule. Nothing here knows the
database, the web or an article.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.errors import IllegalMove
from core.i18n import _, _l


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


class TaskState(StrEnum):
    """One seat in one round: open, decided, or closed by what others did."""

    OPEN = "open"
    DONE = "done"
    VOID = "void"


class Approvals(StrEnum):
    """What a change of text does to approvals already given."""

    KEPT = "kept"
    VOIDED = "voided"


class Question(BaseModel):
    """One line of a stage's checklist; the weights of a checklist sum to 100."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    text: str = Field(min_length=1, max_length=200)
    weight: int = Field(ge=0, le=100)


class Seat(BaseModel):
    """Who may act, and how many approvals the seat needs (``all``: every one of the named people)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    role: str
    team: str | None = None
    category: str | None = None
    people: tuple[str, ...] = ()
    approvals: int | Literal["all"] = 1

    @property
    def needed(self) -> int:
        """How many approvals complete the seat."""
        return len(self.people) if self.approvals == "all" else self.approvals

    @model_validator(mode="after")
    def all_needs_names(self) -> "Seat":
        if self.approvals == "all" and not self.people:
            raise ValueError("'all' approvals need named people")
        if isinstance(self.approvals, int) and self.approvals < 1:
            raise ValueError("a seat needs at least one approval")
        return self


class Stage(BaseModel):
    """Parallel seats and the rule that joins them: all of them, or ``need`` of them; with or without veto."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    seats: tuple[Seat, ...] = Field(min_length=1)
    need: int | Literal["all"] = "all"
    veto: bool = True
    due_hours: int = Field(24, ge=1, le=24 * 365)
    checklist: tuple[Question, ...] = ()
    pass_mark: int = Field(70, ge=0, le=100)

    @property
    def needed(self) -> int:
        """How many seats must be complete."""
        return len(self.seats) if self.need == "all" else self.need

    @model_validator(mode="after")
    def sound(self) -> "Stage":
        if not 1 <= self.needed <= len(self.seats):
            raise ValueError(f"stage {self.key!r} needs {self.needed} of {len(self.seats)} seats")
        if len({seat.key for seat in self.seats}) != len(self.seats):
            raise ValueError(f"stage {self.key!r} has two seats of one name")
        if self.checklist and sum(q.weight for q in self.checklist) != 100:
            raise ValueError(f"the weights of the checklist of {self.key!r} do not sum to 100")
        return self


class Definition(BaseModel):
    """A pipeline: what a manager edits, and what is frozen into each review that begins with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stages: tuple[Stage, ...] = Field(min_length=1)
    on_change: Approvals = Approvals.VOIDED

    @model_validator(mode="after")
    def unique_stages(self) -> "Definition":
        if len({stage.key for stage in self.stages}) != len(self.stages):
            raise ValueError("two stages have one name")
        return self

    def index(self, key: str | None) -> int:
        """The place of a stage in the order.

        Raises:
            KeyError: there is no such stage.
        """
        for number, stage in enumerate(self.stages):
            if stage.key == key:
                return number
        raise KeyError(key)

    def stage(self, key: str) -> Stage:
        """The stage of this name."""
        return self.stages[self.index(key)]


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
    """One verdict of one person in one seat."""

    seat: str
    verb: Verb


@dataclass(frozen=True, slots=True)
class Ask:
    """Everything a step may look at."""

    definition: Definition
    here: Position
    votes: tuple[Vote, ...] = ()  # of the current stage and round, the new one included
    to_stage: str | None = None  # where a send-back goes; None: to the author
    changed: bool = True  # did the text change since the approvals were given?
    resume_at: str | None = None  # the stage that sent it back
    tainted: bool = False  # an approval that would be kept was given by somebody who has written in the text since


def complete(seat: Seat, votes: Iterable[Vote]) -> bool:
    """True when the seat has the approvals it needs."""
    return sum(1 for v in votes if v.seat == seat.key and v.verb is Verb.APPROVE) >= seat.needed


def refused(seat: Seat, votes: Iterable[Vote]) -> bool:
    """True when somebody in the seat voted no."""
    return any(v.seat == seat.key and v.verb in {Verb.SEND_BACK, Verb.REJECT} for v in votes)


def tally(stage: Stage, votes: tuple[Vote, ...]) -> Tally:
    """Whether the stage has passed, failed or waits.

    With veto one no ends it. Without, a no only takes its seat out, and the stage fails when ``need`` seats can no
    longer be completed.
    """
    yes = sum(1 for seat in stage.seats if complete(seat, votes))
    no = sum(1 for seat in stage.seats if refused(seat, votes) and not complete(seat, votes))
    if stage.veto and any(v.verb in {Verb.SEND_BACK, Verb.REJECT} for v in votes):
        return Tally.FAILED
    if yes >= stage.needed:
        return Tally.PASSED
    if len(stage.seats) - no < stage.needed:
        return Tally.FAILED
    return Tally.OPEN


Step = Callable[[Ask], Position]


def enter_first_stage(ask: Ask) -> Position:
    """Begin at the beginning."""
    return Position(State.IN_REVIEW, ask.definition.stages[0].key)


def resume(ask: Ask) -> Position:
    """After a return: where it was sent back when nothing changed or approvals are kept, else the first stage."""
    kept = not ask.changed or ask.definition.on_change is Approvals.KEPT
    if ask.resume_at is not None and kept and not ask.tainted:
        return Position(State.IN_REVIEW, ask.resume_at)
    return enter_first_stage(ask)


def next_stage_or_approved(ask: Ask) -> Position:
    """Stay until the stage has passed; then the next stage, or approved after the last."""
    number = ask.definition.index(ask.here.stage)
    if tally(ask.definition.stages[number], ask.votes) is not Tally.PASSED:
        return ask.here
    if number + 1 == len(ask.definition.stages):
        return Position(State.APPROVED)
    return Position(State.IN_REVIEW, ask.definition.stages[number + 1].key)


def to_chosen_stage_or_author(ask: Ask) -> Position:
    """Back to an earlier stage or the author – once the no decides (at once with veto)."""
    here = ask.definition.index(ask.here.stage)
    if tally(ask.definition.stages[here], ask.votes) is not Tally.FAILED:
        return ask.here
    if ask.to_stage is None:
        return Position(State.RETURNED)
    try:
        there = ask.definition.index(ask.to_stage)
    except KeyError:
        raise IllegalMove(_("There is no stage %(stage)s in this review.", stage=ask.to_stage)) from None
    if there >= here:
        raise IllegalMove(_("A review can be sent back only to an earlier stage or to the author."))
    return Position(State.IN_REVIEW, ask.to_stage)


def rejected(ask: Ask) -> Position:
    """The end, once the no decides (at once with veto)."""
    here = ask.definition.index(ask.here.stage)
    return Position(State.REJECTED) if tally(ask.definition.stages[here], ask.votes) is Tally.FAILED else ask.here


def withdrawn(ask: Ask) -> Position:
    """The author takes it back."""
    return Position(State.WITHDRAWN)


def stay_or_first_stage(ask: Ask) -> Position:
    """A change of text under review: kept approvals stay where they are, voided ones mean the first stage."""
    kept = ask.definition.on_change is Approvals.KEPT and not ask.tainted
    return ask.here if kept else enter_first_stage(ask)


def stay(ask: Ask) -> Position:
    """Nothing moves."""
    return ask.here


MOVES: dict[tuple[State, Verb], Step] = {
    (State.NEW, Verb.SUBMIT): enter_first_stage,
    (State.IN_REVIEW, Verb.APPROVE): next_stage_or_approved,
    (State.IN_REVIEW, Verb.SEND_BACK): to_chosen_stage_or_author,
    (State.IN_REVIEW, Verb.REJECT): rejected,
    (State.IN_REVIEW, Verb.COMMENT): stay,
    (State.IN_REVIEW, Verb.REVISE): stay_or_first_stage,
    (State.IN_REVIEW, Verb.WITHDRAW): withdrawn,
    (State.RETURNED, Verb.SUBMIT): resume,
    (State.RETURNED, Verb.REVISE): stay,
    (State.RETURNED, Verb.WITHDRAW): withdrawn,
}


def move(ask: Ask, verb: Verb) -> Position:
    """The next position.

    Raises:
        IllegalMove: the table has no row for this verb in this state.
    """
    step = MOVES.get((ask.here.state, verb))
    if step is None:
        raise IllegalMove(_("This is no longer possible: the review is %(state)s.", state=STATE_NAMES[ask.here.state]))
    return step(ask)


def score(questions: tuple[Question, ...], answers: dict[str, bool]) -> int | None:
    """The weighted share of the checklist that was answered yes, 0–100; ``None`` when nothing was answered."""
    if not questions or not answers:
        return None
    return sum(q.weight for q in questions if answers.get(q.key))


def kept_stages(definition: Definition, until: str) -> tuple[str, ...]:
    """The stages before ``until``: their approvals survive a send-back to it."""
    return tuple(stage.key for stage in definition.stages[: definition.index(until)])


def pipeline(*roles: str, due_hours: int = 24, checklists: dict[str, tuple[Question, ...]] | None = None) -> Definition:
    """The shape of the pipelines that come with the product: one stage per role, one seat, one approval, a pool."""
    return Definition(
        stages=tuple(
            Stage(
                key=role,
                seats=(Seat(key=role, role=role),),
                due_hours=due_hours,
                checklist=(checklists or {}).get(role, ()),
                pass_mark=70,
            )
            for role in roles
        )
    )


# words that end the sentence «… the review is …»
STATE_NAMES: dict[State, Any] = {
    State.NEW: _l("not begun yet"),
    State.IN_REVIEW: _l("still going on"),
    State.RETURNED: _l("back with the author"),
    State.APPROVED: _l("approved already"),
    State.REJECTED: _l("rejected already"),
    State.WITHDRAWN: _l("withdrawn already"),
}
