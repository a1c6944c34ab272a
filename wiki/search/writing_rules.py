"""What may become of a writing task: pure decisions."""

from enum import StrEnum

from core.i18n import _l

NOTE = 500
QUESTION = 200
DAYS = 7  # until it is to be written, unless another day is told


class WritingState(StrEnum):
    """Where a writing task is."""

    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"
    DROPPED = "dropped"


class Act(StrEnum):
    """What people do with it."""

    TAKE = "take"
    GIVE_BACK = "give_back"
    HAND_OVER = "hand_over"
    FINISH = "finish"
    DROP = "drop"
    REOPEN = "reopen"


class Wanted(StrEnum):
    """Why a text is wanted."""

    GAP = "gap"  # people looked for it and did not find it
    INTERVIEW = "interview"  # somebody leaves, and knows what is written nowhere


LIVE = (WritingState.OPEN, WritingState.TAKEN)
MOVES: dict[tuple[WritingState, Act], WritingState] = {
    (WritingState.OPEN, Act.TAKE): WritingState.TAKEN,
    (WritingState.TAKEN, Act.GIVE_BACK): WritingState.OPEN,
    (WritingState.OPEN, Act.HAND_OVER): WritingState.OPEN,
    (WritingState.TAKEN, Act.HAND_OVER): WritingState.OPEN,
    (WritingState.OPEN, Act.FINISH): WritingState.DONE,
    (WritingState.TAKEN, Act.FINISH): WritingState.DONE,
    (WritingState.OPEN, Act.DROP): WritingState.DROPPED,
    (WritingState.TAKEN, Act.DROP): WritingState.DROPPED,
    (WritingState.DROPPED, Act.REOPEN): WritingState.OPEN,
}
STATE_NAMES = {
    WritingState.OPEN: _l("to be written"),
    WritingState.TAKEN: _l("being written"),
    WritingState.DONE: _l("written"),
    WritingState.DROPPED: _l("dropped"),
}
