"""States of an import and of its rows, and which verb is open in which."""

from enum import StrEnum


class State(StrEnum):
    """Where an import stands."""

    NEW = "new"  # the file is here; nobody has said yet how to read it
    CHECKING = "checking"  # the dry run is under way
    CHECKED = "checked"  # every row says what would become of it
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # the file as a whole cannot be read


class Way(StrEnum):
    """What becomes of a row."""

    PUBLISH = "publish"  # readers see it at once, in the manager's name
    SUBMIT = "submit"  # it goes through review like anybody's proposal
    DRAFT = "draft"  # it waits among the manager's drafts


class Found(StrEnum):
    """What the dry run says of a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


WORKING = frozenset({State.CHECKING, State.RUNNING})
FOUND_OF = {Outcome.CREATED: Found.NEW, Outcome.UPDATED: Found.CHANGED, Outcome.UNCHANGED: Found.SAME}

MOVES: dict[tuple[State, str], State] = {
    (State.NEW, "check"): State.CHECKING,
    (State.CHECKED, "check"): State.CHECKING,
    (State.REFUSED, "check"): State.CHECKING,
    (State.CHECKING, "finish"): State.CHECKED,
    (State.CHECKING, "refuse"): State.REFUSED,
    (State.CHECKING, "stop"): State.NEW,
    (State.CHECKED, "run"): State.RUNNING,
    (State.RUNNING, "finish"): State.DONE,
    (State.RUNNING, "refuse"): State.REFUSED,
    (State.RUNNING, "stop"): State.CHECKED,  # what is done is done; running it again does the rest
}
