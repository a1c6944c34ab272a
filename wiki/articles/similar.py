"""Search before create: what is already here under a similar title. A slot that ``wiki.search`` fills."""

from collections.abc import Callable
from typing import Any

from core.actors import Actor

Finder = Callable[[Actor, str], list[dict[str, Any]]]
_finder: list[Finder] = []


def register(finder: Finder) -> None:
    """Fill the slot; the last one wins."""
    _finder[:] = [finder]


def like(actor: Actor, title: str) -> list[dict[str, Any]]:
    """``{title, url, state, note, slug}`` of at most five similar pieces the person may read."""
    if not _finder or len(title.strip()) < 2:
        return []
    return _finder[0](actor, title.strip()[:200])
