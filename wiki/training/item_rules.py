"""What the answers to a question say about the question itself.

Difficulty is the share of right answers (the classical *p*); discrimination is the corrected point-biserial
correlation between getting this question right and the rest of the test (the score without this question, so that it is
not compared with itself). Both as in R. L. Ebel & D. A. Frisbie, *Essentials of Educational Measurement*, 5th ed. 1991,
ch. 13, whose limits are used: from 0.20 on a question discriminates tolerably, below it is to be looked at. Only first
attempts count: whoever takes a quiz again has seen it.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

ENOUGH = 10  # first answers, before a share means something
ENOUGH_TO_COMPARE = 20  # before a correlation does
EASY, HARD, WEAK = 0.9, 0.3, 0.2


class Finding(StrEnum):
    """What is to be said about a question."""

    TOO_EASY = "too_easy"
    TOO_HARD = "too_hard"
    WEAK = "weak"
    MISLEADS = "misleads"  # a wrong option is chosen more often than the right one
    IDLE = "idle"  # a wrong option that nobody chooses


@dataclass(frozen=True, slots=True)
class First:
    """How somebody answered a question at the first attempt. ``rest``: the share right of the other questions."""

    right: bool
    rest: float
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A question by its first answers. ``difficulty`` 0–1, the higher the easier; ``discrimination`` -1–1, ``None``
    where everybody answered alike or all the rest is alike; ``chosen`` per option how often."""

    answers: int
    difficulty: float | None
    discrimination: float | None
    chosen: dict[str, int]


def item(first: Sequence[First]) -> Item:
    """What the answers say."""
    if not first:
        return Item(0, None, None, {})
    share = sum(one.right for one in first) / len(first)
    counts = Counter(option for one in first for option in set(one.chosen))
    return Item(len(first), share, point_biserial([(one.right, one.rest) for one in first]), dict(counts))


def point_biserial(pairs: Sequence[tuple[bool, float]]) -> float | None:
    """The correlation between right or wrong and the rest; ``None`` when one of them does not vary."""
    right = [rest for good, rest in pairs if good]
    wrong = [rest for good, rest in pairs if not good]
    if not right or not wrong:
        return None
    every = [rest for _good, rest in pairs]
    mean = sum(every) / len(every)
    spread = sqrt(sum((one - mean) ** 2 for one in every) / len(every))
    if spread < 1e-9:
        return None
    share = len(right) / len(every)
    apart = sum(right) / len(right) - sum(wrong) / len(wrong)
    return max(-1.0, min(1.0, apart / spread * sqrt(share * (1 - share))))


def findings(found: Item, options: Collection[str] = (), key: Collection[str] = ()) -> list[Finding]:
    """What is to be said, nothing before there are answers enough. ``options``, ``key``: of a question with options to
    choose from."""
    if found.answers < ENOUGH or found.difficulty is None:
        return []
    said: list[Finding] = []
    if found.difficulty > EASY:
        said.append(Finding.TOO_EASY)
    if found.difficulty < HARD:
        said.append(Finding.TOO_HARD)
    low = found.discrimination is not None and found.discrimination < WEAK
    if low and found.answers >= ENOUGH_TO_COMPARE:
        said.append(Finding.WEAK)
    wrong = [found.chosen.get(one, 0) for one in options if one not in key]
    right = [found.chosen.get(one, 0) for one in options if one in key]
    if wrong and right and max(wrong) > min(right):
        said.append(Finding.MISLEADS)
    if wrong and not min(wrong) and found.answers >= ENOUGH_TO_COMPARE:
        said.append(Finding.IDLE)
    return said
