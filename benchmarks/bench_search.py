"""Search as it is used: while somebody types, over HTTP, and how soon a new text is found."""

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

from benchmarks.bench_pages import good
from benchmarks.centres import folder, library, reading_room
from benchmarks.harness import BIG, Figure, benchmark
from benchmarks.load import Call, arrivals, one_by_one
from benchmarks.world import Words
from wiki.search.engines.base import Document, Query
from wiki.search.engines.embedded import Embedded

RATE = 50.0  # queries a second, arriving at random
LONG = 60.0  # seconds: of 500 questions the p99 is the fifth worst, and one hiccup of the machine decides
PEOPLE = 40  # who ask them, in turn
ALONE = 100_000 if BIG else 1_000  # articles of the engine without the web around it


def typed(titles: list[str]) -> list[str]:
    """What people have typed when the page asks: the beginning of a title, words from inside of one, one character;
    their pinyin, finished or not, and their initials. In no order."""
    from pypinyin import Style, lazy_pinyin

    def sound(text: str) -> str:
        return "".join(lazy_pinyin(text))

    def initials(text: str) -> str:
        return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER))

    out: list[str] = []
    for title in titles[:200]:
        word = title[4:8]
        out += [title[:2], title[:4], title[2:9], word, title[5:6]]
        out += [initials(title[:3]), sound(title[:2]), sound(word), sound(word)[:-1], initials(title[4:7])]
    random.Random(3).shuffle(out)
    return [one for one in out if one.strip()]


def asked(times: int, path: str) -> Figure:
    """p99 of a minute; the note has the rest."""
    base, place = reading_room(times).base, library(times)
    cookies = [place.cookie(f"rep{n}") for n in range(PEOPLE)]
    calls = [
        Call(path + quote(words), headers={"Cookie": cookies[n % PEOPLE]})
        for n, words in enumerate(typed(place.titles))
    ]
    for one in calls[:200]:  # the first questions load dictionaries; they are not asked again
        good(one_by_one(base, one.path, times=1, headers=one.headers))
    load = good(arrivals(base, calls[200:], rate=RATE, seconds=LONG))
    return Figure(
        load.percentile(0.99),
        f"{place.articles:,} articles, p50 {load.percentile(0.5):.1f} ms, p95 {load.percentile(0.95):.1f} ms",
    )


@benchmark("search API, 50 a second at random, p99", unit="ms", target=30, tenfold=60 if BIG else 30)
def search_api(times: int) -> Figure:
    """``/api/v1/search``, ten results."""
    return asked(times, "/api/v1/search?limit=10&q=")


@benchmark("search while typing, 50 a second at random, p99", unit="ms", target=30, tenfold=60 if BIG else 30)
def search_typing(times: int) -> Figure:
    """``/search/typing``: eight results with their texts, as a piece of a page."""
    return asked(times, "/search/typing?q=")


def api(base: str, token: str) -> Callable[..., dict[str, Any]]:
    """Calls of one program."""

    def call(path: str, body: Any = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        wanted = Request(base + "/api/v1" + path, data=data)
        wanted.add_header("Authorization", token)
        wanted.add_header("Content-Type", "application/json")
        with urlopen(wanted, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    return call


@benchmark("from the last approval to the first hit, median of 10", unit="ms", target=1000, tenfold=1000)
def freshness(times: int) -> Figure:
    """Written, approved twice and asked for until it is found."""
    base, place = reading_room(times).base, library(times)
    author, judges = api(base, place.bearer("rep3")), [api(base, place.bearer(f"reviewer{n}")) for n in (1, 2)]
    waits = []
    for turn in range(10):
        word = f"xq{turn}{time.time_ns() % 10**9}"
        made = author(
            "/submissions",
            {"kind": "product", "title": f"新资费 {word}", "body": "每月多十元。",
             "fields": {"department_text": "资费说明", "customer_text": "每月多十元。"}},
        )  # fmt: skip
        author(f"/submissions/{made['id']}/submit", {})
        for judge in judges:
            task = next(one for one in judge("/reviews?kind=product")["items"] if one["submission"] == made["id"])
            judge(f"/reviews/{task['id']}/decisions", {"verb": "approve", "version": task["version"]})
        began = time.perf_counter()
        while not author(f"/search?q={word}")["total"]:
            time.sleep(0.01)
        waits.append((time.perf_counter() - began) * 1000)
    return Figure(median(waits), f"slowest {max(waits):.0f} ms")


def _memory() -> int:
    """Megabytes that this process holds now."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


@benchmark("embedded engine alone, p99 of processor time", unit="ms", target=30, tenfold=60)
def engine_alone(times: int) -> Figure:
    """No web, no database: made texts are indexed in one go, then asked for. `BIG=1`: 100,000 and a million."""
    engine, words, count = Embedded(folder("engine")), Words(), ALONE * times
    staff, titles, held = frozenset({"internal", "public"}), [words.title() for _ in range(1000)], [_memory()]

    def documents() -> Iterator[Document]:
        for n in range(count):
            if n % max(1, count // 10) == 0:
                held.append(_memory())
            title = titles[n] if n < len(titles) else words.title()
            yield Document(id=str(n), slug=f"text-{n}", title=title, body=words.body(490), audience=staff)

    began = time.perf_counter()
    engine.rebuild(documents(), lambda ids: ())
    took, took_each = time.perf_counter() - began, []
    for text in typed(titles):
        began = time.thread_time()
        engine.search(Query(text, staff, limit=8))
        took_each.append((time.thread_time() - began) * 1000)
    took_each.sort()
    return Figure(
        took_each[int(0.99 * len(took_each))],
        f"{count:,} articles, p50 {median(took_each):.1f} ms; index made in {took:.0f} s, "
        f"{engine.stats().size >> 20} MB, memory {held[0]} … {max(held)} MB",
    )
