"""Questions about arrows between things: what can be reached, what comes to an end, where a circle closes.

Pure functions over ``{node: [nodes it leads to]}``; a node that is only led to counts as one that leads nowhere. None
of them calls itself: a chain may be as long as a process of two hundred steps, or of any other length.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from heapq import heappop, heappush
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def reachable(graph: Mapping[N, Sequence[N]], starts: Iterable[N]) -> set[N]:
    """Every node that can be come to from these, themselves included."""
    found = set(starts)
    waiting = list(found)
    while waiting:
        for following in graph.get(waiting.pop(), ()):
            if following not in found:
                found.add(following)
                waiting.append(following)
    return found


def reversed_ways(graph: Mapping[N, Sequence[N]]) -> dict[N, list[N]]:
    """The same arrows, pointing back."""
    out: dict[N, list[N]] = {node: [] for node in graph}
    for node, ways in graph.items():
        for following in ways:
            out.setdefault(following, []).append(node)
    return out


def comes_to(graph: Mapping[N, Sequence[N]], goals: Iterable[N]) -> set[N]:
    """Every node from which one of these can be come to, themselves included."""
    return reachable(reversed_ways(graph), goals)


def dangling(graph: Mapping[N, Sequence[N]], known: Iterable[N]) -> list[tuple[N, N]]:
    """Arrows (from, to) whose tip is none of these, in order."""
    there = set(known)
    return [(node, following) for node, ways in graph.items() for following in ways if following not in there]


def met(graph: Mapping[N, Sequence[N]], start: N, order: Sequence[N]) -> list[N]:
    """What can be reached from ``start``, in the order given as far as each thing comes after one that leads to it."""
    place = {node: n for n, node in enumerate(order)}
    out: list[N] = []
    seen = {start}
    waiting = [(-1, 0, start)]
    while waiting:
        _place, _number, node = heappop(waiting)
        out.append(node)
        for following in graph.get(node, ()):
            if following not in seen:
                seen.add(following)
                heappush(waiting, (place.get(following, len(place)), len(seen), following))
    return out


def returning(graph: Mapping[N, Sequence[N]], order: Sequence[N]) -> set[tuple[N, N]]:
    """The arrows that lead back: to what stands no later in ``order`` and comes here again. What is not in it is last.

    Without them no circle is left: walking a circle one must at some arrow come back to something no later.
    """
    place = {node: n for n, node in enumerate(order)}
    last = len(place)
    come: dict[N, set[N]] = {}
    back: set[tuple[N, N]] = set()
    for node, ways in graph.items():
        for following in ways:
            if place.get(following, last) <= place.get(node, last):
                if following not in come:
                    come[following] = reachable(graph, [following])
                if node in come[following]:
                    back.add((node, following))
    return back


def depths(graph: Mapping[N, Sequence[N]], start: N, back: Collection[tuple[N, N]]) -> dict[N, int]:
    """How far below ``start`` each reachable node stands when every arrow but those that lead ``back`` points down."""
    come = reachable(graph, [start])
    named = dict.fromkeys([start, *graph, *(to for ways in graph.values() for to in ways)])
    there = [node for node in named if node in come]  # in the order in which they were named, in every process
    down = {node: [to for to in dict.fromkeys(graph.get(node, ())) if (node, to) not in back] for node in there}
    waits = dict.fromkeys(there, 0)
    for ways in down.values():
        for following in ways:
            waits[following] += 1
    depth = dict.fromkeys(there, 0)
    ready = [node for node in there if waits[node] == 0]
    while ready:
        node = ready.pop()
        for following in down[node]:
            depth[following] = max(depth[following], depth[node] + 1)
            waits[following] -= 1
            if waits[following] == 0:
                ready.append(following)
    return depth
