"""100 questions in other words than the article (tests/search/pairs.tsv): with the words, the right article is first.

`python -m benchmarks pairs` measures the embedded engine; with SPIRAL_BENCH_SEARCH_URL=meilisearch://key@host:7700 the
other one, too.
"""

import os
import tempfile
from pathlib import Path

from benchmarks.harness import Figure, benchmark, shared
from benchmarks.world import Words
from tests.search import pairs
from wiki.search.analysis.synonyms import NONE
from wiki.search.engines.base import Engine
from wiki.search.engines.embedded import Embedded

URL = os.environ.get("SPIRAL_BENCH_SEARCH_URL", "")
Scores = tuple[dict[str, pairs.Score], dict[str, pairs.Score]]


def _measured(engine: Engine, times: int) -> Scores:
    made = Words(19)
    pairs.fill(engine, ((made.title(), made.body()) for _ in range(100 * (times - 1))))
    return pairs.measure(engine, NONE), pairs.measure(engine, pairs.words())


def embedded(times: int) -> Scores:
    """Without and with the words, on the embedded engine."""

    def measure() -> Scores:
        with tempfile.TemporaryDirectory() as folder:
            return _measured(Embedded(Path(folder)), times)

    return shared(f"pairs {times}", measure)


def remote(times: int) -> Scores:
    """The same on a Meilisearch server; its index is removed afterwards."""
    from wiki.search.engines.remote import Meilisearch

    with tempfile.TemporaryDirectory() as folder:
        engine = Meilisearch(f"{URL.rstrip('/')}/pairs", Path(folder))
        try:
            return _measured(engine, times)
        finally:
            engine.drop()


def _figure(scores: Scores, sort: str, times: int) -> Figure:
    before, after = (found[sort] for found in scores)
    about = f"{100 * times} texts, MRR {after.mrr:.3f}; without the words {before.first} first, MRR {before.mrr:.3f}"
    return Figure(after.first, about)


@benchmark("pairs · right article first, embedded", unit="of 100", target=77, better="higher", tenfold=65)
def all_pairs(times: int) -> Figure:
    """Ten times: among nine hundred others of the same trade."""
    return _figure(embedded(times), "all", times)


@benchmark("pairs · synonyms, embedded", unit="of 36", target=28, better="higher", tenfold=22)
def synonyms(times: int) -> Figure:
    return _figure(embedded(times), "synonym", times)


@benchmark("pairs · jargon, embedded", unit="of 19", target=16, better="higher", tenfold=14)
def jargon(times: int) -> Figure:
    return _figure(embedded(times), "jargon", times)


@benchmark("pairs · regional words, embedded", unit="of 45", target=32, better="higher", tenfold=28)
def regional(times: int) -> Figure:
    return _figure(embedded(times), "regional", times)


if URL:

    @benchmark("pairs · right article first, Meilisearch", unit="of 100", target=77, better="higher", tenfold=65)
    def all_pairs_remote(times: int) -> Figure:
        return _figure(remote(times), "all", times)
