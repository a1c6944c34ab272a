"""One test run: its folder, shared by all workers, and the parts of the machine it had to do without."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

FOLDER = "TEST_RUN_FOLDER"  # set by the run's first process, inherited by its workers
OWNER = "TEST_RUN_OWNER"  # the process whose end is the end of the run
START = 240  # seconds a server's first start may take on a loaded machine
MEMORY = Path("/dev/shm")
ROOM = 3 << 30  # bytes that must be free there
LONGEST = 40  # characters: a PostgreSQL socket inside must stay below 108


def begin() -> None:
    """This process and those it starts share one folder, unless they belong to a run already."""
    if FOLDER in os.environ:
        return
    _into_memory()
    place = tempfile.gettempdir()
    folder = tempfile.mkdtemp(prefix="spiral-tests-", dir=place if len(place) <= LONGEST else "/tmp")
    Path(folder).chmod(0o755)  # PostgreSQL runs as somebody else when we are root, and must be able to pass
    os.environ[FOLDER] = folder
    os.environ[OWNER] = str(os.getpid())
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # nothing beside the sources, but not a second in every start
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder) / "bytecode")


def _into_memory() -> None:
    """Whatever this run writes lies in memory, where there is room and programs may lie: the product waits for the disk
    after each write, and a test writes hundreds of times. What it asks of the disk stays the same. ``TMPDIR`` is
    another place."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return
    about = os.statvfs(MEMORY)
    if about.f_bavail * about.f_frsize > ROOM and not about.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # to be asked anew


def end() -> None:
    """The folder is gone; only in the process that made it."""
    if os.environ.get(OWNER) == str(os.getpid()):
        shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True)
        del os.environ[OWNER]


def folder() -> Path:
    begin()
    return Path(os.environ[FOLDER])


def owner() -> int:
    begin()
    return int(os.environ[OWNER])


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Only one process of the run is inside at a time; it ends with the process, however that ends."""
    with (folder() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def leave_out(part: str, command: str = "", *, ci: bool = True) -> NoReturn:
    """Skip for want of a part, loudly (see plugin.py); under CI=true that is a failure.

    ``ci=False``: `.ci/run` does not install it, or a machine may forbid it: it is told there too, and fails nothing.
    """
    sentence = f"no {part} on this machine" + (f"; one command helps: {command}" if command else "")
    with locked("left-out"), (folder() / "left-out").open("a", encoding="utf-8") as file:
        file.write(sentence + "\n")
    if ci and os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)  # said loudly at the end of the run; under CI=true most have failed above


def left_out() -> list[str]:
    try:
        return sorted(set((folder() / "left-out").read_text(encoding="utf-8").splitlines()))
    except FileNotFoundError:
        return []


def kept(name: str, words: Callable[[], list[str]]) -> dict[str, Any]:
    """What the run's server of this name says of itself, in ``<name>.json``.

    The first process that asks starts its keeper – this file's neighbour ``<name>_keeper.py``, told the run's folder
    and owner and then ``words()`` – and the others wait. It writes ``<name>.json``, or ``<name>.failed`` and why.
    """
    said, failed = folder() / f"{name}.json", folder() / f"{name}.failed"
    with locked(name):
        if not said.exists() and not failed.exists():
            _start_keeper(name, words())
        end = time.monotonic() + START
        while time.monotonic() < end and not failed.exists():
            if said.exists():
                return dict(json.loads(said.read_text()))
            time.sleep(0.02)
    log = folder() / f"{name}.log"
    reason = failed.read_text() if failed.exists() else f"not ready within {START} s"
    pytest.fail(f"{name} did not start: {reason}\n{log.read_text()[-2000:] if log.exists() else ''}", pytrace=False)


def _start_keeper(name: str, words: list[str]) -> None:
    keeper = Path(__file__).with_name(f"{name}_keeper.py")
    os.posix_spawn(
        sys.executable,
        [sys.executable, str(keeper), str(folder()), str(owner()), *words],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(folder() / f"{name}.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,  # Ctrl-C is for the tests; the keeper sees their end by itself
    )


def dismiss(name: str) -> None:
    """The server of this name is gone, if there was one."""
    said = folder() / f"{name}.json"
    try:
        os.kill(json.loads(said.read_text())["keeper"], signal.SIGTERM)
    except (FileNotFoundError, ProcessLookupError):
        return
    end = time.monotonic() + 60
    while said.exists() and time.monotonic() < end:
        time.sleep(0.02)
