"""Decisions over the API, on SQLite with ``synchronous=FULL``: each is a transaction of its own that the disk has."""

import itertools
import json
from collections.abc import Iterator

from benchmarks.bench_pages import good
from benchmarks.centres import BASE, centre, server
from benchmarks.harness import Figure, benchmark
from benchmarks.load import Call, arrivals, each_once
from benchmarks.world import REVIEWERS, STAGES

PEOPLE = 50
_turn = itertools.count()  # no task is decided twice in a run


def approvals(count: int) -> list[Call]:
    """So many approvals of open tasks in every stage but the last, by fifty people who may give them."""
    place = centre(10)
    tokens = [place.bearer(f"reviewer{n}") for n in range(PEOPLE)]
    return [next(_approvals(place.articles, tokens)) for _ in range(count)]


def _approvals(articles: int, tokens: list[str]) -> Iterator[Call]:
    for turn in _turn:
        n = articles + 1 + turn
        stage = n % len(STAGES)
        if stage == len(STAGES) - 1:
            continue
        body = json.dumps({"verb": "approve", "version": 1, "note": ""})
        token = tokens[(n + REVIEWERS // 2) % REVIEWERS]
        yield Call(f"/api/v1/reviews/{n * 10 + stage}/decisions", "POST", {"Authorization": token}, body)


@benchmark("decisions, 20 a second from 50 people, p99", unit="ms", target=100)
def steady() -> Figure:
    """Ten seconds at random."""
    base = server(10).base
    good(each_once(base, approvals(20), connections=4, seconds=20))
    load = good(arrivals(base, approvals(300), rate=20, seconds=10))
    return Figure(load.percentile(0.99), f"p50 {load.percentile(0.5):.1f} ms, {BASE * 10:,} open reviews")


@benchmark("decisions, 50 clients without pause", unit="1/s", target=100, better="higher")
def storm() -> Figure:
    """Eight seconds; each decision asks for the write lock."""
    load = good(each_once(server(10).base, approvals(2500), connections=PEOPLE, seconds=8))
    p99 = load.percentile(0.99)
    return Figure(load.rate, f"p99 {p99:.0f} ms ({'within' if p99 < 1000 else 'NOT within'} 1 s)")
