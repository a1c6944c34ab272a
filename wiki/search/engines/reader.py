"""One opened state of the embedded index: its vocabulary, and how a query finds, orders and counts in it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import tantivy
from tantivy import Occur
from tantivy import Query as Clause

from wiki.search.analysis import queries
from wiki.search.analysis.queries import Kind
from wiki.search.analysis.synonyms import NONE
from wiki.search.engines import common
from wiki.search.engines.base import Facet, Query
from wiki.search.engines.common import FEW, MAX_FACET_VALUES, RERANKED, Found, Ranked
from wiki.search.engines.fields import BOOSTS, PARTS, Kept, schema


class Opened:
    """A generation that is open for reading; `refresh` makes the newest commit visible."""

    def __init__(self, path: Path, mark: tuple[int, int]) -> None:
        self.mark = mark
        self._meta = path / "meta.json"
        self.index = tantivy.Index.open(str(path))
        self.index.config_reader("manual")
        self._stamp: tuple[int, int, int] | None = None
        self.refresh()

    def refresh(self) -> None:
        """Costs one look at a file when nothing changed."""
        known = self._meta.stat()
        stamp = (known.st_ino, known.st_mtime_ns, known.st_size)
        if stamp != self._stamp:
            self.index.reload()
            self.snapshot = Snapshot(self.index.searcher())
            self._stamp = stamp


class Snapshot:
    """One commit; it answers alike however much is written meanwhile."""

    def __init__(self, searcher: tantivy.Searcher) -> None:
        self.searcher = searcher
        self.vocabulary = Terms(searcher)
        self._schema = schema()

    def find(self, query: Query, parts: Iterable[str] = PARTS) -> Found:
        """The page that the query asks for. `parts` are the texts searched."""
        asked = queries.analyse(query.text, self.vocabulary, query.synonyms or NONE)
        if not asked.needs or not query.reader:
            return Found([], 0, {})
        clauses = _Clauses(self._schema, tuple(parts))
        strict = Clause.boolean_query([*clauses.strict(asked), *self._visible(query)])
        wanted = max(RERANKED, query.offset + query.limit)
        exact = self.searcher.search(strict, wanted)
        if _count(exact) >= FEW:
            ordered = self._ordered(asked, exact.hits)
            total, facets = _count(exact), self._counted(clauses.strict(asked), query)
        else:
            loose = Clause.boolean_query([(Occur.Must, clauses.loose(asked)), *self._visible(query)])
            ordered = self._ordered(asked, self.searcher.search(loose, RERANKED).hits)
            ordered = common.covered(ordered)
            total, facets = len(ordered), common.tally(ordered, query.facets)
        page = ordered[query.offset : query.offset + query.limit]
        return Found([common.hit(asked, each, explain=query.explain) for each in page], total, facets)

    def newest(self, query: Query) -> Found:
        """The visible documents without a question, newest first."""
        every = Clause.boolean_query([(Occur.Must, Clause.all_query()), *self._visible(query)])
        found = self.searcher.search(every, query.offset + query.limit, order_by_field="published_at")
        kept = [Kept(self.searcher.doc(address)) for _, address in found.hits[query.offset :]]
        empty = queries.Analysed((), ())
        hits = [common.hit(empty, Ranked(0.0, None, each), explain=False) for each in kept]
        return Found(hits, _count(found), self._counted([(Occur.Must, Clause.all_query())], query))

    def _visible(self, query: Query, without: Facet | None = None) -> Iterator[tuple[Occur, Clause]]:
        yield Occur.Must, _unscored(Clause.term_set_query(self._schema, "audience", sorted(query.reader)))
        for facet, values in query.filters.items():
            if values and facet is not without:
                yield Occur.Must, _unscored(Clause.term_set_query(self._schema, facet, list(values)))

    def _ordered(self, asked: queries.Analysed, hits: list[tuple[float, tantivy.DocAddress]]) -> list[Ranked]:
        """The hits, the first `RERANKED` by all their features; equals newest first, then by id."""
        head = common.ordered(asked, [(score, Kept(self.searcher.doc(at))) for score, at in hits[:RERANKED]])
        return head + [Ranked(0.0, None, Kept(self.searcher.doc(at))) for _, at in hits[RERANKED:]]

    def _counted(self, text: list[tuple[Occur, Clause]], query: Query) -> dict[Facet, tuple[tuple[str, int], ...]]:
        """How many results each value of a facet has; a facet's own filter does not narrow its counts."""
        counts = {}
        for facet in query.facets:
            narrowed = Clause.boolean_query([*text, *self._visible(query, without=facet)])
            wanted = {"values": {"terms": {"field": str(facet), "size": MAX_FACET_VALUES}}}
            buckets = self.searcher.aggregate(narrowed, wanted)["values"]["buckets"]
            counts[facet] = common.by_count({b["key"]: b["doc_count"] for b in buckets if b["key"]})
        return counts


class _Clauses:
    """A query's needs as queries of the index, over the `parts` searched."""

    def __init__(self, fields: tantivy.Schema, parts: tuple[str, ...]) -> None:
        self._schema = fields
        self._parts = parts

    def strict(self, asked: queries.Analysed) -> list[tuple[Occur, Clause]]:
        """Both of two telling needs must be met, two thirds of more; all else only adds to the score."""
        telling, others, least = common.demands(asked)
        each = [(Occur.Should, self._any(need.terms)) for need in telling]
        must = Clause.boolean_query(each, least)
        extra = [t for need in others for t in need.terms] + list(asked.extra)
        return [(Occur.Must, must), *((Occur.Should, q) for q in self._terms(extra))]

    def loose(self, asked: queries.Analysed) -> Clause:
        """Anything that is asked for, rare or frequent."""
        terms = [t for need in asked.needs for t in need.terms] + list(asked.extra)
        return Clause.boolean_query([(Occur.Should, q) for q in self._terms(terms)])

    def _any(self, terms: Iterable[tuple[Kind, str]]) -> Clause:
        return Clause.boolean_query([(Occur.Should, q) for q in self._terms(terms)])

    def _terms(self, terms: Iterable[tuple[Kind, str]]) -> Iterator[Clause]:
        for kind, term in dict.fromkeys(terms):
            for part, boost in zip(PARTS, BOOSTS[kind], strict=True):
                if part in self._parts:
                    yield Clause.boost_query(Clause.term_query(self._schema, f"{part}_{kind}", term, "freq"), boost)


class Terms:
    """The vocabulary of one commit (see `queries.Vocabulary`). Counts are of all documents: they weigh, never show."""

    def __init__(self, searcher: tantivy.Searcher) -> None:
        self._searcher = searcher
        self.documents = searcher.num_docs
        self.count = lru_cache(maxsize=20_000)(self._count)
        self._latin = lru_cache(maxsize=64)(self._words_beginning)

    def _count(self, kind: Kind, term: str) -> int:
        return max(self._searcher.doc_freq(f"{part}_{kind}", term) for part in PARTS)

    def endings(self, kind: Kind, beginning: str, limit: int) -> list[str]:
        """See `queries.Vocabulary`."""
        found: Counter[str] = Counter()
        for part in PARTS:
            for term, count in self._searcher.terms_with_prefix(f"{part}_{kind}", beginning, limit=limit):
                found[term] = max(count, found[term])
        return sorted(found, key=lambda term: (-found[term], term))[:limit]

    def near(self, word: str) -> list[str]:
        """See `queries.Vocabulary`."""
        return common.near(word, [known for letter in dict.fromkeys(word[:2]) for known in self._latin(letter)])

    def _words_beginning(self, letter: str) -> list[str]:
        found = (self._searcher.terms_with_prefix(f"{part}_{Kind.WORD}", letter) for part in PARTS)
        return common.latin(word for words in found for word, _ in words)


def _unscored(query: Clause) -> Clause:
    return Clause.const_score_query(query, 0.0)


def _count(result: tantivy.SearchResult) -> int:
    """All that was found, beyond the page too."""
    return int(result.count)  # type: ignore[attr-defined]  # the library's stubs forget it
