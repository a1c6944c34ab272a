"""Work that nobody waits for and that takes long: it rests, so that those who do wait have the interpreter.

Threads share one interpreter in turn, and a thread that is busy for seconds makes everybody else wait twice as long:
gathering the words of search at 10,000 articles took the p99 of a search from 25 ms to 190. So each piece begins when
nobody of this process is being answered, and where somebody was a moment ago the rests are longer.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

LANE = "gently"  # the lane of the outbox for such work: what rests must not hold up the rest
STRETCH = 0.01  # seconds of processor time without a rest
REST = 9  # times as long as the work took
REST_BUSY = 29  # the same while people are being answered
LONGEST_REST = 1.0  # seconds
GIVES_WAY = 0.5  # seconds that a piece waits at most for those who are being answered
MOMENT = 1.0  # seconds after an answer in which the next one is likely

T = TypeVar("T")
_answered: set[int] = set()  # the threads that answer; adding and discarding need no lock
_last = float("-inf")


def giving_way(app: Callable[..., Any]) -> Callable[..., Any]:
    """The same WSGI application; gentle work knows of its requests."""

    def answer(environ: Any, start_response: Any) -> Any:
        global _last
        me = threading.get_ident()
        _answered.add(me)
        try:
            return app(environ, start_response)
        finally:
            _answered.discard(me)
            _last = time.monotonic()

    return answer


def _busy() -> bool:
    return bool(_answered) or time.monotonic() - _last < MOMENT


def _give_way() -> None:
    until = time.monotonic() + GIVES_WAY
    while _answered and time.monotonic() < until:
        time.sleep(0.003)


def gently(items: Iterable[T]) -> Iterator[T]:
    """The same, with rests between them; no transaction may be open, for the rests are long."""
    began = time.thread_time()
    _give_way()
    for item in items:
        yield item
        spent = time.thread_time() - began
        if spent >= STRETCH:
            time.sleep(min(LONGEST_REST, (REST_BUSY if _busy() else REST) * spent))
            _give_way()
            began = time.thread_time()
