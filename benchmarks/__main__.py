"""Runs the benchmarks whose names contain one of the words given, and prints one table.

Without words all but those that take long and say little beside the others: the same on PostgreSQL. ``BIG=1``: all.
"""

import importlib
import logging
import os
import platform
import sys
import time
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.harness import REGISTRY, Row, chosen, run

COLOURS = {"reached": "green", "missed": "yellow", "FAILED": "red", "": ""}


def load_all() -> None:
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        importlib.import_module(f"benchmarks.{path.stem}")


def shown(value: float | None) -> str:
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def table(rows: list[Row]) -> Table:
    grid = Table(box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for heading in ("benchmark", "figure", "target", "unit", "ratio", "verdict", "took s", "note"):
        grid.add_column(heading, justify="right" if heading in ("figure", "target", "ratio", "took s") else "left")
    for row in rows:
        sign = "≤ " if row.benchmark.better == "lower" else "≥ "
        target = sign + shown(row.benchmark.target) if row.benchmark.target is not None else ""
        figure = shown(row.figure.value) if row.figure else "–"
        note = row.error or (row.figure.note if row.figure else "")
        colour = COLOURS[row.verdict]
        verdict = f"[{colour}]{row.verdict}[/]" if colour else row.verdict
        grid.add_row(
            row.benchmark.name, figure, target, row.benchmark.unit, shown(row.ratio), verdict, f"{row.took:.0f}", note
        )
    return grid


def main(words: list[str]) -> int:
    load_all()
    logging.getLogger("spiral").setLevel(logging.ERROR)  # what is slow here is the table's to say
    picked = chosen(words)
    if not picked:
        print(
            f"no benchmark is called like {' or '.join(words)}; there are:", *[one.name for one in REGISTRY], sep="\n  "
        )
        return 2
    console = Console(width=None if sys.stdout.isatty() else 140)
    busy = os.getloadavg()[0]
    console.print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load before {busy:.1f}")
    if busy > (os.cpu_count() or 1) / 2:
        console.print("[yellow]The machine is busy with something else: the figures will be too bad.[/]")
    rows = []
    began = time.perf_counter()
    for one in picked:
        rows.append(run(one))  # told at once, too: a run that is broken off has not been for nothing
        told = rows[-1].error or f"{shown(rows[-1].figure.value) if rows[-1].figure else ''} {one.unit}"
        print(f"  {one.name}: {told} {rows[-1].verdict} [{rows[-1].took:.1f} s]", file=sys.stderr, flush=True)
    console.print(table(rows))
    spent, busy = time.perf_counter() - began, os.getloadavg()[0]
    console.print(f"{len(rows)} rows in {spent / 60:.1f} min; load at the end {busy:.1f}")
    console.print("ratio: 1 and more reaches the target. The machine's own noise is several per cent.")
    return 1 if any(row.error for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
