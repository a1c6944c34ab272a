"""Which unit of one text is which of the other: passages of an article, items of a list, rows of a table.

Equal ones first, then the most alike; what stands in another order than the rest has moved. Bounded: however large or
alike the texts, no more than ``BUDGET`` pairs are looked at.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel

BUDGET = 30_000  # pairs of units compared
ALIKE = 0.5  # share of tokens two units have in common, to be one unit changed
ALIKE_ALONE = 0.34  # the same for two that stand alone between what stayed
MOVED_TOKENS = 6  # fewer tell nothing when they turn up elsewhere
MOVED_TOKENS_OF_AN_ITEM = 3  # in its own list or table they do
MOVED_ALIKE = 0.6
TABLE = 150_000_000  # bits of memory the matching of equal units may take; beyond, only unique ones are matched
RARE = 4  # a token in so few units leads to them


@dataclass(frozen=True, slots=True)
class Pair:
    """Units ``old`` became units ``new``: one and one, unless a unit was parted or two were joined."""

    old: range
    new: range
    moved: bool = False

    def turned(self) -> "Pair":
        """The same pair from the other side."""
        return Pair(self.new, self.old, self.moved)


def aligned(old: Sequence[str], new: Sequence[str], least: int = MOVED_TOKENS) -> list[Pair]:
    """Pairs of units, each given by its keys (``Tokens.key``), in the order of the old ones. Symmetric.

    ``least``: how many tokens a unit needs to be said to have moved.
    """
    old, new = tuple(old), tuple(new)
    if (len(old), old) > (len(new), new):
        return sorted((pair.turned() for pair in aligned(new, old, least)), key=lambda pair: pair.old.start)
    found = _equal(old, new)
    found += _alike(old, new, found)
    kept = _in_order(found, old, new)
    moved = [pair for pair in found if pair not in kept]
    pairs = _grown(sorted(kept), old, new, {j for _i, j in moved}, {i for i, _j in moved})
    pairs += [Pair(range(i, i + 1), range(j, j + 1), True) for i, j in _worth_moving(moved, old, new, least)]
    return sorted(pairs, key=lambda pair: pair.old.start)


def _equal(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Equal units in order, then equal ones elsewhere when there is no doubt which is which."""
    found: list[tuple[int, int]] = []
    for op in Indel.opcodes(*_numbered(old, new)) if len(old) * len(new) <= TABLE else ():
        if op.tag == "equal":
            found += zip(range(op.src_start, op.src_end), range(op.dest_start, op.dest_end), strict=True)
    taken_old, taken_new = {i for i, _j in found}, {j for _i, j in found}
    left: dict[str, list[int]] = defaultdict(list)
    for j, key in enumerate(new):
        if j not in taken_new:
            left[key].append(j)
    rest = Counter(key for i, key in enumerate(old) if i not in taken_old)
    for i, key in enumerate(old):
        if i not in taken_old and rest[key] == 1 and len(left[key]) == 1:
            found.append((i, left[key][0]))
    return found


def _numbered(*texts: Sequence[str]) -> list[list[int]]:
    """Units as numbers: equal ones have the same."""
    numbers: dict[str, int] = {}
    return [[numbers.setdefault(key, len(numbers)) for key in units] for units in texts]


def _alike(old: Sequence[str], new: Sequence[str], found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most alike of what is left, each unit once; where equally alike, the nearest by its place."""
    taken_old, taken_new = {i for i, _j in found}, {j for _i, j in found}
    free_old = [i for i in range(len(old)) if i not in taken_old and old[i]]
    free_new = [j for j in range(len(new)) if j not in taken_new and new[j]]
    gap_old, gap_new = _gaps(free_old, sorted(taken_old)), _gaps(free_new, sorted(taken_new))
    sizes = Counter(gap_old.values()), Counter(gap_new.values())
    scored = []
    known: dict[tuple[str, str], float] = {}  # units repeat
    for i, j in _candidates(old, new, free_old, free_new, gap_old, gap_new):
        here = gap_old[i] == gap_new[j]
        alone = here and sizes[0][gap_old[i]] == sizes[1][gap_new[j]] == 1
        cutoff = ALIKE_ALONE if alone else ALIKE if here else MOVED_ALIKE
        shorter, longer = sorted((len(old[i]), len(new[j])))
        if 2 * shorter < cutoff * (shorter + longer):
            continue
        score = known.get((old[i], new[j]), -1.0)
        if score < 0:
            score = known[old[i], new[j]] = Indel.normalized_similarity(old[i], new[j], score_cutoff=ALIKE_ALONE)
        if score >= cutoff:
            scored.append((-round(score + here * 0.08, 3), abs(i * len(new) - j * len(old)), i, j))
    out, used_old, used_new = [], set(), set()
    for _score, _far, i, j in sorted(scored):
        if i not in used_old and j not in used_new:
            out.append((i, j))
            used_old.add(i)
            used_new.add(j)
    return out


def _gaps(free: Sequence[int], taken: Sequence[int]) -> dict[int, int]:
    """For each free unit, after how many taken ones it stands."""
    return {i: bisect_left(taken, i) for i in free}


def _candidates(
    old: Sequence[str],
    new: Sequence[str],
    free_old: Sequence[int],
    free_new: Sequence[int],
    gap_old: dict[int, int],
    gap_new: dict[int, int],
) -> Iterable[tuple[int, int]]:
    """Pairs worth a look: all when they are few; else those about the same place, and those that share a rare word."""
    if len(free_old) * len(free_new) <= BUDGET:
        return ((i, j) for i in free_old for j in free_new)
    found: dict[tuple[int, int], None] = {}
    reach = max(1, BUDGET // (2 * len(free_old)))
    in_gap: dict[int, list[int]] = defaultdict(list)
    for j in free_new:
        in_gap[gap_new[j]].append(j)
    place: Counter[int] = Counter()
    totals = Counter(gap_old.values())
    for i in free_old:
        gap = gap_old[i]
        others = in_gap[gap]
        centre = place[gap] * len(others) // totals[gap]
        place[gap] += 1
        for j in others[max(0, centre - reach // 2) : centre + reach // 2 + 1]:
            found[i, j] = None
    where: dict[str, list[int]] = defaultdict(list)
    for j in free_new:
        for token in set(new[j]):
            where[token].append(j)
    often = Counter(token for i in free_old for token in set(old[i]))
    for i in free_old:
        for token in sorted(set(old[i])):
            if often[token] <= RARE and len(where[token]) <= RARE and len(found) < 2 * BUDGET:
                found.update(((i, j), None) for j in where[token])
    return found


def _in_order(found: Sequence[tuple[int, int]], old: Sequence[str], new: Sequence[str]) -> set[tuple[int, int]]:
    """The pairs that stand in one order and hold the most text: what the reader takes as having stayed."""
    best: list[tuple[int, int, tuple[int, int]]] = []  # (weight of a chain, place in ``new`` of its end, its end)
    before: dict[tuple[int, int], tuple[int, int] | None] = {}
    ends: list[int] = []  # places in ``new``, ascending; weights ascend with them
    for i, j in sorted(found):
        at = bisect_left(ends, j)
        weight = (best[at - 1][0] if at else 0) + len(old[i]) + len(new[j])
        before[i, j] = best[at - 1][2] if at else None
        while at < len(ends) and best[at][0] <= weight:
            del ends[at], best[at]
        ends.insert(at, j)
        best.insert(at, (weight, j, (i, j)))
    here = best[-1][2] if best else None
    kept = set()
    while here is not None:
        kept.add(here)
        here = before[here]
    return kept


def _worth_moving(
    moved: Sequence[tuple[int, int]], old: Sequence[str], new: Sequence[str], least: int
) -> list[tuple[int, int]]:
    """Moves that tell something: long enough, or beside one that is."""
    long = {(i, j) for i, j in moved if min(len(old[i]), len(new[j])) >= least}
    out = set(long)
    for step in (1, -1):
        for i, j in sorted(set(moved) - out, reverse=step > 0):
            if (i + step, j + step) in out:
                out.add((i, j))
    return sorted(out)


def _grown(
    kept: list[tuple[int, int]], old: Sequence[str], new: Sequence[str], taken_new: set[int], taken_old: set[int]
) -> list[Pair]:
    """A pair takes its neighbours in when a unit was parted or two were joined."""
    taken_old = taken_old | {i for i, _j in kept}
    taken_new = taken_new | {j for _i, j in kept}
    out = []
    for i, j in kept:
        here, there = range(i, i + 1), range(j, j + 1)
        if old[i] != new[j]:
            there = _stretched(old[i], there, new, taken_new)
            here = _stretched(new[j], here, old, taken_old) if len(there) == 1 else here
        out.append(Pair(here, there))
    return out


def _stretched(whole: str, span: range, units: Sequence[str], taken: set[int]) -> range:
    score = -1.0
    for step in (1, -1):
        while True:
            at = _beside(span, step, units, taken)
            if at is None:
                break
            score = score if score >= 0 else Indel.normalized_similarity(whole, units[span.start])
            wider = range(span.start, at + 1) if step > 0 else range(at, span.stop)
            better = Indel.normalized_similarity(whole, "".join(units[n] for n in wider))
            if better < score + 0.06:
                break
            taken.update(wider)
            span, score = wider, better
    return span


def _beside(span: range, step: int, units: Sequence[str], taken: set[int]) -> int | None:
    """The free unit next to a span, over units of blanks; ``None``: there is none."""
    at = span.stop if step > 0 else span.start - 1
    while 0 <= at < len(units) and at not in taken and not units[at]:
        at += step
    return at if 0 <= at < len(units) and at not in taken else None
