"""A lock that is had in the order in which it was asked for."""

import threading
from collections import deque


class Line:
    """Whoever asks stands behind those who wait; the usual locks and queues let a newcomer pass them."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    def join(self, timeout: float) -> bool:
        """True when it is our turn, which ends with ``leave()``; false after so many seconds without."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=timeout):
            return True
        with self._guard:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return False
        return True  # it became our turn in that very moment

    def leave(self) -> None:
        """The next one has it."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
