"""Processes of the program that need not load it: they divide from one that has (``nursery_keeper.py``).

Loading is most of what a start costs, and a run of the tests starts some sixty servers. What such a process does, from
its first statement to its exit code, is what ``python -m wiki.serve`` does.
"""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST = 1 << 20  # bytes of a message


class Child:
    """A process that divided off; what tests use of ``subprocess.Popen``."""

    def __init__(self, nursery: "_Nursery", pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._nursery = nursery

    def poll(self) -> int | None:
        """Its exit code (minus the signal that killed it), ``None`` while it lives."""
        if self.returncode is None:
            self.returncode = self._nursery.code_of(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended.

        Raises:
            subprocess.TimeoutExpired: it lives on.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if end is not None and time.monotonic() >= end:
                raise subprocess.TimeoutExpired("divided process", timeout or 0.0)
            self._nursery.listen(0.05)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """To this process alone; nothing when it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def divide(module: str, *words: str, cwd: Path, environment: Mapping[str, str], log: Path) -> Child:
    """``python -m module words…`` in a session of its own, what it says at the end of ``log``."""
    return _nursery().divide(
        {"module": module, "words": words, "cwd": str(cwd), "environment": dict(environment), "log": str(log)}
    )


@cache
def _nursery() -> "_Nursery":
    return _Nursery()


class _Nursery:
    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control, self._lock = ours, threading.RLock()
        self._codes: dict[int, int] = {}
        self._children: list[int] = []
        with theirs:
            self._keeper = subprocess.Popen(
                [sys.executable, "-m", "tests.support.nursery_keeper", str(theirs.fileno())], cwd=ROOT,
                stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True,
            )  # fmt: skip
        atexit.register(self.end)

    def end(self) -> None:
        """Nothing divides any more."""
        self._control.close()
        self._keeper.wait(10)

    def divide(self, asked: dict[str, object]) -> Child:
        with self._lock:
            self._control.send(json.dumps(asked).encode())
            while not self._children:
                self.listen(60)
            return Child(self, self._children.pop())

    def code_of(self, process: int) -> int | None:
        self.listen(0)
        return self._codes.get(process)

    def listen(self, patience: float) -> None:
        """Take what was said, waiting so long for the first word."""
        with self._lock:
            while select.select([self._control], [], [], patience)[0]:
                message = self._control.recv(LONGEST)
                if not message:
                    raise RuntimeError("the process that servers divide from is gone")
                said = json.loads(message)
                if "child" in said:
                    self._children.append(said["child"])
                else:
                    self._codes[said["process"]] = said["code"]
                patience = 0
