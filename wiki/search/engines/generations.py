"""The folder of an embedded index: complete generations side by side, a file that names the current one, one lock.

<root>/current      JSON: generation and signature; replaced at once, never written in place
<root>/lock         held by the one process that writes, let go by the system when that process dies
<root>/rebuild      held by the one process that makes a new generation
<root>/touched      ids written since that began, one JSON string a line; only there while it lasts
<root>/g<number>/   one complete index
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
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
        self._touched = root / "touched"

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
            known = self._file.stat()
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
        """The generation is current from now on; the older ones are removed."""
        draft = self.root / f"current.{os.getpid()}"
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"generation": generation, "signature": signature}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._file)
        self.sweep(generation)

    def sweep(self, keep: str) -> None:
        """Removes every generation older than `keep`. Readers that have one open read on until they look again."""
        for old in self.root.glob("g*"):
            if old.name < keep:
                shutil.rmtree(old, ignore_errors=True)

    def drop(self, generation: str) -> None:
        """Removes a generation that did not become current."""
        shutil.rmtree(self.path(generation), ignore_errors=True)

    def size(self) -> int:
        """Bytes of the current generation."""
        current = self.current()
        return sum(file.stat().st_size for file in self.path(current.generation).iterdir()) if current else 0

    @contextmanager
    def writing(self, *, patience: float) -> Iterator[None]:
        """This thread is the only writer among all processes; waits up to `patience` seconds to become it."""
        with self._holding("lock", patience, "another process is writing the search index"):
            yield

    @contextmanager
    def rebuilding(self) -> Iterator[None]:
        """This thread is the only one to make a new generation; ids written from now on are kept for it."""
        with self._holding("rebuild", 0.0, "the search index is being rebuilt already"):
            with self.writing(patience=30.0):
                self._touched.write_text("", "utf-8")
            try:
                yield
            finally:
                self._touched.unlink(missing_ok=True)

    def touch(self, ids: Iterable[str]) -> None:
        """Tells a rebuild, if there is one, that these were written. Only while writing."""
        if not self._touched.exists():
            return
        try:
            with self._holding("rebuild", 0.0, ""):  # nobody rebuilds: the list was left by one who was killed
                self._touched.unlink(missing_ok=True)
        except EngineUnavailable:
            with self._touched.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(each) + "\n" for each in ids)

    def touched(self) -> list[str]:
        """The ids written since the rebuild began, each once. Only while writing."""
        return list(dict.fromkeys(json.loads(line) for line in self._touched.read_text("utf-8").splitlines()))

    @contextmanager
    def _holding(self, name: str, patience: float, refusal: str) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / name).open("a") as file:
            until = time.monotonic() + patience
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= until:
                        raise EngineUnavailable(State.DOWN, refusal) from None
                    time.sleep(0.01)
            yield  # closing the file lets go
