"""Who works on something longer than its lease keeps the lease alive – but not for ever, for it may hang.

One thread per process looks after all that is held in it; it begins with the first that is held.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask, current_app

log = logging.getLogger(__name__)

EVERY = 15.0  # seconds between two signs of life: four fit into a lease
LONGEST = 900.0  # seconds after which who holds something is held to hang

Prolong = Callable[[Sequence[int]], None]


@dataclass(eq=False, slots=True)
class _Held:
    app: Flask
    ids: Sequence[int]
    prolong: Prolong
    since: float
    due: float


_all: set[_Held] = set()
_lock = threading.Lock()
_keeper: threading.Thread | None = None


@contextmanager
def kept(ids: Sequence[int], prolong: Prolong) -> Iterator[None]:
    """While the block runs, ``prolong(ids)`` is called every ``EVERY`` seconds, in another thread."""
    now = time.monotonic()
    held = _Held(current_app._get_current_object(), ids, prolong, now, now + EVERY)  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own way
    with _lock:
        _all.add(held)
        _make_sure()
    try:
        yield
    finally:
        with _lock:
            _all.discard(held)


def _make_sure() -> None:
    global _keeper
    if _keeper is None or not _keeper.is_alive():  # a fork takes no threads along
        _keeper = threading.Thread(target=_look_after, name="lease-keeper", daemon=True)
        _keeper.start()


def _look_after() -> None:
    while True:
        time.sleep(EVERY / 15)
        look(time.monotonic())


def look(now: float) -> None:
    """Give a sign of life for everything whose turn it is at ``now`` (of the monotonic clock)."""
    with _lock:
        due = [held for held in _all if held.due <= now and now - held.since < LONGEST]
    for held in due:
        held.due = now + EVERY
        try:
            with held.app.app_context():
                held.prolong(held.ids)
        except Exception:
            log.exception("a lease could not be prolonged; whoever takes the work over does it again")
