"""The folder of an embedded index: complete generations side by side, a file that names the current one, one lock.

    <root>/current      JSON: generation and signature; replaced at once, never written in place
    <root>/lock         held by the one process that writes, let go by the system when that process dies
    <root>/g<number>/   one complete index
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wiki.search.engines.base import EngineUnavailable, State


@dataclass(frozen=True, slots=True)
class Current:
    """Which generation answers, and by which analysis it was made."""

    generation: str
    signature: str


class Generations:
    """The folder at `root`; made when first written to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._file = root / "current"

    def current(self) -> Current | None:
        """The generation that answers; None where there is none. Raises EngineUnavailable where the file is no good."""
        try:
            told = json.loads(self._file.read_text("utf-8"))
            return Current(str(told["generation"]), str(told["signature"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise EngineUnavailable(State.CORRUPT, f"{self._file.name} of the search index cannot be read") from error

    def mark(self) -> tuple[int, int]:
        """Something that changes whenever another generation becomes current; cheap enough for every search."""
        try:
            known = os.stat(self._file)
        except OSError:
            return (0, 0)
        return (known.st_ino, known.st_mtime_ns)

    def path(self, generation: str) -> Path:
        """Where a generation lies."""
        return self.root / generation

    def begin(self) -> str:
        """A new, empty generation that nobody reads yet."""
        self.root.mkdir(parents=True, exist_ok=True)
        generation = f"g{time.time_ns()}"
        self.path(generation).mkdir()
        return generation

    def swap(self, generation: str, signature: str) -> None:
        """The generation is current from now on; all others but the newest unfinished ones are removed."""
        draft = self.root / f"current.{os.getpid()}"
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"generation": generation, "signature": signature}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._file)
        self.sweep(generation)

    def sweep(self, keep: str) -> None:
        """Removes every generation older than `keep`. Readers that still have one open read on until they look again."""
        for old in self.root.glob("g*"):
            if old.name < keep:
                shutil.rmtree(old, ignore_errors=True)

    def drop(self, generation: str) -> None:
        """Removes a generation that did not become current."""
        shutil.rmtree(self.path(generation), ignore_errors=True)

    @contextmanager
    def writing(self, *, patience: float) -> Iterator[None]:
        """This thread is the only writer among all processes; waits up to `patience` seconds to become it."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("a") as file:
            until = time.monotonic() + patience
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= until:
                        raise EngineUnavailable(State.DOWN, "another process is writing the search index") from None
                    time.sleep(0.01)
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)
