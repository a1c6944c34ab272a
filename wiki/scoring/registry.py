"""What can earn something. A source that comes later registers its name here and changes nothing else.

Higher packages also fill the slot ``closed``: which months can take no more entries.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """One type of act: its name, the words for it, and where a person sees the thing itself.

    ``link`` gets the entry's ``source_id`` and ``details``.
    """

    event: str
    label: Any
    link: Callable[[int, Mapping[str, Any]], str | None]


@dataclass(frozen=True, slots=True)
class Facts:
    """A table of facts below: ``missing`` are the ids of those that have no act, ``tell`` records one of them."""

    name: str
    missing: Callable[[], Sequence[int]]
    tell: Callable[[int], None]


_sources: dict[str, Source] = {}
_facts: dict[str, Facts] = {}
_closed: list[Callable[[str], bool]] = []


def register(source: Source) -> Source:
    """Make a type of act known; registering it again replaces it."""
    _sources[source.event] = source
    return source


def sources() -> dict[str, Source]:
    """Every known type of act."""
    return dict(_sources)


def known(event: str) -> Source:
    """The type of this name.

    Raises:
        KeyError: nobody registered it.
    """
    return _sources[event]


def tell_from(facts: Facts) -> Facts:
    """Make a table of facts known to ``flask scoring rebuild``."""
    _facts[facts.name] = facts
    return facts


def facts() -> tuple[Facts, ...]:
    """Every known table of facts."""
    return tuple(_facts.values())


def close_with(closed: Callable[[str], bool]) -> None:
    """Fill the slot: ``closed('2026-11')`` says whether that month takes no more entries."""
    if closed not in _closed:
        _closed.append(closed)


def is_closed(period: str) -> bool:
    """True when the month takes no more entries."""
    return any(closed(period) for closed in _closed)
