"""Where the boxes of a flowchart stand: rows by how far a step is from the start, as few crossings as a few sweeps
find, and the main line straight. Pure geometry over a graph; nothing here knows a step, a word or a colour.

A way over several rows becomes a chain of *knees*, points that take part in the ordering, so that no line runs
through a box. Ways that close a circle are left out: they are drawn around.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from wiki.articles.graphs import depths, met, returning

Node = Hashable
KNEE = 14  # the room a passing line takes
MAIN = 10_000  # how much heavier the main line is than the others
KNEES = 8  # and how much heavier a long line
SWEEPS = 8


@dataclass(slots=True)
class Placed:
    """A box, or the knee of a long line: its row, the middle of its width, and its size."""

    row: int
    width: int
    height: int
    x: float = 0.0
    knee: bool = False


@dataclass(slots=True)
class Layout:
    """Every box and knee by its name, rows from above with their names from left to right, and the chains of ways."""

    placed: dict[Node, Placed]
    rows: list[list[Node]]
    chains: dict[tuple[Node, Node], list[Node]]  # (from, to) → every name on the way, both ends included
    back: set[tuple[Node, Node]] = field(default_factory=set)


def lay_out(
    graph: Mapping[Node, Sequence[Node]], start: Node, sizes: Mapping[Node, tuple[int, int]], *, gap: int
) -> Layout:
    """The boxes of what can be reached from ``start``, by their sizes (width, height) in the order in which they were
    written down, at least ``gap`` apart."""
    back = returning(graph, met(graph, start, list(sizes)))
    row = depths(graph, start, back)
    placed = {node: Placed(depth, *sizes[node]) for node, depth in row.items()}
    chains: dict[tuple[Node, Node], list[Node]] = {}
    for node in row:
        for following in dict.fromkeys(graph.get(node, ())):
            if (node, following) not in back:
                chains[node, following] = _chain(node, following, placed)
    rows = _first_order(graph, start, placed, chains, back)
    links = [(a, b) for chain in chains.values() for a, b in pairwise(chain)]
    rows = _fewest_crossings(rows, links)
    _settle(rows, placed, _weights(graph, chains), gap)
    for one in placed.values():
        one.x = round(one.x)
    return Layout(placed, rows, chains, back)


def _chain(node: Node, following: Node, placed: dict[Node, Placed]) -> list[Node]:
    above, below = placed[node].row, placed[following].row
    knees: list[Node] = [("knee", node, following, row) for row in range(above + 1, below)]
    for row, knee in enumerate(knees, above + 1):
        placed[knee] = Placed(row, KNEE, 0, knee=True)
    return [node, *knees, following]


def _first_order(
    graph: Mapping[Node, Sequence[Node]],
    start: Node,
    placed: Mapping[Node, Placed],
    chains: Mapping[tuple[Node, Node], list[Node]],
    back: set[tuple[Node, Node]],
) -> list[list[Node]]:
    """As one meets them: the first way below its step, the second to the right of it, the third to the left, and on."""
    rows: list[list[Node]] = [[] for _row in range(max(one.row for one in placed.values()) + 1)]
    seen: set[Node] = set()
    waiting: list[list[Node]] = [[start]]
    while waiting:
        for node in waiting.pop():
            if node in seen:
                continue
            seen.add(node)
            rows[placed[node].row].append(node)
            if not placed[node].knee:
                following = [to for to in dict.fromkeys(graph.get(node, ())) if (node, to) not in back]
                waiting.extend(chains[node, to][1:] for to in reversed(_fanned(following)))
    return rows


def _fanned(nodes: list[Node]) -> list[Node]:
    """The first in the middle, the others alternately right and left of it."""
    return [*reversed(nodes[2::2]), *nodes[:1], *nodes[1::2]]


def _crossings(rows: Sequence[Sequence[Node]], links: Iterable[tuple[Node, Node]]) -> int:
    place = {node: (row, at) for row, names in enumerate(rows) for at, node in enumerate(names)}
    by_row: dict[int, list[tuple[int, int]]] = {}
    for above, below in links:
        by_row.setdefault(place[above][0], []).append((place[above][1], place[below][1]))
    return sum(
        (a[0] - b[0]) * (a[1] - b[1]) < 0 for pairs in by_row.values() for n, a in enumerate(pairs) for b in pairs[:n]
    )


def _fewest_crossings(rows: list[list[Node]], links: list[tuple[Node, Node]]) -> list[list[Node]]:
    """The best of a few sweeps, each ordering a row by the middle of what it hangs from; the first order wins a tie."""
    above: dict[Node, list[Node]] = {}
    below: dict[Node, list[Node]] = {}
    for a, b in links:
        above.setdefault(b, []).append(a)
        below.setdefault(a, []).append(b)
    best, fewest = rows, _crossings(rows, links)
    now = [list(row) for row in rows]
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        near, order = (above, range(1, len(now))) if sweep % 2 == 0 else (below, range(len(now) - 2, -1, -1))
        for row in order:
            beside = row - 1 if near is above else row + 1
            at = {node: n for n, node in enumerate(now[beside])}
            middle = {
                node: sum(at[o] for o in near[node]) / len(near[node]) if node in near else float(n)
                for n, node in enumerate(now[row])
            }
            now[row].sort(key=middle.__getitem__)
        found = _crossings(now, links)
        if found < fewest:
            best, fewest = [list(row) for row in now], found
    return best


def _weights(
    graph: Mapping[Node, Sequence[Node]], chains: Mapping[tuple[Node, Node], list[Node]]
) -> list[tuple[Node, Node, int]]:
    """Neighbouring names on all ways with their weight: the first way of a step to a place no other came to is main."""
    taken: set[Node] = set()
    used: set[Node] = set()
    out = []
    for (node, following), chain in chains.items():
        main = node not in used and following not in taken
        if main:
            used.add(node)
            taken.add(following)
        straight = MAIN if main else KNEES if len(chain) > 2 else 1
        out += [(a, b, straight) for a, b in pairwise(chain)]
    return out


def _settle(
    rows: Sequence[Sequence[Node]], placed: dict[Node, Placed], weights: list[tuple[Node, Node, int]], gap: int
) -> None:
    """Every row as near below and above what it hangs on as its neighbours allow; down, up, and down again."""
    above: dict[Node, list[tuple[Node, int]]] = {}
    below: dict[Node, list[tuple[Node, int]]] = {}
    for a, b, weight in weights:
        above.setdefault(b, []).append((a, weight))
        below.setdefault(a, []).append((b, weight))
    for names in rows:
        _spread(names, dict.fromkeys(names, (0.0, 1)), placed, gap)
    for sweep in range(SWEEPS + 1):
        near, order = (above, rows) if sweep % 2 == 0 else (below, list(reversed(rows)))
        for names in order:
            wanted: dict[Node, tuple[float, int]] = {}
            for node in names:
                hung = near.get(node, ())
                weight = sum(w for _other, w in hung)
                middle = sum(placed[o].x * w for o, w in hung) / weight if weight else placed[node].x
                wanted[node] = (middle, weight or 1)
            _spread(names, wanted, placed, gap)


def _spread(
    names: Sequence[Node], wanted: Mapping[Node, tuple[float, int]], placed: dict[Node, Placed], gap: int
) -> None:
    """Put a row where it wants to be with room between (least squares: neighbours that would overlap move as one)."""
    offsets, at = [], 0.0
    for n, node in enumerate(names):
        if n:
            at += (placed[names[n - 1]].width + placed[node].width) / 2 + gap
        offsets.append(at)
    groups: list[list[float]] = []  # sum of weight·place, weight, number
    for node, offset in zip(names, offsets, strict=True):
        place, weight = wanted[node]
        groups.append([(place - offset) * weight, float(weight), 1.0])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] > groups[-1][0] / groups[-1][1]:
            last = groups.pop()
            groups[-1] = [a + b for a, b in zip(groups[-1], last, strict=True)]
    places = [total / weight for total, weight, number in groups for _n in range(int(number))]
    for node, offset, place in zip(names, offsets, places, strict=True):
        placed[node].x = place + offset
