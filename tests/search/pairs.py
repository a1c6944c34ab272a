"""The set of 100 questions in other words than the article, and how well an engine answers them."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from wiki.search.analysis.regions import GROUPS
from wiki.search.analysis.synonyms import NONE, Synonyms
from wiki.search.engines.base import Document, Engine, Query
from wiki.search.word_rules import compiled, parse

READER = frozenset({"internal"})


class Pair(NamedTuple):
    """A question, and the article that answers it."""

    sort: str
    asked: str
    title: str
    body: str


class Score(NamedTuple):
    """Of some questions: how many have the right article first, and the mean reciprocal rank (of the first ten)."""

    first: int
    mrr: float


def _lines(name: str) -> list[str]:
    text = (Path(__file__).parent / name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def pairs() -> list[Pair]:
    """All hundred."""
    return [Pair(*line.split("\t")) for line in _lines("pairs.tsv")]


def words() -> Synonyms:
    """What is in force where a manager keeps the words of these desks."""
    return compiled([parse(line) for line in _lines("pairs_words.txt")], GROUPS)


def fill(engine: Engine, others: Iterable[tuple[str, str]] = ()) -> None:
    """The articles of all pairs are in the index, and ``others`` (title, body) in which nobody looks for the answer."""
    texts = [*((pair.title, pair.body) for pair in pairs()), *others]
    documents = [
        Document(id=str(number), slug=f"p-{number}", title=title, body=body, audience=READER)
        for number, (title, body) in enumerate(texts)
    ]
    engine.rebuild(documents, lambda ids: ())


def measure(engine: Engine, synonyms: Synonyms = NONE) -> dict[str, Score]:
    """The scores of each sort of pair, and of ``all``."""
    ranks: dict[str, list[int]] = {}
    for number, pair in enumerate(pairs()):
        hits = engine.search(Query(pair.asked, READER, limit=10, synonyms=synonyms)).hits
        rank = next((at for at, hit in enumerate(hits, 1) if hit.id == str(number)), 0)
        for name in (pair.sort, "all"):
            ranks.setdefault(name, []).append(rank)
    return {
        name: Score(found.count(1), sum(1 / rank for rank in found if rank) / len(found))
        for name, found in ranks.items()
    }


def missed(engine: Engine, synonyms: Synonyms) -> list[tuple[Pair, list[str]]]:
    """Those that have another article first, for whoever mends the words."""
    out = []
    for number, pair in enumerate(pairs()):
        hits = engine.search(Query(pair.asked, READER, limit=3, synonyms=synonyms)).hits
        if not hits or hits[0].id != str(number):
            out.append((pair, [hit.title for hit in hits]))
    return out
