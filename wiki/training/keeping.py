"""What is kept of an attempt that is begun."""

from collections.abc import Mapping
from typing import Any

from core import clock
from core.db import session
from wiki.training.asking import until
from wiki.training.models import Quiz
from wiki.training.taking_models import AttemptBegun
from wiki.training.taking_rules import added, shortened, standing, takes_answers


def write_down(quiz: Quiz, row: AttemptBegun, given: Mapping[int, Any], *, tab: str, seen: int) -> dict[int, Any]:
    """What holds afterwards, by question. What comes in after the time is up changes nothing."""
    if takes_answers(clock.now(), until(quiz, row)):
        session.refresh(row, ["kept"])
        history = row.history
        new = added(history, given, tab=tab, seen=seen)
        if new:
            row.kept = [[one.seq, one.tab, one.question, one.value] for one in shortened([*history, *new])]
            session.flush()
    return standing(row.history)
