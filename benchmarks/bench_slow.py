"""People who are slow on purpose: 600 connections hold half a request each, and the process is asked if it lives."""

import contextlib
import socket

from benchmarks.centres import server
from benchmarks.harness import Figure, benchmark
from benchmarks.load import each_once

HALVES = (
    b"",
    b"GET /login HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nu",
)
EACH = 200


@benchmark("/healthz beside 600 slow connections, the slowest of 200", unit="ms", target=100)
def slow() -> Figure:
    """Idle, half a head, half a body."""
    place = server(1)
    with contextlib.ExitStack() as held:
        for words in HALVES:
            for _ in range(EACH):
                one = held.enter_context(socket.create_connection(("127.0.0.1", place.port), timeout=30))
                one.sendall(words)
        load = each_once(place.base, ["/healthz"] * 200, connections=1, seconds=60)
        if load.errors:
            raise RuntimeError(f"{load.errors} of 200 were not answered")
        return Figure(max(load.times), f"{3 * EACH} connections held")
