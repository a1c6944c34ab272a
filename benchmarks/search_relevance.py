"""How well search finds what is meant, on a set of documents and queries that is no part of the product.

    python -m benchmarks.search_relevance [--data FOLDER] [--set dev] [--variants plain,pinyin] [--min score=0.96]
                                          [--url meilisearch://key@127.0.0.1:7700] [--limit 100] [--times 5]

With --url the documents go into an index of that server, which is removed afterwards. With --times each document is
there so many times, under other titles: then the figures of time mean something, and those of relevance do not.
FOLDER holds `evaluate.py` and the sets; without it (a clone has none) this is left out, loudly.
"""

import argparse
import importlib.util
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from wiki.search.engines.base import Document, Engine, Query
from wiki.search.engines.embedded import Embedded
from wiki.search.engines.remote import Meilisearch

DATA = Path(__file__).resolve().parents[2] / "shared" / "search-eval"
READER = frozenset({"internal"})
TO_BEAT = {
    "plain": 0.968,
    "keywords": 0.971,
    "script": 0.967,
    "pinyin": 0.959,
    "homophone": 0.958,
    "typo": 0.960,
    "prefix": 0.930,
    "initials": 0.674,
}


class InProcess:
    """An engine without the web around it; an Adapter of evaluate.py."""

    def __init__(self, root: Path, url: str = "") -> None:
        self.engine: Engine = Meilisearch(f"{url.rstrip('/')}/relevance", root / "lock") if url else Embedded(root)
        self.name = self.engine.name

    def index(self, docs: list[dict[str, Any]]) -> None:
        documents = (
            Document(id=d["id"], slug=d["id"], title=d["title"], body=d["body"], audience=READER) for d in docs
        )
        self.engine.rebuild(list(documents), lambda ids: ())

    def search(self, query: str, k: int) -> list[str]:
        return [hit.id for hit in self.engine.search(Query(query, READER, limit=k)).hits]


def evaluator(data: Path) -> ModuleType | None:
    """The folder's evaluate.py; None, said loudly, where there is none."""
    source = data / "evaluate.py"
    if not source.exists():
        print(f"LEFT OUT: search relevance is not measured, there is no {source}", file=sys.stderr)
        return None
    spec = importlib.util.spec_from_file_location("evaluate", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(
    data: Path, name: str, variants: list[str] | None = None, *, url: str = "", limit: int = 0, times: int = 1
) -> dict[str, Any] | None:
    """What evaluate.py says of an engine on one set, as it says it; None where there is no data."""
    evaluate = evaluator(data)
    if evaluate is None:
        return None
    docs, queries = evaluate.load(str(data / name))
    with tempfile.TemporaryDirectory() as folder:
        adapter = InProcess(Path(folder), url)
        docs += [{**d, "id": f"{d['id']}-{n}", "title": f"{d['title']} {n}"} for n in range(1, times) for d in docs]
        began = time.perf_counter()
        adapter.index(docs)
        took = time.perf_counter() - began
        result: dict[str, Any] = evaluate.evaluate(adapter, queries, variants, limit)
        print(evaluate.table(f"{adapter.name} on {name}, {len(docs)} documents indexed in {took:.1f} s", result))
        if isinstance(adapter.engine, Meilisearch):
            adapter.engine.drop()
    return result


def main(argv: list[str] | None = None) -> int:
    """Prints the table; 1 where a figure asked for by --min is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--set", default="dev")
    parser.add_argument("--variants", default="", help="comma-separated; default all")
    parser.add_argument("--url", default="", help="of a Meilisearch server; default: the embedded engine")
    parser.add_argument("--limit", type=int, default=0, help="only the first queries of each variant")
    parser.add_argument("--times", type=int, default=1, help="so many copies of each document")
    parser.add_argument("--min", action="append", default=[], metavar="NAME=MRR", help="score=0.96, pinyin=0.95")
    options = parser.parse_args(argv)
    variants = [v for v in options.variants.split(",") if v] or None
    result = measure(options.data, options.set, variants, url=options.url, limit=options.limit, times=options.times)
    if result is None:
        return 0
    figures = {name: row["mrr"] for name, row in result["variants"].items()} | {"score": result["score"]}
    for name, least in TO_BEAT.items():
        if name in figures:
            print(f"{name:10} {figures[name]:.3f}  to beat {least:.3f}  {figures[name] - least:+.3f}")
    missed = [wish for wish in options.min if figures[wish.split("=")[0]] < float(wish.split("=")[1])]
    for wish in missed:
        print(f"MISSED {wish}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
