"""One test run: its folder, shared by all workers, and the parts of the machine it had to do without."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

FOLDER = "TEST_RUN_FOLDER"  # set by the run's first process, inherited by its workers
OWNER = "TEST_RUN_OWNER"  # the process whose end is the end of the run
LONGEST = 40  # characters: a PostgreSQL socket inside must stay below 108


def begin() -> None:
    """This process and those it starts share one folder, unless they belong to a run already."""
    if FOLDER in os.environ:
        return
    place = tempfile.gettempdir()
    folder = tempfile.mkdtemp(prefix="spiral-tests-", dir=place if len(place) <= LONGEST else "/tmp")
    Path(folder).chmod(0o755)  # PostgreSQL runs as somebody else when we are root, and must be able to pass
    os.environ[FOLDER] = folder
    os.environ[OWNER] = str(os.getpid())


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


def leave_out(part: str, command: str) -> NoReturn:
    """Skip for want of a part, loudly (see plugin.py); under CI=true that is a failure."""
    sentence = f"no {part} on this machine; one command helps: {command}"
    with locked("left-out"), (folder() / "left-out").open("a", encoding="utf-8") as file:
        file.write(sentence + "\n")
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)  # said loudly at the end of the run; under CI=true it has failed above


def left_out() -> list[str]:
    try:
        return sorted(set((folder() / "left-out").read_text(encoding="utf-8").splitlines()))
    except FileNotFoundError:
        return []
