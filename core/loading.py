"""The collector looks away while a process loads its modules: nothing of them goes again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """What is made inside stays for good. Walking through it again and again took a quarter of every start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
