"""The embedded server ends without cutting anybody off: who was let in is answered, and told to come elsewhere next.

Waitress by itself ends abruptly. What was accepted by the kernel and not yet by us, and what has been accepted and has
not spoken yet, are requests, too: their senders see a connection, not a refusal.
"""

import time
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

GRACE = 0.3  # seconds for what is on its way over a connection that was answered before
FIRST_WORD = 2.0  # seconds for the first byte over a connection that is new
SLOW = 5.0  # seconds for the rest of a request that has begun; who is slower is cut off


class _Task(WSGITask):
    stays = False

    def build_response_header(self) -> bytes:
        if self.channel.server.ending:
            self.set_close_on_finish()
        # What has no body – 304 to a browser that has the page – ends with its head. Waitress hangs up behind it,
        # because no length is told: the next question would pay for a new connection.
        self.stays = not self.has_body and self.version == "1.1" and not self.close_on_finish and not self._is_last()
        found: bytes = super().build_response_header()
        self.stays = False
        return found

    def _is_last(self) -> bool:
        return bool(self.request.headers.get("CONNECTION", "").lower() == "close")

    def set_close_on_finish(self) -> None:
        if not self.stays:
            super().set_close_on_finish()


class Channel(HTTPChannel):
    """A connection that knows whether anything was ever said over it."""

    task_class = _Task
    spoken = False

    def received(self, data: bytes) -> Any:
        self.spoken = True
        return super().received(data)

    def is_busy(self, since: float) -> bool:
        """Whether somebody waits for an answer here, ``since`` seconds after the end began."""
        if self.requests or self.total_outbufs_len:
            return True
        if not self.spoken:
            return since < FIRST_WORD
        return since < (SLOW if self.request is not None else GRACE)


def prepare(server: Any) -> None:
    """Connections of this server can be drained."""
    server.ending = False
    server.channel_class = Channel


def drain(server: Any, *, stays: float, patience: float) -> None:
    """Every answer says from now on that it was the last over its line. After ``stays`` seconds, in which the proxy
    puts others in our place, no new connection is taken; returns when every answer that was asked for has been sent,
    or ``patience`` seconds later."""
    server.ending = True
    closing = time.monotonic() + stays
    while (now := time.monotonic()) < closing:
        server.asyncore.loop(timeout=min(0.5, closing - now), map=server._map, use_poll=True, count=1)  # noqa: SLF001
    began = time.monotonic()
    known = -1
    while known != len(server.active_channels):  # those that the kernel has let in already
        known = len(server.active_channels)
        server.handle_accept()
    server.del_channel(server._map)  # noqa: SLF001 - waitress has no word for this
    server.socket.close()
    while (now := time.monotonic()) < began + patience:
        if not any(channel.is_busy(now - began) for channel in list(server.active_channels.values())):
            return
        server.asyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)  # noqa: SLF001 - as above
