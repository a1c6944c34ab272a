"""What the tests of the transition table share."""

from workflows.definitions import Approvals, Definition, Seat, Stage, pipeline
from workflows.rules import (
    Ask,
    Move,
    Position,
    State,
    Verb,
    Vote,
)

FOUR = pipeline("business", "qa", "training", "supervisor")
VOIDED, KEPT, FIELDS = Approvals.VOIDED, Approvals.KEPT, Approvals.FIELDS
PRICE, STEPS = frozenset({"price"}), frozenset({"steps"})


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


def two_of_three(veto: bool, before: bool = False) -> Definition:
    stage = Stage(key="last" if before else "first", seats=seats("a", "b", "c"), need=2, veto=veto)
    other = Stage(key="first" if before else "last", seats=seats("z"))
    return Definition(stages=(other, stage) if before else (stage, other))
