"""What may become of a reader's flag, and how long it may take: pure decisions."""

from enum import StrEnum

from core.i18n import _l
from wiki.feedback.rules import Reason

COMMENT_LIMIT = 1000
WORKING_MINUTES = 3 * 8 * 60  # three working days of the centre's office


class FlagState(StrEnum):
    """Where a flag is."""

    OPEN = "open"
    ASKED = "asked"  # its reporter was asked something
    ANSWERED = "answered"


class Outcome(StrEnum):
    """What became of it."""

    CHANGED = "changed"
    RIGHT = "right"  # the text is right as it stands
    ELSEWHERE = "elsewhere"  # another text says it
    RETIRED = "retired"


class Act(StrEnum):
    """What people do with a flag."""

    ASK = "ask"
    REPLY = "reply"
    ANSWER = "answer"
    REOPEN = "reopen"


MOVES: dict[tuple[FlagState, Act], FlagState] = {
    (FlagState.OPEN, Act.ASK): FlagState.ASKED,
    (FlagState.ASKED, Act.REPLY): FlagState.OPEN,
    (FlagState.OPEN, Act.ANSWER): FlagState.ANSWERED,
    (FlagState.ASKED, Act.ANSWER): FlagState.ANSWERED,
    (FlagState.ANSWERED, Act.REOPEN): FlagState.OPEN,
}

KINDS = (Reason.WRONG, Reason.OUTDATED, Reason.UNCLEAR, Reason.MISSING)
OUTCOME_NAMES = {
    Outcome.CHANGED: _l("The text was changed"),
    Outcome.RIGHT: _l("The text is right as it stands"),
    Outcome.ELSEWHERE: _l("Another article says it"),
    Outcome.RETIRED: _l("The article was retired"),
}
STATE_NAMES = {
    FlagState.OPEN: _l("waits for an answer"),
    FlagState.ASKED: _l("the reporter was asked"),
    FlagState.ANSWERED: _l("answered"),
}


def is_open(state: FlagState) -> bool:
    """Somebody still has to do something."""
    return state is not FlagState.ANSWERED
