"""A script with branches as a conversation: what the customer may answer, what you say then, and how it goes on.

A branch is one answer of the customer. Its ``next`` holds up to two things: what you *do* then, in words, and after an
arrow the numbers of the answers that may come next: ``开紧急单 → 4、5``. The numbers count the branches from 1; 0 leads
back to the first question. Bare numbers, or the very words of another branch, need no arrow. Words without an arrow are
something to do, never a lost way; a number that no branch has is one, and so is ``?``, left where an answer was taken
out.

An answer may be given at the beginning unless an earlier branch leads to it: what is written further up asks first.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.i18n import _

START = 0
LOST = "?"

_ARROW = re.compile(r"→|->|⇒")
_TARGETS = re.compile(r"(?:\d{1,3}|\?)(?:(?:\s++(?:[,，、;；]\s*+)?|[,，、;；]\s*+)(?:\d{1,3}|\?))*")
_TARGET = re.compile(r"\d+|\?")

Branches = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Way:
    """How it goes on after an answer: what to do, the numbers of what may come next, and what could not be found."""

    action: str = ""
    to: tuple[int, ...] = ()
    lost: tuple[str, ...] = ()


def way_of(text: str, whens: Sequence[str]) -> Way:
    """What a ``next`` says; ``whens`` are the customer's answers in their order."""
    text = text.strip()
    cut = [found.span() for found in _ARROW.finditer(text)]
    action, rest = (text[: cut[-1][0]].strip(), text[cut[-1][1] :].strip()) if cut else ("", text)
    named = [n for n, when in enumerate(whens, 1) if when.strip() and when.strip() == rest]
    if named:
        return Way(action, (named[0],))
    if not _TARGETS.fullmatch(rest):
        return Way(text)
    found = list(dict.fromkeys(_TARGET.findall(rest)))
    there = [int(one) for one in found if one != LOST and int(one) <= len(whens)]
    return Way(action, tuple(dict.fromkeys(there)), tuple(one for one in found if one == LOST or int(one) > len(whens)))


def written(action: str, to: Sequence[int | str]) -> str:
    """A ``next`` that says this."""
    arrow = "→ " + "、".join(str(one) for one in to) if to else ""
    return " ".join(part for part in (action.strip(), arrow) if part)


def ways(branches: Branches) -> list[Way]:
    """How it goes on after each branch."""
    whens = [str(branch.get("when") or "") for branch in branches]
    return [way_of(str(branch.get("next") or ""), whens) for branch in branches]


def problems(branches: Branches) -> list[tuple[int, str]]:
    """What has to be mended: (place of the branch, sentence), in order."""
    found = []
    for n, way in enumerate(ways(branches)):
        for lost in way.lost:
            if lost == LOST:
                said = _("Answer %(n)s goes on with an answer that was taken out. Choose another, or none.", n=n + 1)
            else:
                said = _("Answer %(n)s goes on with answer %(m)s, which does not exist.", n=n + 1, m=lost)
            found.append((n, said))
    return found


def openings(branches: Branches) -> tuple[int, ...]:
    """The numbers of the answers that may be given at the beginning."""
    later = {to for n, way in enumerate(ways(branches), 1) for to in way.to if to > n}
    return tuple(n for n in range(1, len(branches) + 1) if n not in later)


def graph(branches: Branches) -> dict[int, tuple[int, ...]]:
    """The beginning (0) and every branch, with what may come next."""
    return {START: openings(branches), **{n: way.to for n, way in enumerate(ways(branches), 1)}}
