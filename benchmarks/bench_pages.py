"""What people look at: the article page as a share of the empty view, home, inbox, own submissions, scorecard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import sqlalchemy as sa
from flask import Flask

from benchmarks.bench_empty import yardstick
from benchmarks.centres import centre, server
from benchmarks.harness import BIG, Figure, benchmark
from benchmarks.load import Call, Load, each_once, hammer, one_by_one, processor
from core.db import Database


def good(load: Load) -> Load:
    """The load, when every request was answered well.

    Raises:
        RuntimeError: some were not.
    """
    if load.errors:
        raise RuntimeError(f"{load.errors} of {load.errors + load.requests} requests failed")
    return load


def statements(times: int, username: str, path: str) -> int:
    """How many SQL statements a look at a page takes that was looked at before; badges are counted each time."""
    place = centre(times)
    client = place.app.test_client()
    name, _is, value = place.cookie(username).partition("=")
    client.set_cookie(name, value)
    return statements_of(place.app, client, path)


def statements_of(app: Flask, client: Any, path: str) -> int:
    """The same for a client that is signed in."""
    said: list[str] = []
    answer = client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"

    def note(*about: Any) -> None:
        said.append(about[2])

    database: Database = app.extensions["spiral.database"]
    sa.event.listen(database.reader, "before_cursor_execute", note)
    client.get(path)
    sa.event.remove(database.reader, "before_cursor_execute", note)
    return len([sql for sql in said if not sql.startswith("BEGIN")])


@dataclass
class Side:
    """One of two that are asked in turn, and the processor time that its server spends on it."""

    base: str
    process: int
    paths: Sequence[str]
    headers: Mapping[str, str] = field(default_factory=dict)
    answers: int = 0
    spent: float = 0.0

    def turn(self) -> float:
        """Sixteen ask for a second without pause; their rate."""
        before = processor(self.process)
        load = good(hammer(self.base, self.paths, seconds=1, headers=self.headers, own=True))
        self.spent += processor(self.process) - before
        self.answers += load.requests
        return load.rate

    @property
    def each(self) -> float:
        """Microseconds of processor time for an answer."""
        return self.spent / self.answers * 1e6


MADE = 5.0  # milliseconds: what takes longer was not kept


def share(times: int, *, articles: int, revalidate: bool = False) -> Figure:
    """Requests a second of the article page over those of the empty view: the median of five turns.

    Both are asked in turn and by the same client, so that whatever else the machine does falls on both alike.
    """
    shop, place = server(times), centre(times)
    assert shop.process
    headers = {"Cookie": place.cookie("rep1")}
    paths = [f"/articles/{slug}" for slug in place.slugs[:articles]]
    if revalidate:
        headers["If-None-Match"] = etag(shop.base, paths[0], headers)
    for _turn in range(3):  # every five minutes all pages change: what was made before is made again
        every = good(each_once(shop.base, [Call(path, headers=headers) for path in paths], connections=1, seconds=60))
        if every.percentile(0.99) < MADE:
            break
    page = Side(shop.base, shop.process.pid, paths, headers)
    view = Side(yardstick().base, yardstick().process, ["/"])
    for each in (view, page):
        each.turn()  # warm
        each.answers, each.spent = 0, 0.0
    turns = [(page.turn(), view.turn()) for _ in range(5)]
    rate, said = median(one for one, _ in turns), statements(times, "rep1", paths[0])
    cost = f"processor time {page.each:.0f} of {view.each:.0f} µs"
    return Figure(median(one / other for one, other in turns), f"{rate:,.0f} req/s, {cost}, {said} SQL statements")


def etag(base: str, path: str, headers: dict[str, str]) -> str:
    """What the server calls this page."""
    import urllib.request

    with urllib.request.urlopen(urllib.request.Request(base + path, headers=headers), timeout=10) as answer:
        return str(answer.headers["ETag"])


@benchmark("article page, share of the empty view", unit="×", target=0.35, better="higher", tenfold=0.35)
def article(times: int) -> Figure:
    """One article that everybody opens, over 16 connections."""
    return share(times, articles=1)


@benchmark("article page, the browser has it: 304", unit="×", target=0.35, better="higher", tenfold=0.35)
def unchanged(times: int) -> Figure:
    """Asked with If-None-Match."""
    return share(times, articles=1, revalidate=True)


@benchmark("article page, 500 articles in turn", unit="×", target=0.35, better="higher", tenfold=0.35)
def many_articles(times: int) -> Figure:
    """As in a busy hour."""
    return share(times, articles=500)


@benchmark("article page made anew", unit="ms", target=20, tenfold=20)
def cold(times: int) -> Figure:
    """Nobody has looked at it lately: the median of 300 different articles, one after the other."""
    base, place = server(times).base, centre(times)
    headers = {"Cookie": place.cookie("rep2")}
    calls = [Call(f"/articles/{slug}", headers=headers) for slug in place.slugs[600:900]]
    return Figure(
        good(each_once(base, calls, connections=1, seconds=30)).percentile(0.5), "one after the other, median"
    )


def page(times: int, username: str, path: str, note: str = "") -> Figure:
    """The median of fifty looks, one after the other."""
    base, place = server(times).base, centre(times)
    headers = {"Cookie": place.cookie(username)}
    one_by_one(base, path, times=5, headers=headers)
    load = good(one_by_one(base, path, times=50, headers=headers))
    said = statements(times, username, path)
    return Figure(
        load.percentile(0.5), ", ".join(filter(None, [f"p99 {load.percentile(0.99):.0f} ms", f"{said} SQL", note]))
    )


@benchmark("inbox", unit="ms", target=50, tenfold=50)
def inbox(times: int) -> Figure:
    """A reviewer who holds every seat."""
    return page(times, "reviewer7", "/reviews", f"{centre(times).reviews:,} open reviews")


@benchmark("my submissions", unit="ms", target=50, tenfold=50)
def submissions(times: int) -> Figure:
    """What one of a thousand wrote."""
    return page(times, "rep7", "/submissions/mine")


@benchmark("home of a rep", unit="ms", target=100, tenfold=100)
def home_rep(times: int) -> Figure:
    """Points, quotas, news."""
    return page(times, "rep7", "/")


@benchmark("home of a reviewer, trainer and supervisor", unit="ms", target=300, tenfold=300)
def home_reviewer(times: int) -> Figure:
    """All seats in one person."""
    return page(times, "reviewer7", "/")


@benchmark("home of a manager", unit="ms", target=300, tenfold=300)
def home_manager(times: int) -> Figure:
    """The centre's figures."""
    return page(times, "boss", "/")


@benchmark("scorecard of one of 1,000 people", unit="ms", target=100, tenfold=100)
def scorecard(times: int) -> Figure:
    """The running month."""
    return page(
        times, "rep7", "/scorecard", f"{centre(times).entries:,} ledger entries{'' if BIG else ' (BIG=1: more)'}"
    )


@benchmark("ledger of one of 1,000 people", unit="ms", target=100, tenfold=100)
def ledger(times: int) -> Figure:
    """All that one person ever earned, with sums."""
    return page(times, "rep7", "/ledger", f"{centre(times).entries:,} ledger entries")
