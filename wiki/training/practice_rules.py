"""The pure decisions of courses that are more than lessons: one order of steps, seats, signatures, what comes first.

A course is written down as one row of keys: 'module:3', 'lesson:5', 'quiz:2', 'session:1', 'task:4'. What stands after
a module belongs to it, up to the next one; what stands before the first belongs to none.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum

MODULE = "module:"
STEPS = ("lesson", "session", "task", "quiz")  # the order of what nobody has placed yet


class Verdict(StrEnum):
    """What was said about a task that somebody called done."""

    SIGNED = "signed"
    SENT_BACK = "sent_back"


def arranged(there: Sequence[str], wanted: Iterable[str]) -> list[str]:
    """What is there, in the order wanted; each once, nothing that is not there, and what nobody named at the end."""
    known, order = set(there), list[str]()
    for key in [*wanted, *there]:
        if key in known:
            known.discard(key)
            order.append(key)
    return order


def moved(order: Sequence[str], key: str, way: str) -> list[str]:
    """One place ``up`` or ``down``; a module takes its steps along, past the whole neighbour. Nothing at the ends."""
    if key not in order or way not in {"up", "down"}:
        return list(order)
    blocks = [[one] for one in order] if not key.startswith(MODULE) else _blocks(order)
    here = next(at for at, block in enumerate(blocks) if block[0] == key)
    there = here - 1 if way == "up" else here + 1
    first = 1 if key.startswith(MODULE) and blocks and not blocks[0][0].startswith(MODULE) else 0
    if first <= there < len(blocks):
        blocks[here], blocks[there] = blocks[there], blocks[here]
    return [one for block in blocks for one in block]


def _blocks(order: Sequence[str]) -> list[list[str]]:
    blocks: list[list[str]] = []
    for key in order:
        if key.startswith(MODULE) or not blocks:
            blocks.append([])
        blocks[-1].append(key)
    return blocks


def grouped(order: Sequence[str]) -> list[tuple[str | None, list[str]]]:
    """Modules (``None``: before the first one) with their steps; what is before the first only when there is any."""
    found: list[tuple[str | None, list[str]]] = []
    for block in _blocks(order):
        head = block[0] if block[0].startswith(MODULE) else None
        found.append((head, block[1:] if head else block))
    return found


def seats_left(capacity: int | None, taken: int) -> int | None:
    """How many more may say that they come; ``None``: as many as want."""
    return None if capacity is None else max(0, capacity - taken)


def closes_a_circle(needs: Mapping[int, Collection[int]], course: int, wanted: int) -> list[int]:
    """The way from ``wanted`` back to ``course`` over what courses need, if there is one: then it cannot be needed.

    The way begins with ``wanted`` and ends with ``course``; empty: no circle.
    """
    ways, seen = [[wanted]], {wanted}
    while ways:
        way = ways.pop(0)
        if way[-1] == course:
            return way
        for after in sorted(needs.get(way[-1], ())):
            if after not in seen:
                seen.add(after)
                ways.append([*way, after])
    return []
