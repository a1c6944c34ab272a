"""How often somebody asked, counted in memory. The library's own counter starts a thread with every request."""

import threading
import time

from limits.storage import MemoryStorage

SCHEME = "counted"
SWEEP = 1.0  # seconds between two looks for counts whose time is over


class Counted(MemoryStorage):
    """Counts by key, each for its time."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - the library's way to be told

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: str) -> None:
        self._guard = threading.Lock()
        self._sweep_at = 0.0
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """The count of this key with this one, since its time began."""
        now = time.time()
        with self._guard:
            if now >= self._sweep_at:
                self._sweep_at = now + SWEEP
                for old in [each for each, until in self.expirations.items() if until <= now]:
                    self._forget(old)
            if self.expirations.get(key, 0.0) <= now:
                self._forget(key)
                self.expirations[key] = now + expiry
            self.storage[key] += amount
            return self.storage[key]

    def _forget(self, key: str) -> None:
        self.storage.pop(key, None)
        self.expirations.pop(key, None)
