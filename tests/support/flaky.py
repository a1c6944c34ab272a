"""A door before a real server on this machine that can be shut in every way in which servers fail.

with Door(port) as door:          # door.port leads to port
    door.mode = "hangs"           # opens | hangs | refuses | errs | truncates
    door.failing = "indexing"     # tasks are accepted, and told as failed later
"""

import contextlib
import http.client
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

MODES = ("hangs", "refuses", "errs", "truncates")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    door: "Door"

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self) -> None:
        self.door.calls += 1
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.close_connection = True
        mode = self.door.mode
        if mode == "hangs":
            self.door.released.wait(30)
        elif mode == "refuses":
            self.connection.shutdown(socket.SHUT_RDWR)
        elif mode == "errs":
            self._send(500, b'{"message": "out of order", "code": "internal", "type": "internal"}')
        else:
            self._pass_on(body, truncated=mode == "truncates")

    def _pass_on(self, body: bytes, *, truncated: bool) -> None:
        onward = http.client.HTTPConnection("127.0.0.1", self.door.behind, timeout=20)
        names = ("Authorization", "Content-Type")
        headers = {name: value for name in names if (value := self.headers.get(name))}
        onward.request(self.command, self.path, body or None, headers)
        answer = onward.getresponse()
        data = answer.read()
        onward.close()
        if self.door.failing and self.path.startswith("/tasks/"):
            data = json.dumps({**json.loads(data), "status": "failed", "error": self.door.failing}).encode()
        if truncated:
            self._send(answer.status, data, told=len(data))
        else:
            self._send(answer.status, data)

    def _send(self, status: int, data: bytes, *, told: int | None = None) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(data if told is None else data[: len(data) // 2])


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    setattr(_Handler, f"do_{_method}", _Handler._answer)


class Door:
    """Listens on `port`; `behind` is the port of the real server."""

    def __init__(self, behind: int) -> None:
        self.behind = behind
        self.mode = "opens"
        self.failing: dict[str, str] | None = None
        self.calls = 0
        self.released = threading.Event()
        handler = type("Handler", (_Handler,), {"door": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self) -> "Door":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
