"""Work that nobody waits for and that takes long: it rests, so that those who do wait have the interpreter.

Threads share one interpreter in turn, and a thread that is busy for seconds makes everybody else wait twice as long:
gathering the words of search at 10,000 articles took the p99 of a search from 25 ms to 190.
"""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

LANE = "gently"  # the lane of the outbox for such work: what rests must not hold up the rest
STRETCH = 0.01  # seconds of processor time without a rest
REST = 9  # times as long as the work took
LONGEST_REST = 0.5  # seconds

T = TypeVar("T")


def gently(items: Iterable[T]) -> Iterator[T]:
    """The same, with rests between them; no transaction may be open, for the rests are long."""
    began = time.thread_time()
    for item in items:
        yield item
        spent = time.thread_time() - began
        if spent >= STRETCH:
            time.sleep(min(LONGEST_REST, REST * spent))
            began = time.thread_time()
