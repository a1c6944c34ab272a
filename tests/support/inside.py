"""The server that comes with the product, in the process of a test: ``with serving(app) as port:``."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from flask import Flask
from waitress.server import create_server


@contextlib.contextmanager
def serving(app: Flask, *, threads: int = 2, **words: Any) -> Iterator[int]:
    """The port on which it answers; at the end nothing of it is left.

    Waitress' own ``close()`` lets go of the pipe that wakes its loop while its threads may still write to it, by
    number. By then the number may belong to the next test's database: a byte in it, and "file is not a database".
    So first the threads end, then the loop, then the pipe.
    """
    server = create_server(app, host="127.0.0.1", port=0, threads=threads, **words)
    ending = threading.Event()

    def loop() -> None:
        while not ending.is_set():
            server.asyncore.loop(timeout=1, map=server._map, use_poll=True, count=1)

    turning = threading.Thread(target=loop, daemon=True)
    turning.start()
    try:
        yield server.effective_port
    finally:
        server.task_dispatcher.shutdown(timeout=60)
        assert not server.task_dispatcher.threads, "a request of this test never ends"
        ending.set()
        server.pull_trigger()
        turning.join()
        for channel in list(server.active_channels.values()):
            channel.handle_close()
        server.close()
