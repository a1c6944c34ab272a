"""Spaced repetition of missed questions: when a question is asked again, and when somebody knows it.

A Leitner system of five boxes (S. Leitner, *So lernt man lernen*, 1972): each right answer puts the question into the
next box, which waits about twice as long; a wrong one puts it back into the first. After the last box it is known,
until it is missed once more.
"""

from datetime import date, timedelta
from typing import NamedTuple

WAITS = (1, 3, 7, 16, 35)  # days until a question of this box is asked again
A_DAY = 5  # questions that one person is asked on one day: two minutes


class Place(NamedTuple):
    """Where a question lies for one person: ``box`` from 0; ``due_on`` ``None``: it is known."""

    box: int
    due_on: date | None


def missed(today: date) -> Place:
    """Answered wrongly, in a quiz or when it was asked again: tomorrow."""
    return Place(0, today + timedelta(days=WAITS[0]))


def answered(box: int, *, right: bool, today: date) -> Place:
    """Where a question goes that lay in this box and was answered today."""
    if not right:
        return missed(today)
    following = box + 1
    if following >= len(WAITS):
        return Place(len(WAITS), None)
    return Place(following, today + timedelta(days=WAITS[following]))


def left_today(answered_today: int) -> int:
    """How many more questions this person is asked today."""
    return max(0, A_DAY - answered_today)
