"""Ten minutes of a working day: memory stays, open files stay, the log of the database is bounded, nothing is refused.

``LONG_RUN`` gives other seconds. Somebody holds a long reading transaction most of the time, as a backup does.

What is bounded is filled first, for filling it is no leak: every thread and every connection comes to work in a rush at
the beginning, and a quarter of the time passes before anything is judged. Then the *mean* of the memory over a fifth of
the time is compared with that over the last fifth: a single moment says how large a page was being made.
"""

import contextlib
import http.cookiejar
import json
import os
import random
import re
import sqlite3
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from tests.reliability.crowd import together
from tests.support.server import Server

SECONDS = int(os.environ.get("LONG_RUN", "600"))
WARM = 0.25  # of the time, until caches are full
PAUSE = 0.1  # seconds between two requests of one client
LOG = 64 << 20  # bytes
PAGES = ("/", "/search?q=宽带", "/submissions/mine", "/reviews", "/notices", "/scorecard", "/courses", "/points")


@dataclass
class Day:
    """What is met and measured."""

    server: Server
    ending: threading.Event = field(default_factory=threading.Event)
    answers: Counter[str] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)  # kilobytes
    files: list[int] = field(default_factory=list)
    log: list[int] = field(default_factory=list)  # bytes

    def note(self, what: str, status: int) -> None:
        self.answers[what if status < 400 else f"{what} {status}"] += 1
        self.ending.wait(PAUSE)

    def measure(self) -> None:
        assert self.server.process
        about = Path(f"/proc/{self.server.process.pid}")
        said = re.search(r"VmRSS:\s+(\d+)", (about / "status").read_text())
        assert said
        self.memory.append(int(said[1]))
        self.files.append(len(list((about / "fd").iterdir())))
        log = self.server.var / "spiral.db-wal"
        self.log.append(log.stat().st_size if log.exists() else 0)


class Program:
    """Somebody's program."""

    def __init__(self, day: Day, token: str) -> None:
        self.day, self.head = day, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def __call__(self, what: str, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        address = self.day.server.base + "/api/v1" + urllib.parse.quote(path, safe="/?=&")
        asked = urllib.request.Request(address, data, self.head, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                self.day.note(what, answer.status)
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            self.day.note(what, error.code)
            return {}


def rush(day: Day, token: str) -> None:
    """Twice as many at once as there are threads, some times over: what opens with the crowd is open from now on."""
    ask = Program(day, token)
    for _ in range(12):
        each = [
            lambda n=n: ask("rush", "GET", ("/search?q=宽带", "/articles?limit=50", "/me")[n % 3]) for n in range(32)
        ]
        together(*each)
        time.sleep(0.5)  # a hundred requests a second are allowed to one program


def writes(day: Day, token: str, chance: random.Random) -> None:
    """A representative: looks, proposes, hands in."""
    ask, number = Program(day, token), 0
    while not day.ending.is_set():
        number += 1
        ask("search", "GET", f"/search?q={chance.choice(['宽带', '套餐', 'huafei', '发票'])}")
        ask("articles", "GET", "/articles?limit=20")
        title = f"第{number}问 {chance.random()}"
        text = {"kind": "faq", "title": title, "fields": {"question": title, "answer": "九点。" * 200}}
        made = ask("propose", "POST", "/submissions", text)
        if made:
            ask("hand in", "POST", f"/submissions/{made['id']}/submit", {})


def judges(day: Day, token: str, chance: random.Random) -> None:
    """A reviewer: takes what is there and approves it."""
    ask = Program(day, token)
    while not day.ending.is_set():
        items = ask("inbox", "GET", "/reviews?limit=50").get("items", [])
        for item in chance.sample(items, min(5, len(items))):
            ask("decide", "POST", f"/reviews/{item['id']}/decisions", {"verb": "approve", "version": item["version"]})


def reads(day: Day, username: str, chance: random.Random) -> None:
    """Somebody with a browser."""
    jar = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = jar.open(day.server.base + "/login", timeout=30).read().decode()
    token = re.search(r'name="csrf[_-]token"[^>]*value="([^"]+)"', page)
    assert token
    form = {"username": username, "password": day.server.logins()[username].password, "csrf_token": token[1]}
    jar.open(day.server.base + "/login", urllib.parse.urlencode(form).encode(), timeout=30).read()
    while not day.ending.is_set():
        path = chance.choice(PAGES)
        try:
            with jar.open(day.server.base + urllib.parse.quote(path, safe="/?="), timeout=30) as answer:
                answer.read()
                day.note("page", answer.status)
        except urllib.error.HTTPError as error:
            day.note(f"page {path}", error.code)


def holds(day: Day) -> None:
    """A long reader: half a minute of each three quarters. Meanwhile the log grows by all that is written."""
    while not day.ending.is_set():
        with contextlib.closing(sqlite3.connect(day.server.var / "spiral.db")) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM articles").fetchone()
            day.ending.wait(30)
        day.ending.wait(15)


@pytest.mark.soak
@pytest.mark.server
@pytest.mark.timeout(SECONDS + 300)
def test_ten_minutes_of_a_day(start_server: Callable[..., Server], capsys: pytest.CaptureFixture[str]) -> None:
    server = start_server()
    tokens = {
        name: server.flask("token", "create", name).stdout.split()[-1] for name in ("chenyu", "qianwei", "shenlan")
    }
    day, chance = Day(server), random.Random(1)
    rush(day, tokens["chenyu"])
    work: list[tuple[Callable[..., None], list[Any]]] = [
        (writes, [tokens["chenyu"], chance]), (judges, [tokens["qianwei"], chance]),
        (judges, [tokens["shenlan"], chance]), (reads, ["gaoyuan", chance]), (holds, []),
    ]  # fmt: skip
    threads = [threading.Thread(target=function, args=(day, *rest), daemon=True) for function, rest in work]
    for thread in threads:
        thread.start()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        time.sleep(1)
        day.measure()
    day.ending.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    with capsys.disabled():
        print(told(day))
    warm = int(len(day.memory) * WARM)
    assert not [what for what in day.answers if what.endswith(("500", "503", "504", "507"))], day.answers
    assert min(day.answers[what] for what in ("page", "propose", "decide", "search")) > SECONDS // 10
    part = max(1, len(day.memory) // 5)
    before, after = fmean(day.memory[warm : warm + part]), fmean(day.memory[-part:])
    assert after < before * 1.10, told(day)
    assert max(day.files[-part:]) <= max(day.files[warm : warm + part]) + 4, told(day)  # how many talk at once varies
    assert max(day.log) < LOG, told(day)
    assert server.stop() == 0


def told(day: Day) -> str:
    """The figures in one line each."""
    warm = int(len(day.memory) * WARM)
    part = max(1, len(day.memory) // 5)
    before, after = fmean(day.memory[warm : warm + part]), fmean(day.memory[-part:])
    return (
        f"\n{sum(day.answers.values())} requests {dict(day.answers)}\n"
        f"memory {before / 1024:.0f} → {after / 1024:.0f} MB ({after / before - 1:+.1%}), at most "
        f"{max(day.memory) // 1024} MB, files {max(day.files[warm : warm + part])} → {max(day.files[-part:])}, "
        f"log at most {max(day.log) >> 20} MB"
    )
