"""A wire to a server on this machine that can be cut, held, or made to lose half of what is said.

with Wire(("127.0.0.1", 5432)) as wire:     # or the path of a socket; wire.port leads there
    wire.mode = "hangs"                     # opens | hangs | refuses | truncates
    wire.cut()                              # whoever is connected is so no more
"""

import contextlib
import selectors
import socket
import threading
from types import TracebackType

MODES = ("hangs", "refuses", "truncates")


class Wire:
    """Everything goes through one thread; ``mode`` counts from the next bytes on."""

    def __init__(self, behind: tuple[str, int] | str) -> None:
        self.behind = behind
        self.mode = "opens"
        self.calls = 0
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._from_server: set[socket.socket] = set()
        self._selector = selectors.DefaultSelector()
        self._ending = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Wire":
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join(5)
        self.cut()
        self._listener.close()
        self._selector.close()

    def cut(self) -> None:
        """Nobody is connected any more."""
        for one in list(self._pairs):
            self._drop(one)

    def _run(self) -> None:
        while not self._ending.is_set():
            for key, _events in self._selector.select(0.02):
                one = key.fileobj
                assert isinstance(one, socket.socket)
                if one is self._listener:
                    self._call()
                elif self.mode != "hangs" and one in self._pairs:
                    self._pass_on(one)
            if self.mode == "hangs":
                self._ending.wait(0.02)  # what was said stays unread

    def _call(self) -> None:
        caller, _address = self._listener.accept()
        self.calls += 1
        if self.mode == "refuses":
            caller.close()
            return
        onward = socket.socket(socket.AF_UNIX if isinstance(self.behind, str) else socket.AF_INET)
        onward.connect(self.behind)
        self._pairs |= {caller: onward, onward: caller}
        self._from_server.add(onward)
        for one in (caller, onward):
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket) -> None:
        try:
            data = one.recv(65536)
            if data and self.mode == "truncates" and one in self._from_server:
                self._pairs[one].sendall(data[: len(data) // 2])
                data = b""
            if data:
                self._pairs[one].sendall(data)
                return
        except OSError:
            pass
        self._drop(one)

    def _drop(self, one: socket.socket) -> None:
        other = self._pairs.pop(one, None)
        for each in (one, other):
            if each is not None:
                self._pairs.pop(each, None)
                self._from_server.discard(each)
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(each)
                each.close()
