"""What runs beside the answers in every serving process: the worker of the outbox, the flusher, signs of life."""

import gc
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from core import chores
from core.buffers import Flusher
from core.heaps import give_back
from core.hosts import Pulse
from core.outbox import Worker
from core.settings import Settings

log = logging.getLogger(__name__)
LEAVES = 7.0  # seconds: longer than the proxies in deploy/ keep a line that is not used, or shun a machine that failed
_leaving = False


class Caretaker(threading.Thread):
    """Does what each machine does for itself, in a process that leaves all other work to workers."""

    def __init__(self, app: Flask, *, every: float = 10.0) -> None:
        super().__init__(name="caretaker", daemon=True)
        self.app, self.every = app, every
        self.stopping = threading.Event()

    def run(self) -> None:
        while not self.stopping.wait(self.every):
            try:
                with self.app.app_context():
                    chores.run_due(local=True)
            except Exception as error:  # noqa: BLE001 - a database that is away comes back
                log.warning("what this machine does for itself waits: %s", (str(error).splitlines() or [""])[0])

    def hurry(self) -> None:
        """Begin nothing more."""
        self.stopping.set()

    def stop(self) -> None:
        """What is in hand is done."""
        self.hurry()
        self.join(timeout=20)


class Beside:
    """The threads of one process. ``drain``: it also does what leaves the database (else ``flask worker`` does)."""

    def __init__(self, app: Flask, *, role: str = "web", drain: bool = True) -> None:
        self.app = app
        self.pulse = Pulse(app, role)
        self.flusher = Flusher(app)
        self.worker: Worker | Caretaker = Worker(app) if drain else Caretaker(app)

    def start(self) -> None:
        """All of them run."""
        self.pulse.start()
        self.flusher.start()
        self.worker.start()

    def hurry(self) -> None:
        """Nothing new is begun; what is in hand goes on while the last requests are answered."""
        self.worker.hurry()

    def stop(self) -> None:
        """The job in hand is done, what was buffered is written, the process has signed off."""
        self.worker.stop()
        self.flusher.stop()
        self.pulse.stop()
        self.app.extensions["spiral.database"].close()


def leave(settings: Settings) -> float:
    """This process is told to end, and says so to those who ask whether to send people here. Answers for how many
    seconds it goes on letting people in: until the proxy has put others in its place, where there may be others."""
    global _leaving
    _leaving = True
    return LEAVES if settings.proxies and not settings.database.startswith("sqlite") else 0.0


def is_leaving() -> bool:
    """Whether this process has been told to end."""
    return _leaving


_beforehand: list[Callable[[], Any]] = []


def beforehand(read: Callable[[], Any]) -> None:
    """Have every serving process read this before it answers (a dictionary that the first question would wait for)."""
    if read not in _beforehand:
        _beforehand.append(read)


def ready() -> None:
    """All of that is read; before a fork the processes have it in common."""
    for read in _beforehand:
        read()


def settle() -> None:
    """What is there by now stays: the collector need not look at it again. Walking through 200,000 objects of modules
    and tables took 60 ms and more, and everybody who asked in that moment waited. What the start needed and is free
    again (migrations, a demo) goes back to the machine."""
    ready()
    gc.collect()
    give_back()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    # A decision lets go of the interpreter at each of its statements. At the usual 5 ms it would wait that long each
    # time for a worker that is busy writing notices (p99 of a decision was 150 ms so). At 0.5 ms two questions that are
    # answered at once take each other's turns instead of ending one after the other (p99 of a search 27 to 32 ms, at
    # this value 23 to 25).
    sys.setswitchinterval(0.002)
