"""The centres that several benchmarks share: made once per run, and gone at its end."""

import atexit
import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.harness import BIG, shared
from benchmarks.load import processor
from benchmarks.world import Centre, build
from tests.support.server import Server

BASE = 10_000 if BIG else 1_000  # articles and open reviews at 1 ×; the ledger has ten times as many entries
SHELF = 100_000 if BIG else 10_000  # articles of a library at 1 ×


def folder(name: str) -> Path:
    """A place of this run's own."""
    place = Path(tempfile.mkdtemp(prefix=f"spiral-bench-{name}-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


def centre(times: int) -> Centre:
    """A centre of ``times`` the base size."""
    size = BASE * times
    return shared(
        f"centre {times}",
        lambda: build(folder("centre"), articles=size, reviews=size, entries=10 * size),
    )


def server(times: int) -> Server:
    """The product serving that centre."""

    def start() -> Server:
        found = centre(times).serve()
        atexit.register(found.kill)
        return rested(found)

    return shared(f"server {times}", start)


def rested(server: Server, *, patience: float = 120) -> Server:
    """What a server does behind the answers after its first start over a new base – words, figures, links – is done,
    or ``patience`` seconds have passed: three seconds in a row it uses next to nothing of a processor."""
    assert server.process
    end, calm = time.monotonic() + patience, 0
    time.sleep(5)  # what is due at a start is taken up within moments
    while calm < 3 and time.monotonic() < end:
        before = processor(server.process.pid)
        time.sleep(1)
        calm = calm + 1 if processor(server.process.pid) - before < 0.06 else 0
    return server


def library(times: int) -> Centre:
    """Articles to be found and nothing beside them: what it takes to promise something about 100,000 or a million."""
    return shared(
        f"library {times}",
        lambda: build(folder("library"), articles=SHELF * times, reviews=0, entries=0),
    )


def reading_room(times: int) -> Server:
    """The product serving that library, its first minute over: then what a fresh base has waiting behind it is done."""

    def start() -> Server:
        found = library(times).serve()
        atexit.register(found.kill)
        return rested(found)

    return shared(f"reading room {times}", start)
