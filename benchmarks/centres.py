"""The centres that several benchmarks share: made once per run, and gone at its end."""

import atexit
import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.harness import BIG, shared
from benchmarks.world import Centre, build
from core import outbox
from core.db import reading
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
        return found

    return shared(f"server {times}", start)


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
        _let_settle(library(times))
        return found

    return shared(f"reading room {times}", start)


def _let_settle(place: Centre, longest: float = 120) -> None:
    end = time.monotonic() + longest
    quiet = 0
    while quiet < 3 and time.monotonic() < end:
        time.sleep(5)
        with place.app.app_context(), reading():
            quiet = 0 if outbox.waiting() else quiet + 1
