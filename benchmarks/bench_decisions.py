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
_turns = {1: itertools.count(), 10: itertools.count()}  # no task is decided twice in a run


def approvals(times: int, count: int) -> list[Call]:
    """At most so many approvals of open tasks in every stage but the last, by fifty people who may give them."""
    place = centre(times)
    tokens = [place.bearer(f"reviewer{n}") for n in range(PEOPLE)]
    return list(itertools.islice(_approvals(place.articles, place.reviews, _turns[times], tokens), count))


def _approvals(articles: int, reviews: int, turns: Iterator[int], tokens: list[str]) -> Iterator[Call]:
    for turn in turns:
        if turn >= reviews:
            return
        n = articles + 1 + turn
        stage = n % len(STAGES)
        if stage == len(STAGES) - 1:
            continue
        body = json.dumps({"verb": "approve", "version": 1, "note": ""})
        token = tokens[(n + REVIEWERS // 2) % REVIEWERS]
        yield Call(f"/api/v1/reviews/{n * 10 + stage}/decisions", "POST", {"Authorization": token}, body)


@benchmark("decisions, 20 a second from 50 people, p99", unit="ms", target=100, tenfold=100)
def steady(times: int) -> Figure:
    """Ten seconds at random; five where there are few open reviews."""
    base, seconds = server(times).base, 5 if times == 1 else 10
    good(each_once(base, approvals(times, 20), connections=4, seconds=20))
    load = good(arrivals(base, approvals(times, 30 * seconds), rate=20, seconds=seconds))
    return Figure(load.percentile(0.99), f"p50 {load.percentile(0.5):.1f} ms, {BASE * times:,} open reviews")


@benchmark("decisions, 50 clients without pause", unit="1/s", target=100, better="higher", tenfold=100)
def storm(times: int) -> Figure:
    """Eight seconds, or what is left to decide; each decision asks for the write lock."""
    load = good(each_once(server(times).base, approvals(times, 2500), connections=PEOPLE, seconds=8))
    p99 = load.percentile(0.99)
    return Figure(load.rate, f"p99 {p99:.0f} ms ({'within' if p99 < 1000 else 'NOT within'} 1 s)")
