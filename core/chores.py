"""What has to be done now and then: registered by the packages, run by the worker, each in a transaction of its own."""

import logging
import time
from collections.abc import Callable

from core import watch
from core.db import writing

log = logging.getLogger(__name__)
Chore = Callable[[], None]
AGAIN = 60.0  # seconds until one that failed is tried again: what it failed of may be over by then
_chores: dict[Chore, float] = {}
_done: dict[Chore, float] = {}


def chore(*, every: float) -> Callable[[Chore], Chore]:
    """Register a function that the worker calls every so many seconds, inside a ``writing()`` block."""

    def register(function: Chore) -> Chore:
        _chores[function] = every
        return function

    return register


def run_due() -> None:
    """Do what is due (needs an application context). A chore that fails is logged, and tried again within a minute."""
    now = time.monotonic()
    for function, every in _chores.items():
        if now - _done.get(function, float("-inf")) < every:
            continue
        _done[function] = now
        try:
            with watch.chore(function.__qualname__), writing():
                function()
        except Exception:
            log.exception("the chore %s failed", function.__qualname__)
            _done[function] = now - max(0.0, every - AGAIN)
