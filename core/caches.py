"""Small bounded caches inside a process. Whatever they hold can be forgotten at any moment."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

V = TypeVar("V")
_caches: list["Cache[object]"] = []
_of_the_database: list["Cache[object]"] = []
_last_commit = 0.0


def _outside() -> float | None:
    """Where there is no database, there is no transaction."""
    return None


_began: Callable[[], float | None] = _outside  # when the transaction began that is going on; ``core.db`` knows


class Cache(Generic[V]):
    """The newest ``size`` values, each for at most ``seconds`` (``None``: until pushed out). Thread-safe.

    ``until_write`` is for what was read from the database: it is forgotten at the next commit of this process, so that
    only commits of other processes are noticed ``seconds`` late.

    A value that may have been read before others were forgotten is not held: a transaction sees the state at its
    beginning, and would bring back what was forgotten meanwhile because it holds no longer.
    """

    def __init__(self, size: int, *, seconds: float | None = None, until_write: bool = False) -> None:
        self.size, self.seconds = size, seconds
        self._held: OrderedDict[object, tuple[float, V]] = OrderedDict()
        self._forgot = 0.0
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
        began = _began()
        with self._lock:
            if began is not None and began <= self._forgot:
                return
            self._held[key] = (time.monotonic(), value)
            self._held.move_to_end(key)
            while len(self._held) > self.size:
                self._held.popitem(last=False)

    def forget(self, key: object) -> None:
        """Forget one value."""
        with self._lock:
            self._held.pop(key, None)
            self._forgot = time.monotonic()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._held.clear()
            self._forgot = time.monotonic()


def transactions_begin(began: Callable[[], float | None]) -> None:
    """How to ask when (``time.monotonic()``) the transaction began that is going on; ``None`` outside of any."""
    global _began
    _began = began


def written() -> None:
    """Something was committed: forget what was read before."""
    global _last_commit
    _last_commit = time.monotonic()
    for cache in _of_the_database:
        cache.clear()


def is_current() -> bool:
    """Nothing was committed in this process since the transaction began that is going on: it sees the newest state."""
    began = _began()
    return began is None or began > _last_commit


def forget_everything() -> None:
    """Clear every cache of the process (tests do so between each other)."""
    for cache in _caches:
        cache.clear()
