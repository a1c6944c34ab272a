"""Numbers that add up over processes: how often and how long, one small record for each series.

A process counts in memory, and a thread of its own writes what has changed once a second into a file in a folder that
all processes of the machine share. Whoever is asked adds up the files: with several processes behind one address the
answer is the same whichever of them gives it. A file is locked for as long as its process lives; what the dead have
counted is kept. So counters only grow, over restarts too.

Nothing is written while a request waits: a thread that writes lets go of the interpreter, with the lock in its hand,
and a crowd of others behind it. And it is written, not mapped: on a full disk a write is refused, a mapped page would
end the process.
"""

import atexit
import contextlib
import fcntl
import json
import logging
import os
import socket
import struct
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

BUCKETS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # seconds; one more for all above
RECORD = struct.Struct("8d")  # seven buckets and a sum, or a number and nothing
FAILED = "spiral_numbers_failed"
EVERY = 1.0  # seconds between two writings: so old may be what others tell of this process
LIMIT = 8_000  # series of one process; more would be a label that somebody outside can choose

Key = tuple[str, tuple[str, ...]]  # the family's name, the values of its labels
Gauge = Callable[[], Iterable[tuple[dict[str, str], float]]]


@dataclass(frozen=True, slots=True)
class Family:
    """What is counted: its name, a sentence, its labels; with ``timed`` a histogram of seconds, else a counter."""

    name: str
    said: str
    labels: tuple[str, ...]
    timed: bool


_families: dict[str, Family] = {}
_gauges: dict[str, tuple[str, Gauge]] = {}


class Book:
    """The records of this process."""

    def __init__(self) -> None:
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self._records: list[list[float]] = []
        self._places: dict[Key, int] = {}
        self._changed: set[int] = set()
        self._unnamed: list[Key] = []
        self._file: int | None = None
        self._keys: int | None = None
        self.name = ""
        self.asked = False

    def add(self, key: Key, amount: float = 1.0) -> None:
        """A counter is higher by so much."""
        with self._lock:
            place = self._place(key)
            if place is not None:
                self._records[place][0] += amount
                self._changed.add(place)

    def observe(self, key: Key, seconds: float) -> None:
        """One more of so many seconds."""
        bucket = bisect_left(BUCKETS, seconds)
        with self._lock:
            place = self._place(key)
            if place is not None:
                record = self._records[place]
                record[bucket] += 1
                record[7] += seconds
                self._changed.add(place)

    def _place(self, key: Key) -> int | None:
        found = self._places.get(key)
        if found is None and len(self._records) < LIMIT:
            found = self._places[key] = len(self._records)
            self._records.append([0.0] * 8)
            self._unnamed.append(key)
        return found

    def write(self) -> None:
        """The file says what this process has counted so far."""
        with self._writing:
            if self._file is None or self._keys is None:
                return
            with self._lock:
                changed = [(place, tuple(self._records[place])) for place in sorted(self._changed)]
                fresh, self._unnamed = self._unnamed, []
                self._changed.clear()
            with self._sharing():
                os.write(self._keys, "".join(json.dumps(key) + "\n" for key in fresh).encode())
                for place, record in changed:
                    os.pwrite(self._file, RECORD.pack(*record), place * RECORD.size)

    @contextlib.contextmanager
    def _sharing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:  # a full disk ends the sharing, never the request
            log.warning("the numbers of this process are not shared any more: %s", error)
            self._file = self._keys = None

    def share(self, folder: Path) -> None:
        """From now on other processes of this machine can read what this one counts."""
        with self._lock:
            self.asked = True
            if self._file is not None:
                return
            name = f"{socket.gethostname()}.{os.getpid()}.{time.time_ns()}"
            with self._sharing():
                folder.mkdir(parents=True, exist_ok=True, mode=0o750)
                with _alone(folder):
                    keys = os.open(folder / f"{name}.keys", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o640)
                    fcntl.flock(keys, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._file = os.open(folder / f"{name}.values", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o640)
                self._keys, self.name = keys, name
        threading.Thread(target=self._write_on, name="metrics-writer", daemon=True).start()

    def _write_on(self) -> None:
        while self._file is not None:
            self.write()
            time.sleep(EVERY)

    def forked(self) -> None:
        """A child begins with nothing: what its parent has counted is in the parent's file."""
        for number in (self._file, self._keys):
            if number is not None:
                os.close(number)
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._begin()

    def told(self) -> dict[Key, list[float]]:
        """A copy of every record."""
        with self._lock:
            return {key: list(self._records[place]) for key, place in self._places.items()}


book = Book()
os.register_at_fork(after_in_child=book.forked)
atexit.register(book.write)


class Counter:
    """Declares a counter; ``add("done")`` counts under these values of its labels."""

    def __init__(self, name: str, said: str, labels: tuple[str, ...] = ()) -> None:
        self.name = name
        _families[name] = Family(name, said, labels, timed=False)

    def add(self, *values: str, amount: float = 1.0) -> None:
        """So many more."""
        book.add((self.name, values), amount)


class Timer:
    """Declares a histogram of seconds."""

    def __init__(self, name: str, said: str, labels: tuple[str, ...] = ()) -> None:
        self.name = name
        _families[name] = Family(name, said, labels, timed=True)

    def observe(self, seconds: float, *values: str) -> None:
        """One more that took so long."""
        book.observe((self.name, values), seconds)


def gauge(name: str, said: str) -> Callable[[Gauge], Gauge]:
    """Register what can be looked up at any time: pairs of labels and value."""

    def register(function: Gauge) -> Gauge:
        _gauges[name] = (said, function)
        return function

    return register


# ── adding up ────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / f"{socket.gethostname()}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def living(folder: Path) -> list[int]:
    """The numbers of the processes of this machine that count into this folder."""
    return sorted(int(path.name.rsplit(".", 3)[1]) for path in folder.glob(f"{socket.gethostname()}.*.keys"))


def gathered(folder: Path | None) -> dict[Key, list[float]]:
    """The sum over every process of this machine, those that have ended too; without a folder this process alone."""
    total = book.told()
    if folder is None or not folder.is_dir():
        return total
    with _alone(folder):
        kept = folder / f"{socket.gethostname()}.ended.json"
        ended, names = _read_ended(kept)
        for path in sorted(folder.glob(f"{socket.gethostname()}.*.keys")):
            if path.stem == book.name:
                continue
            found, alive = _read(path)
            if alive:
                _add(total, found)
                continue
            if path.stem not in names:  # else somebody was ended between writing and removing
                _add(ended, found)
                names = [*names, path.stem][-100:]
                _write_ended(kept, ended, names)
            path.unlink()
            path.with_suffix(".values").unlink(missing_ok=True)
    _add(total, ended)
    return total


def _read(path: Path) -> tuple[dict[Key, list[float]], bool]:
    """What a process has counted, and whether it lives."""
    with path.open("r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alive = False
        except BlockingIOError:
            alive = True
        lines = file.read().splitlines()
    values = path.with_suffix(".values")
    raw = values.read_bytes() if values.exists() else b""
    found = {}
    for place, line in enumerate(lines):
        part = raw[place * RECORD.size : (place + 1) * RECORD.size]
        with contextlib.suppress(ValueError, struct.error):  # the last line of a process that was killed
            name, labels = json.loads(line)
            found[name, tuple(labels)] = list(RECORD.unpack(part))
    return found, alive


def _read_ended(path: Path) -> tuple[dict[Key, list[float]], list[str]]:
    try:
        kept = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}, []
    return {(name, tuple(labels)): values for name, labels, values in kept["rows"]}, kept["names"]


def _write_ended(path: Path, ended: dict[Key, list[float]], names: list[str]) -> None:
    rows = [[name, labels, values] for (name, labels), values in ended.items()]
    fresh = path.with_suffix(".fresh")
    fresh.write_text(json.dumps({"rows": rows, "names": names}), "utf-8")
    fresh.replace(path)


def _add(total: dict[Key, list[float]], more: dict[Key, list[float]]) -> None:
    for key, values in more.items():
        known = total.get(key)
        total[key] = list(values) if known is None else [a + b for a, b in zip(known, values, strict=True)]


# ── the text that Prometheus reads ───────────────────────────────────────────────────────────────────────────────────


def text(folder: Path | None) -> str:
    """Every family with its series, then every gauge (the gauges may need a ``reading()`` block around)."""
    total = gathered(folder)
    lines: list[str] = []
    for family in _families.values():
        lines += [f"# HELP {family.name} {family.said}", f"# TYPE {family.name} {_kind(family)}"]
        for (name, values), record in sorted(total.items()):
            if name == family.name and len(values) == len(family.labels):
                lines += _series(family, dict(zip(family.labels, values, strict=True)), record)
    failed = 0
    for name, (said, function) in _gauges.items():
        try:
            found = list(function())
        except Exception as error:  # noqa: BLE001 - a database that is away must not take the other numbers along
            log.warning("the number %s could not be looked up: %s", name, error)
            failed += 1
            continue
        lines += [f"# HELP {name} {said}", f"# TYPE {name} gauge"]
        lines += [f"{name}{_labels(labels)} {value:.15g}" for labels, value in found]
    lines += [f"# HELP {FAILED} Numbers that could not be looked up.", f"# TYPE {FAILED} gauge", f"{FAILED} {failed}"]
    return "\n".join(lines) + "\n"


def _kind(family: Family) -> str:
    return "histogram" if family.timed else "counter"


def _series(family: Family, labels: dict[str, str], record: list[float]) -> list[str]:
    if not family.timed:
        return [f"{family.name}{_labels(labels)} {record[0]:.15g}"]
    lines, count = [], 0.0
    for bound, number in zip((*map(str, BUCKETS), "+Inf"), record[:7], strict=True):
        count += number
        lines.append(f"{family.name}_bucket{_labels({**labels, 'le': bound})} {count:.15g}")
    lines.append(f"{family.name}_sum{_labels(labels)} {record[7]:.15g}")
    return [*lines, f"{family.name}_count{_labels(labels)} {count:.15g}"]


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
