"""Two lists of changes to one list: which of them meet, and what becomes of the stretches in which none do. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rapidfuzz.distance import Indel

ALIKE = 0.5  # two passages less alike than this are two passages, not one that was changed
PAIRS = 1_600  # so many comparisons are made inside one stretch of changes
Pair = Callable[[Any, Any], float]


class By(StrEnum):
    """Whose change a part is."""

    NOBODY = "nobody"
    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"  # the same change
    WORDS = "words"  # words of both inside one passage


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch that needs no choice: a text, a list of elements, or a value. ``before``: what stood there."""

    value: Any
    by: By
    before: Any


@dataclass(frozen=True, slots=True)
class Clash:
    """Both changed the same place."""

    base: Any
    mine: Any
    theirs: Any

    @property
    def added(self) -> bool:
        """Nothing stood there: both only added something."""
        return not self.base or (isinstance(self.base, str) and not self.base.strip())


Piece = Part | Clash


def settle(base: Any, mine: Any, theirs: Any) -> Part | None:
    """What needs no thought: at most one side changed it, or both in the same way."""
    if mine == theirs:
        return Part(mine, By.NOBODY if mine == base else By.BOTH, base)
    if theirs == base:
        return Part(mine, By.MINE, base)
    return Part(theirs, By.THEIRS, base) if mine == base else None


@dataclass(frozen=True, slots=True)
class Hunk:
    """The items from ``start`` to ``stop`` of the base became these."""

    start: int
    stop: int
    items: tuple[str, ...]


def hunks(base: Sequence[str], new: Sequence[str], pair: Pair | None = None) -> list[Hunk]:
    """How one became the other. With ``pair``, what was changed is told apart from what is new beside it."""
    spans: list[list[int]] = []
    for op in Indel.opcodes(base, new):
        if op.tag == "equal":
            continue
        if spans and spans[-1][1] == op.src_start and spans[-1][3] == op.dest_start:
            spans[-1][1], spans[-1][3] = op.src_end, op.dest_end
        else:
            spans.append([op.src_start, op.src_end, op.dest_start, op.dest_end])
    out: list[Hunk] = []
    for a, b, c, d in spans:
        matched = couples(base[a:b], new[c:d], pair) if pair and (b - a) * (d - c) <= PAIRS else []
        old_at, new_at = a, c
        for i, j in [*((a + i, c + j) for i, j in matched), (b, d)]:
            if old_at < i or new_at < j:
                out.append(Hunk(old_at, i, tuple(new[new_at:j])))
            if i < b:
                out.append(Hunk(i, i + 1, (new[j],)))
            old_at, new_at = i + 1, j + 1
    return out


def couples(old: Sequence[str], new: Sequence[str], pair: Pair) -> list[tuple[int, int]]:
    """Which became which, in order, so that the couples are as alike as can be altogether."""
    if len(old) == len(new) == 1:
        return [(0, 0)]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    alike = [[found if (found := pair(o, n)) >= ALIKE else 0.0 for n in new] for o in old]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            here = alike[i][j] + best[i + 1][j + 1] if alike[i][j] else 0.0
            best[i][j] = max(here, best[i + 1][j], best[i][j + 1])
    out, i, j = [], 0, 0
    while i < len(old) and j < len(new):
        if alike[i][j] and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            out.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return out


@dataclass(slots=True)
class Group:
    """Changes of both sides that meet, and the stretch of the base they meet in."""

    start: int
    stop: int
    sides: tuple[list[Hunk], list[Hunk]]


def groups(mine: list[Hunk], theirs: list[Hunk], *, near: bool) -> list[Group]:
    """Changes that meet, in order. ``near``: touching is meeting; else two additions at one place are, and overlaps."""
    out: list[Group] = []
    for hunk, side in sorted(
        [*((h, 0) for h in mine), *((h, 1) for h in theirs)], key=lambda p: (p[0].start, p[0].stop)
    ):
        last = out[-1] if out else None
        meets = last is not None and (
            hunk.start < last.stop
            or (near and hunk.start == last.stop)
            or (hunk.start == hunk.stop == last.start == last.stop)
        )
        if last is None or not meets:
            out.append(last := Group(hunk.start, hunk.stop, ([], [])))
        last.stop = max(last.stop, hunk.stop)
        last.sides[side].append(hunk)
    return out


def side_of(base: Sequence[str], group: Group, side: int) -> list[str]:
    """What one side made of the stretch."""
    out, at = [], group.start
    for hunk in group.sides[side]:
        out += [*base[at : hunk.start], *hunk.items]
        at = hunk.stop
    return [*out, *base[at : group.stop]]


Together = Callable[[list[str], list[str], list[str]], list[Piece]]


def pieces_of(
    base: Sequence[str], mine: list[Hunk], theirs: list[Hunk], value: Callable[[list[str]], Any], meet: Together
) -> list[Piece]:
    """The whole in order; ``meet`` decides where both changed the same stretch."""
    out: list[Piece] = []
    at = 0
    for group in groups(mine, theirs, near=False):
        if at < group.start:
            same = value(list(base[at : group.start]))
            out.append(Part(same, By.NOBODY, same))
        old, my, their = list(base[group.start : group.stop]), side_of(base, group, 0), side_of(base, group, 1)
        plain = settle(old, my, their)
        out += meet(old, my, their) if plain is None else [Part(value(plain.value), plain.by, value(old))]
        at = group.stop
    if at < len(base):
        same = value(list(base[at:]))
        out.append(Part(same, By.NOBODY, same))
    return out
