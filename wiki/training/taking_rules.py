"""The pure decisions of taking a quiz: which questions are drawn, what is kept of several tabs, when the time is up.

What is chosen is kept as a history: who saved last is not asked, but which page changed which question. A page that
was opened earlier and says nothing new about a question never takes away what another one answered since.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from wiki.training.rules import shuffled

GRACE = timedelta(seconds=15)  # what is sent in time may arrive so much later
LATEST = 2**31  # seen by who shows nothing and says everything
HISTORY = 1000  # choices of one attempt; then only the standing ones are remembered


@dataclass(frozen=True, slots=True)
class Choice:
    """One question as one page (``tab``) left it. ``value`` as the form says it; ``None``: nothing chosen."""

    seq: int
    tab: str
    question: int
    value: Any


def drawn(pool: Iterable[int], count: int, seed: str) -> list[int]:
    """So many of the pool, all when there are fewer: the same for the same seed, on every machine.

    Each question has its own place by the seed: one that joins or leaves the pool changes one drawn question at most.
    """
    return shuffled(sorted(set(pool)), seed)[: max(0, count)]


def standing(history: Sequence[Choice]) -> dict[int, Any]:
    """What holds now: each question as it was changed last."""
    return {one.question: one.value for one in sorted(history, key=lambda one: one.seq)}


def added(history: Sequence[Choice], given: Mapping[int, Any], *, tab: str, seen: int) -> list[Choice]:
    """What a page changes: the questions that stand otherwise on it than it showed or sent them before.

    ``seen`` is the last choice that was known when the page was made. Saying the same again adds nothing.
    """
    last = max((one.seq for one in history), default=0)
    before = standing([one for one in history if one.seq <= seen])
    before |= standing([one for one in history if one.tab == tab])
    changed = [(question, value(said)) for question, said in given.items() if value(said) != before.get(question)]
    return [Choice(last + at, tab, question, said) for at, (question, said) in enumerate(changed, 1)]


def shortened(history: Sequence[Choice]) -> list[Choice]:
    """No more than is to be remembered; what holds now is never forgotten."""
    if len(history) <= HISTORY:
        return list(history)
    return sorted({one.question: one for one in sorted(history, key=lambda one: one.seq)}.values(), key=lambda o: o.seq)


def value(said: Any) -> Any:
    """What a form says, in the form in which it is stored and compared: nothing chosen is ``None``."""
    if isinstance(said, Mapping):
        said = {str(name): text for name, text in said.items() if text not in (None, "")}
    elif isinstance(said, list | tuple | set | frozenset):
        said = [one for one in said if one not in (None, "")]
    return None if said in (None, "", [], {}) else said


def ends_at(begun_at: datetime, minutes: int | None, extra: int = 0) -> datetime | None:
    """Until when an attempt takes answers; ``None``: as long as wanted. ``extra``: minutes given to this person."""
    return None if minutes is None else begun_at + timedelta(minutes=minutes + extra)


def takes_answers(now: datetime, until: datetime | None) -> bool:
    """Answers that arrive now still count."""
    return until is None or now <= until + GRACE
