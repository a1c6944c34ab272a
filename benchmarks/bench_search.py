"""Search as it is used: while somebody types, over HTTP, and how soon a new text is found."""

import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

from benchmarks.bench_pages import good
from benchmarks.centres import centre, server
from benchmarks.harness import Figure, benchmark
from benchmarks.load import arrivals, one_by_one

RATE = 50.0  # queries a second, arriving at random


def typed(times: int) -> list[str]:
    """What people have typed when the page asks: two signs, more, nearly a title; and titles by their initials."""
    from pypinyin import Style, lazy_pinyin

    out: list[str] = []
    for title in centre(times).titles[:200]:
        out += [title[:2], title[:4], title[2:9]]
        out.append("".join(lazy_pinyin(title[:3], style=Style.FIRST_LETTER)))
        out.append("".join(lazy_pinyin(title[:2])))
    return out


def asked(times: int, path: str) -> Figure:
    """p99 of ten seconds; the note has the rest."""
    base, place = server(times).base, centre(times)
    headers = {"Cookie": place.cookie("rep1")}
    paths = [path + quote(words) for words in typed(times)]
    for one in paths[:60]:  # the first questions load dictionaries
        good(one_by_one(base, one, times=1, headers=headers))
    load = good(arrivals(base, paths, rate=RATE, seconds=10, headers=headers))
    return Figure(
        load.percentile(0.99),
        f"{place.articles:,} articles, p50 {load.percentile(0.5):.1f} ms, p95 {load.percentile(0.95):.1f} ms",
    )


@benchmark("search API, 50 a second at random, p99", unit="ms", target=30, tenfold=30)
def search_api(times: int) -> Figure:
    """``/api/v1/search``, ten results."""
    return asked(times, "/api/v1/search?limit=10&q=")


@benchmark("search while typing, 50 a second at random, p99", unit="ms", target=30, tenfold=30)
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
    base, place = server(times).base, centre(times)
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
