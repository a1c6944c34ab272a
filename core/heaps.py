"""How the memory of this process is laid out. Where another library than the GNU one is, nothing is changed."""

import contextlib
import ctypes
import os

HEAPS = 2
_M_ARENA_MAX = -8  # of malloc.h


def few_heaps() -> None:
    """From now on the threads of this process share two heaps (before any thread; ``MALLOC_ARENA_MAX`` goes before).

    The GNU library gives each thread a heap of its own, up to eight for each core. Sixteen threads that answer in turn
    fill each with what its largest answer needed, and what is free in one is of no use to the others: after five
    minutes of work 77 MB were free and kept, and it went on. Waiting for a heap costs little: one thread runs at a
    time.
    """
    if "MALLOC_ARENA_MAX" not in os.environ:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, HEAPS)


def give_back() -> None:
    """What is free goes back to the machine."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
