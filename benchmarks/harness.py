"""The registry of benchmarks, and how a figure becomes a row."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Better = Literal["lower", "higher"]
T = TypeVar("T")

BIG = os.environ.get("BIG") == "1"  # the million rows of `make bench BIG=1`
LONGEST = 5400 if BIG else 600  # seconds for a row with its data; then it has failed, and the next goes on


@dataclass(frozen=True)
class Figure:
    """What was measured, with what a reader should know about it."""

    value: float
    note: str = ""


@dataclass(frozen=True)
class Benchmark:
    name: str
    unit: str
    target: float | None
    better: Better
    times: int
    named: bool  # only when its name is asked for, or with BIG: it takes long and says little that others do not
    measure: Callable[[int], float | Figure]


@dataclass(frozen=True)
class Row:
    benchmark: Benchmark
    figure: Figure | None
    took: float  # seconds
    error: str = ""

    @property
    def ratio(self) -> float | None:
        """How far the target is reached: 1 and more is reached, 0.5 is half of it. None without a target."""
        if self.figure is None or self.benchmark.target is None:
            return None
        value, target = self.figure.value, self.benchmark.target
        if self.benchmark.better == "higher":
            return value / target
        return target / value if value else float("inf")

    @property
    def verdict(self) -> str:
        if self.error:
            return "FAILED"
        if self.ratio is None:
            return ""
        return "reached" if self.ratio >= 1 else "missed"


# Prints the largest memory of a process in MB. Not ``ru_maxrss``: a child inherits that of its parent, who made data.
PEAK = "print('peak', int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024)"

REGISTRY: list[Benchmark] = []
_shared: dict[str, Any] = {}


def benchmark(
    name: str,
    *,
    unit: str,
    target: float | None = None,
    better: Better = "lower",
    tenfold: float | None = None,
    named: bool = False,
) -> Callable[[Callable[[int], float | Figure]], Callable[[int], float | Figure]]:
    """Register the function below as a row of the table.

    There are always two rows: the function is called with times=1 and times=10, for how cost grows is part of every
    promise. `tenfold` is the target at ten times the size. `named` rows are measured when they are asked for by name.
    """

    def register(measure: Callable[[int], float | Figure]) -> Callable[[int], float | Figure]:
        REGISTRY.append(Benchmark(name, unit, target, better, 1, named, measure))
        REGISTRY.append(Benchmark(f"{name} · 10 ×", unit, tenfold, better, 10, named, measure))
        return measure

    return register


def shared(name: str, make: Callable[[], T]) -> T:
    """Something that is costly to make or measure, once per run: a data set, a server, a baseline."""
    if name not in _shared:
        _shared[name] = make()
    value: T = _shared[name]
    return value


def chosen(words: list[str]) -> list[Benchmark]:
    """The rows whose names contain one of the words; without words all but the long ones, with BIG=1 all."""
    if not words:
        return [one for one in REGISTRY if BIG or not one.named]
    return [one for one in REGISTRY if any(word.lower() in one.name.lower() for word in words)]


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    def late(_number: int, _frame: object) -> None:
        raise TimeoutError(f"not done within {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(one: Benchmark) -> Row:
    """Measure; whatever goes wrong is the row's error, and the others go on."""
    began = time.perf_counter()
    try:
        with _at_most(LONGEST):
            answer = one.measure(one.times)
    except Exception as error:  # noqa: BLE001 – one broken benchmark must not hide the others
        return Row(one, None, time.perf_counter() - began, f"{type(error).__name__}: {error}")
    figure = answer if isinstance(answer, Figure) else Figure(float(answer))
    return Row(one, figure, time.perf_counter() - began)
