"""What writers and machines do: saving, comparing, importing, starting, resting."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.bench_pages import good
from benchmarks.centres import BASE, centre, folder, rested, server
from benchmarks.harness import PEAK, Figure, benchmark
from benchmarks.load import Call, each_once
from benchmarks.world import REPS, Words
from tests.support.server import ROOT, Server
from wiki.articles.diff import compare


@benchmark("saving a revision, median", unit="ms", target=15, tenfold=15)
def saving(times: int) -> Figure:
    """An author changes the text under review, over the API: one transaction that the disk has."""
    place = centre(times)
    token = place.bearer("rep5")
    number = place.articles + next(n for n in range(1, 1001) if (place.articles + n) % REPS == 5)
    body = Words(11).body()
    calls = [
        Call(f"/api/v1/submissions/{number}", "PUT", {"Authorization": token}, json.dumps({"body": f"{body}\n\n{n}"}))
        for n in range(60)
    ]
    load = good(each_once(server(times).base, calls, connections=1, seconds=30))
    return Figure(load.percentile(0.5), f"p99 {load.percentile(0.99):.0f} ms")


@benchmark("comparing two 20,000-character texts", unit="ms", target=200, tenfold=4000)
def comparing(times: int) -> Figure:
    """Chinese, every tenth line changed; and a repetitive one, which is hardest."""
    words, chance, size = Words(13), random.Random(13), 20_000 * times
    old = words.body(size)[:size]
    lines = [chance.choice(words.lines) if chance.random() < 0.1 else line for line in old.splitlines()]
    new = "\n".join(lines)
    same = "请先安抚客户，再核对账单。" * 1540 * times
    other = same.replace("账单", "话单", 400 * times)
    took = []
    for before, after in ((old, new), (same, other)):
        began = time.perf_counter()
        compare(before, after)
        took.append((time.perf_counter() - began) * 1000)
    return Figure(max(took), f"{size:,} characters: mixed {took[0]:.0f} ms, repetitive {took[1]:.0f} ms")


def import_rows(count: int) -> tuple[float, float, float]:
    """Seconds of ``flask articles import`` and of bringing all of it into the index, and the peak memory in MB."""
    place = folder("import")
    words, file = Words(17), place / "rows.jsonl"
    with file.open("w", encoding="utf-8") as out:
        for n in range(count):
            row = {"id": f"row-{n}", "title": words.title() if n % 10 else "常见问题", "body": words.body(150)}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    server = Server(place / "var", SPIRAL_DEMO="0")
    server.flask("db", "upgrade")
    server.flask("user", "add", "boss", "--role", "manager", "--password-stdin", stdin="Corr3ct-horse-battery\n")
    took, most, said = [], 0.0, ""
    for told in (("articles", "import", str(file), "--publish-as", "boss"), ("worker", "--once")):
        began = time.perf_counter()
        said += _command(server, *told)
        took.append(time.perf_counter() - began)
        most = max(most, float(said.rsplit("peak ", 1)[1]))
    assert f"{count} created" in said, said
    return took[0], took[1], most


def _command(server: Server, *words: str) -> str:
    """What ``flask …`` prints beside the server, and behind it 'peak' and its largest memory in MB."""
    code = f"from flask.cli import main\ntry: main()\nfinally: {PEAK}"
    done = subprocess.run(
        [sys.executable, "-c", code, "--app", "wsgi", *words],
        cwd=ROOT, env=server.environment, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def imported(count: int) -> Figure:
    """Rows a second, both commands and their starts counted in."""
    read, indexed, peak = import_rows(count)
    note = f"{count:,} rows: read {read:.1f} s, index {indexed:.1f} s; peak {peak:.0f} MB"
    return Figure(count / (read + indexed), note)


@benchmark("import of articles, with the index", unit="rows/s", target=167, better="higher", tenfold=167)
def importing(times: int) -> Figure:
    """A tenth of them with the same title; 100,000 in ten minutes are 167 a second."""
    return imported(2 * BASE * times)


@benchmark("import of 100,000 articles", unit="rows/s", target=167, better="higher", tenfold=167, named=True)
def importing_all(times: int) -> Figure:
    """Ten thousand, and the hundred thousand of the promise."""
    return imported(10_000 * times)


@benchmark("start to first page, with data", unit="ms", target=3000, tenfold=3000)
def starting(times: int) -> Figure:
    """An existing folder; the median of three."""
    place = centre(times)
    took = []
    for _ in range(3):
        began = time.perf_counter()
        server = Server(place.var, SPIRAL_DEMO="0", SPIRAL_LOG_LEVEL="WARNING")
        lock = place.var / "server.lock"
        if lock.exists():
            server = Server(_copy(place.var), SPIRAL_DEMO="0", SPIRAL_LOG_LEVEL="WARNING")
            began = time.perf_counter()
        server.start()
        took.append((time.perf_counter() - began) * 1000)
        server.kill()
    return Figure(median(took), f"slowest {max(took):.0f} ms")


def _copy(var: Path) -> Path:
    import shutil
    import sqlite3

    place = folder("start") / "var"
    place.mkdir()
    with sqlite3.connect(var / "spiral.db") as source, sqlite3.connect(place / "spiral.db") as copy:
        source.backup(copy)
    shutil.copytree(var / "search", place / "search")
    shutil.copy(var / "secret-key", place / "secret-key")
    return place


@benchmark("memory of the server at rest", unit="MB", target=250, tenfold=250)
def resting(times: int) -> Figure:
    """After its start over a centre with data, and some pages were read."""
    server = Server(_copy(centre(times).var), SPIRAL_DEMO="0", SPIRAL_LOG_LEVEL="WARNING").start()
    try:
        good(each_once(server.base, ["/login"] * 20, connections=2, seconds=10))
        rested(server)
        assert server.process
        told = Path(f"/proc/{server.process.pid}/status").read_text()
        whole, mapped = (int(told.split(f"{name}:")[1].split()[0]) >> 10 for name in ("VmRSS", "RssFile"))
        return Figure(whole, f"{centre(times).articles:,} articles; of it {mapped} MB are files that the system holds")
    finally:
        server.kill()
