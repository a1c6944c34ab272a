"""Past-tense facts, told inside the transaction in which they became true.

Listeners are small and idempotent and touch only our database; what leaves the building goes through ``core.outbox``.
Registration happens once, when packages are wired; order is the order of wiring, which is the order of the layers.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

Listener = Callable[[Any], None]
L = TypeVar("L", bound=Listener)
_listeners: dict[type, list[Listener]] = defaultdict(list)


def on(kind: type) -> Callable[[L], L]:
    """Register a listener for one kind of event; registering the same function twice is registering it once."""

    def register(listener: L) -> L:
        if listener not in _listeners[kind]:
            _listeners[kind].append(listener)
        return listener

    return register


def emit(event: object) -> None:
    """Call every listener of exactly this kind of event, in order; an exception rolls the whole act back."""
    for listener in _listeners.get(type(event), ()):
        listener(event)


def listeners(kind: type) -> tuple[Listener, ...]:
    """Who listens to a kind of event (for tests and the documentation)."""
    return tuple(_listeners.get(kind, ()))
