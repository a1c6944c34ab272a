"""100 questions in other words than the article (tests/search/pairs.tsv): with the words, the right article is first.

`python -m benchmarks pairs` measures the embedded engine; with SPIRAL_BENCH_SEARCH_URL=meilisearch://key@host:7700 the
other one, too.
"""

import os
import tempfile
from pathlib import Path

from benchmarks.harness import Figure, benchmark, shared
from tests.search import pairs
from wiki.search.analysis.synonyms import NONE
from wiki.search.engines.base import Engine
from wiki.search.engines.embedded import Embedded

URL = os.environ.get("SPIRAL_BENCH_SEARCH_URL", "")
Scores = tuple[dict[str, pairs.Score], dict[str, pairs.Score]]


def _measured(engine: Engine) -> Scores:
    pairs.fill(engine)
    return pairs.measure(engine, NONE), pairs.measure(engine, pairs.words())


def embedded() -> Scores:
    """Without and with the words, on the embedded engine."""
    with tempfile.TemporaryDirectory() as folder:
        return _measured(Embedded(Path(folder)))


def remote() -> Scores:
    """The same on a Meilisearch server; its index is removed afterwards."""
    from wiki.search.engines.remote import Meilisearch

    with tempfile.TemporaryDirectory() as folder:
        engine = Meilisearch(f"{URL.rstrip('/')}/pairs", Path(folder))
        try:
            return _measured(engine)
        finally:
            engine.drop()


def _figure(scores: Scores, sort: str) -> Figure:
    before, after = (found[sort] for found in scores)
    return Figure(after.first, f"MRR {after.mrr:.3f}; without the words {before.first} first, MRR {before.mrr:.3f}")


@benchmark("pairs · right article first, embedded", unit="of 100", target=77, better="higher")
def all_pairs() -> Figure:
    return _figure(shared("pairs", embedded), "all")


@benchmark("pairs · synonyms, embedded", unit="of 36", target=28, better="higher")
def synonyms() -> Figure:
    return _figure(shared("pairs", embedded), "synonym")


@benchmark("pairs · jargon, embedded", unit="of 19", target=16, better="higher")
def jargon() -> Figure:
    return _figure(shared("pairs", embedded), "jargon")


@benchmark("pairs · regional words, embedded", unit="of 45", target=32, better="higher")
def regional() -> Figure:
    return _figure(shared("pairs", embedded), "regional")


if URL:

    @benchmark("pairs · right article first, Meilisearch", unit="of 100", target=77, better="higher")
    def all_pairs_remote() -> Figure:
        return _figure(shared("pairs remote", remote), "all")
