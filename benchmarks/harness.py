"""The registry of benchmarks, and how a figure becomes a row."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Better = Literal["lower", "higher"]
T = TypeVar("T")

BIG = os.environ.get("BIG") == "1"  # the million rows of `make bench BIG=1`


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
    times: int | None  # None: the function takes no size
    measure: Callable[..., float | Figure]


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


REGISTRY: list[Benchmark] = []
_shared: dict[str, Any] = {}


def benchmark(
    name: str, *, unit: str, target: float | None = None, better: Better = "lower", tenfold: float | None = None
) -> Callable[[Callable[..., float | Figure]], Callable[..., float | Figure]]:
    """Register the function below as a row of the table.

    With `tenfold`, the target at ten times the size, there are two rows, and the function is called with times=1 and
    times=10: how cost grows is part of every promise.
    """

    def register(measure: Callable[..., float | Figure]) -> Callable[..., float | Figure]:
        if tenfold is None:
            REGISTRY.append(Benchmark(name, unit, target, better, None, measure))
        else:
            REGISTRY.append(Benchmark(name, unit, target, better, 1, measure))
            REGISTRY.append(Benchmark(f"{name} · 10 ×", unit, tenfold, better, 10, measure))
        return measure

    return register


def shared(name: str, make: Callable[[], T]) -> T:
    """Something that is costly to make or measure, once per run: a data set, a server, a baseline."""
    if name not in _shared:
        _shared[name] = make()
    value: T = _shared[name]
    return value


def run(one: Benchmark) -> Row:
    """Measure; whatever goes wrong is the row's error, and the others go on."""
    began = time.perf_counter()
    try:
        answer = one.measure() if one.times is None else one.measure(one.times)
    except Exception as error:  # noqa: BLE001 – one broken benchmark must not hide the others
        return Row(one, None, time.perf_counter() - began, f"{type(error).__name__}: {error}")
    figure = answer if isinstance(answer, Figure) else Figure(float(answer))
    return Row(one, figure, time.perf_counter() - began)
