"""What runs beside the answers in every serving process: the worker of the outbox, the flusher, signs of life."""

import gc
import sys

from flask import Flask

from core.buffers import Flusher
from core.heaps import give_back
from core.hosts import Pulse
from core.outbox import Worker


class Beside:
    """The threads of one process. ``drain``: it also does what leaves the database (else ``flask worker`` does)."""

    def __init__(self, app: Flask, *, role: str = "web", drain: bool = True) -> None:
        self.app = app
        self.pulse = Pulse(app, role)
        self.flusher = Flusher(app)
        self.worker = Worker(app) if drain else None

    def start(self) -> None:
        """All of them run."""
        self.pulse.start()
        self.flusher.start()
        if self.worker:
            self.worker.start()

    def stop(self) -> None:
        """The job in hand is done, what was buffered is written, the process has signed off."""
        if self.worker:
            self.worker.stop()
        self.flusher.stop()
        self.pulse.stop()
        self.app.extensions["spiral.database"].close()


def settle() -> None:
    """What is there by now stays: the collector need not look at it again. Walking through 200,000 objects of modules
    and tables took 60 ms and more, and everybody who asked in that moment waited. What the start needed and is free
    again (migrations, a demo) goes back to the machine."""
    gc.collect()
    give_back()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    # A decision lets go of the interpreter at each of its statements. At the usual 5 ms it would wait that long each
    # time for a worker that is busy writing notices (p99 of a decision was 150 ms so).
    sys.setswitchinterval(0.0005)
