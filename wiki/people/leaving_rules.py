"""What may become of a leaving and its hand-overs, what is asked in an interview: pure decisions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from core.i18n import _l

FARTHEST = 366  # days ahead that a last day may lie
NOTE = 500
ANSWER = 10_000
TOPICS = 4  # that an interview asks about
TITLES = 3


class LeavingState(StrEnum):
    """Where a leaving is."""

    OPEN = "open"
    LEFT = "left"
    UNDONE = "undone"


class Sort(StrEnum):
    """What can be handed over."""

    ARTICLE = "article"
    DRAFT = "draft"
    COURSE = "course"
    WRITING = "writing"
    CATEGORY = "category"
    ACTION = "action"


class HandoverState(StrEnum):
    """Where a hand-over is."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    PASSED = "passed"  # nobody answered, and the last day is over
    CALLED_OFF = "called_off"


class Act(StrEnum):
    """What happens to a hand-over."""

    ASK = "ask"  # (another) successor
    ACCEPT = "accept"
    DECLINE = "decline"
    LAST_DAY = "last_day"
    UNDO = "undo"


MOVES: dict[tuple[HandoverState, Act], HandoverState] = {
    (HandoverState.ASKED, Act.ASK): HandoverState.ASKED,
    (HandoverState.DECLINED, Act.ASK): HandoverState.ASKED,
    (HandoverState.CALLED_OFF, Act.ASK): HandoverState.ASKED,
    (HandoverState.ASKED, Act.ACCEPT): HandoverState.ACCEPTED,
    (HandoverState.ASKED, Act.DECLINE): HandoverState.DECLINED,
    (HandoverState.ASKED, Act.LAST_DAY): HandoverState.PASSED,
    (HandoverState.ASKED, Act.UNDO): HandoverState.CALLED_OFF,
}
SETTLED = frozenset({HandoverState.ACCEPTED, HandoverState.PASSED})  # it has changed hands
SORT_NAMES = {
    Sort.ARTICLE: _l("Published text"),
    Sort.DRAFT: _l("Draft or open submission"),
    Sort.COURSE: _l("Course"),
    Sort.WRITING: _l("Writing task"),
    Sort.CATEGORY: _l("Category to look after"),
    Sort.ACTION: _l("Action on a missed figure"),
}
STATE_NAMES = {
    HandoverState.ASKED: _l("asked to take over"),
    HandoverState.ACCEPTED: _l("taken over"),
    HandoverState.DECLINED: _l("declined"),
    HandoverState.PASSED: _l("passed on at the last day"),
    HandoverState.CALLED_OFF: _l("called off"),
}


def is_over(last_day: date, today: date) -> bool:
    """The last day is behind us: what was asked passes on now. On the day itself everything can still be undone."""
    return today > last_day


@dataclass(frozen=True, slots=True)
class Topic:
    """A category, and how often somebody wrote in it, judged in it, answered in it and used its texts in calls."""

    id: int
    slug: str
    name: str
    wrote: int = 0
    judged: int = 0
    answered: int = 0
    used: int = 0

    @property
    def acts(self) -> int:
        """All of it."""
        return self.wrote + self.judged + self.answered + self.used


def ranked(topics: Iterable[Topic]) -> list[Topic]:
    """Those with any act, most acts first; of equals by name."""
    return sorted((one for one in topics if one.acts), key=lambda one: (-one.acts, one.name, one.id))


class Ask(StrEnum):
    """What an interview asks; the words are put around it in ``interviews``."""

    NOWHERE = "nowhere"  # what do you answer on X that is written nowhere?
    CALLS = "calls"  # what do customers ask about X that the texts do not answer?
    JUDGED = "judged"  # what is most often wrong in texts about X?
    LEFT_OUT = "left_out"  # what did you leave out of text T?
    WHOM = "whom"  # whom do you ask when you do not know?
    FIRST_DAY = "first_day"  # what do you tell who comes after you?


def drafted(topics: Iterable[Topic], titles: Sequence[str]) -> list[tuple[Ask, str]]:
    """What to ask, in order: of their main topics what is written nowhere, more where they acted more; of what only
    they wrote what they left out; and two questions for everybody."""
    found: list[tuple[Ask, str]] = []
    for one in ranked(topics)[:TOPICS]:
        found.append((Ask.NOWHERE, one.name))
        if one.used or one.answered:
            found.append((Ask.CALLS, one.name))
        if one.judged:
            found.append((Ask.JUDGED, one.name))
    found += [(Ask.LEFT_OUT, title) for title in titles[:TITLES]]
    return [*found, (Ask.WHOM, ""), (Ask.FIRST_DAY, "")]
