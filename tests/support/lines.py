"""A line between two parties on this machine that can be cut, silenced and mended.

with Line("/run/postgres/.s.PGSQL.5432") as line:     # or a port; or several, taken in turn
    line.port                                         # what the one party connects to
    line.state = "cut"                                # opens | cut (refused, and all that was open is gone) | silent

``silent``: what is said arrives nowhere, and nobody is told – as behind a firewall that forgot the connection.
"""

import contextlib
import itertools
import selectors
import socket
import threading
from types import TracebackType


class Line:
    """Listens on ``port`` of this machine (``host`` may be another of its addresses)."""

    def __init__(self, *targets: int | str | tuple[str, int], host: str = "127.0.0.1") -> None:
        self._targets = itertools.cycle(targets)
        self._count = len(targets)
        self._state = "opens"
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._guard = threading.Lock()
        self._listener = socket.create_server((host, 0), backlog=256)
        self.port = int(self._listener.getsockname()[1])

    @property
    def state(self) -> str:
        return self._state

    @state.setter
    def state(self, state: str) -> None:
        self._state = state
        if state == "cut":
            with self._guard:
                pairs = list(self._pairs)
            for pair in pairs:
                _hang_up(*pair)

    def _accept(self) -> None:
        while True:
            try:
                caller, _address = self._listener.accept()
            except OSError:
                return
            if self._state == "cut":
                caller.close()
                continue
            threading.Thread(target=self._carry, args=(caller,), daemon=True).start()

    def _carry(self, caller: socket.socket) -> None:
        answerer = self._reached()
        if answerer is None:
            caller.close()
            return
        pair = (caller, answerer)
        with self._guard:
            self._pairs.add(pair)
        try:
            with selectors.DefaultSelector() as watch:
                watch.register(caller, selectors.EVENT_READ, answerer)
                watch.register(answerer, selectors.EVENT_READ, caller)
                while True:
                    for key, _mask in watch.select():
                        said = key.fileobj.recv(65536)  # type: ignore[union-attr]  # they are the two sockets
                        if not said:
                            return
                        if self._state == "opens":
                            key.data.sendall(said)
        except (OSError, ValueError):
            return
        finally:
            _hang_up(*pair)
            with self._guard:
                self._pairs.discard(pair)

    def _reached(self) -> socket.socket | None:
        """The next party that takes the call."""
        for _try in range(self._count):
            target = next(self._targets)
            with contextlib.suppress(OSError):
                if isinstance(target, str):
                    found = socket.socket(socket.AF_UNIX)
                    found.connect(target)
                    return found
                return socket.create_connection(("127.0.0.1", target) if isinstance(target, int) else target, 10)
        return None

    def __enter__(self) -> "Line":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.state = "cut"


def _hang_up(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
