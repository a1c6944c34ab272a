"""PostgreSQL that hangs is waited for with patience, not for ever: a request gets its 503, and its thread is free.

A machine that vanished is noticed by the network after minutes, and a server that takes calls and says nothing never
is. So every wait has an end. Whether only this statement was slow or nobody is there, is asked by cancelling it: when
that goes unanswered too, everybody is refused for ``PAUSE`` seconds without waiting, and then asks with short patience.
"""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import has_request_context

if TYPE_CHECKING:
    import psycopg  # a site on SQLite does without its eight megabytes

IN_REQUESTS = 20.0  # seconds for each statement of a request
IN_WORK = 300.0  # of the worker's; a command of an administrator may take as long as it likes
ASKING = 3.0  # for an answer to the cancellation, and for each statement while the server is not trusted again
PAUSE = 5.0
CONNECT = 10  # for a new connection
# The other way round: what a machine of ours held when it vanished – a lock, a key – the server lets go of after about
# 25 s. Left to itself it asks after two hours whether anybody is there. (To a socket's file they mean nothing.)
LETS_GO = {
    "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
}  # fmt: skip


class Watch:
    """What one process knows of one server."""

    def __init__(self) -> None:
        self._silent_until = 0.0
        self._wary = False

    def patience(self) -> float | None:
        """Seconds that the next wait may take.

        Raises:
            psycopg.OperationalError: it fell silent a moment ago.
        """
        if time.monotonic() < self._silent_until:
            import psycopg

            raise psycopg.OperationalError("the server did not answer a moment ago")
        usual = IN_REQUESTS if has_request_context() else IN_WORK
        if threading.current_thread() is threading.main_thread() and not has_request_context():
            return ASKING if self._wary else None
        return ASKING if self._wary else usual

    def answered(self) -> None:
        """It is there."""
        self._wary = False

    def fell_silent(self) -> None:
        """Nobody is there: for a while everybody is refused at once."""
        self._silent_until, self._wary = time.monotonic() + PAUSE, True


def connector(watch: Watch) -> "Callable[..., psycopg.Connection[Any]]":
    """Makes connections whose every wait has an end."""
    import psycopg

    class Patient(psycopg.Connection[Any]):
        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            allowed = watch.patience() if timeout is None else timeout
            began = time.monotonic()
            try:
                found = super().wait(gen, interval, allowed)
            except psycopg.OperationalError as error:
                if timeout is None and allowed is not None and time.monotonic() - began >= allowed:
                    self._give_up(allowed, error)
                raise
            watch.answered()
            return found

        def _give_up(self, allowed: float, error: psycopg.OperationalError) -> None:
            try:
                self.cancel_safe(timeout=ASKING)
            except psycopg.Error:
                watch.fell_silent()
            self.pgconn.finish()  # what it was doing is unknown, so it is of no use to anybody
            raise psycopg.OperationalError(f"the server did not answer within {allowed:g} s") from error

    def connect(*words: Any, **about: Any) -> psycopg.Connection[Any]:
        watch.patience()
        try:
            return _watched(Patient.connect(*words, **about))
        except psycopg.errors.ConnectionTimeout:
            watch.fell_silent()
            raise

    return connect


def _watched(found: "psycopg.Connection[Any]") -> "psycopg.Connection[Any]":
    """The server notices when this machine is gone."""
    words = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in LETS_GO.items())
    found.execute(f"SELECT {words}".encode())
    found.commit()
    return found
