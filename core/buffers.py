"""Reads never open a write: what a read wants to remember is buffered, flushed about once a second, and may be lost."""

import atexit
import logging
import os
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, has_app_context

log = logging.getLogger(__name__)


class Buffer:
    """A bounded heap of facts; ``write`` gets them in batches inside no transaction of its own making."""

    def __init__(self, name: str, write: Callable[[list[Any]], None], *, limit: int = 20_000) -> None:
        self.name, self.write, self.limit = name, write, limit
        self._items: list[Any] = []
        self._lock = threading.Lock()
        _buffers.append(self)

    def add(self, item: Any) -> None:
        """Remember later; when the buffer is full the item is dropped."""
        Flusher.make_sure()
        with self._lock:
            if len(self._items) < self.limit:
                self._items.append(item)

    def drop(self) -> None:
        """Forget what has gathered."""
        with self._lock:
            self._items = []

    def flush(self) -> None:
        """Write what has gathered. A failure loses the batch and is logged: nothing precious goes through here."""
        with self._lock:
            items, self._items = self._items, []
        if items:
            try:
                self.write(items)
            except Exception:
                log.exception("the buffer %s lost %d items", self.name, len(items))


_buffers: list[Buffer] = []


def flush_all() -> None:
    """Flush every buffer (needs an application context)."""
    for buffer in _buffers:
        buffer.flush()


def forget_all() -> None:
    """Drop what has gathered, unwritten (tests do so between each other)."""
    for buffer in _buffers:
        buffer.drop()


class Flusher(threading.Thread):
    """One in every serving process."""

    _process: int | None = None

    def __init__(self, app: Flask, *, every: float = 1.0) -> None:
        super().__init__(name="buffer-flusher", daemon=True)
        self.app, self.every = app, every
        self.stopping = threading.Event()

    @classmethod
    def make_sure(cls) -> None:
        """A process of any WSGI server has its flusher from its first fact on (a test flushes by itself)."""
        if has_app_context() and not current_app.testing and cls._process != os.getpid():
            made = cls(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own way to the real object
            made.start()
            atexit.register(made.stop)

    def start(self) -> None:
        """Run from now on, as the one of this process."""
        Flusher._process = os.getpid()
        super().start()

    def run(self) -> None:
        while not self.stopping.wait(self.every):
            with self.app.app_context():
                flush_all()

    def stop(self) -> None:
        """Write what is left and end."""
        self.stopping.set()
        self.join(timeout=10)
        with self.app.app_context():
            flush_all()
