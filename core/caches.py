"""Small bounded caches inside a process. Whatever they hold can be forgotten at any moment."""

import threading
import time
from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")
_caches: list["Cache[object]"] = []
_of_the_database: list["Cache[object]"] = []


class Cache(Generic[V]):
    """The newest ``size`` values, each for at most ``seconds`` (``None``: until pushed out). Thread-safe.

    ``until_write`` is for what was read from the database: it is forgotten at the next commit of this process, so that
    only commits of other processes are noticed ``seconds`` late.
    """

    def __init__(self, size: int, *, seconds: float | None = None, until_write: bool = False) -> None:
        self.size, self.seconds = size, seconds
        self._held: OrderedDict[object, tuple[float, V]] = OrderedDict()
        self._lock = threading.Lock()
        _caches.append(self)  # type: ignore[arg-type]  # only ever cleared through these lists
        if until_write:
            _of_the_database.append(self)  # type: ignore[arg-type]

    def get(self, key: object) -> V | None:
        """The value, or ``None`` when it is not held any more."""
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            if self.seconds is not None and time.monotonic() - found[0] > self.seconds:
                del self._held[key]
                return None
            self._held.move_to_end(key)
            return found[1]

    def put(self, key: object, value: V) -> None:
        """Hold the value; the one not asked for longest goes when there is no room."""
        with self._lock:
            self._held[key] = (time.monotonic(), value)
            self._held.move_to_end(key)
            while len(self._held) > self.size:
                self._held.popitem(last=False)

    def forget(self, key: object) -> None:
        """Forget one value."""
        with self._lock:
            self._held.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._held.clear()


def written() -> None:
    """Something was committed: forget what was read before."""
    for cache in _of_the_database:
        cache.clear()


def forget_everything() -> None:
    """Clear every cache of the process (tests do so between each other)."""
    for cache in _caches:
        cache.clear()
