"""One opened state of the embedded index: its vocabulary, and how a query finds, orders and counts in it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

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

Address = tuple[float, tantivy.DocAddress]


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
        text = self._or_first(clauses.strict(asked), query)
        strict = Clause.boolean_query([*text, *self._visible(query)])
        wanted = max(RERANKED, query.offset + query.limit)
        exact = self.searcher.search(strict, wanted)
        if _count(exact) >= FEW:
            ordered = self._ordered(asked, exact.hits, query, every=False)
            total, facets = _count(exact), self._counted(text, query)
        else:
            loose = Clause.boolean_query([(Occur.Must, clauses.loose(asked)), *self._visible(query)])
            ordered = self._ordered(asked, self.searcher.search(loose, RERANKED).hits, query, every=True)
            ordered = common.covered(ordered, query)
            total, facets = len(ordered), common.tally(ordered, query.facets)
        page = ordered[query.offset : query.offset + query.limit]
        return Found([common.hit(asked, each, explain=query.explain) for each in page], total, facets)

    def newest(self, query: Query) -> Found:
        """The visible documents without a question, newest first."""
        every = Clause.boolean_query([(Occur.Must, Clause.all_query()), *self._visible(query)])
        found = self.searcher.search(every, query.offset + query.limit, order_by_field="published_at")
        kept = [Kept(self.searcher, address) for _, address in found.hits[query.offset :]]
        empty = queries.Analysed((), ())
        hits = [common.hit(empty, Ranked(0.0, None, each), explain=False) for each in kept]
        return Found(hits, _count(found), self._counted([(Occur.Must, Clause.all_query())], query))

    def _visible(self, query: Query, without: Facet | None = None) -> Iterator[tuple[Occur, Clause]]:
        yield Occur.Must, self._one_of("audience", sorted(query.reader))
        for facet, values in query.filters.items():
            if values and facet is not without:
                yield Occur.Must, self._narrowed(facet, values)

    def _narrowed(self, facet: Facet, values: Iterable[str]) -> Clause:
        if facet is not Facet.FRESH:
            return self._one_of(facet, values)
        spans = common.spans()
        known = [(common.field_of(value), *spans[value]) for value in values if value in spans]
        integer = tantivy.FieldType.Integer
        each = [Clause.range_query(self._schema, name, integer, first, last) for name, first, last in known]
        one_of = Clause.boolean_query([(Occur.Should, one) for one in each]) if each else Clause.empty_query()
        return _unscored(one_of)

    def _one_of(self, field: str, values: Iterable[str]) -> Clause:
        """Documents with one of these values. A set of terms would be looked up in all of the index, for each query."""
        known = [value for value in values if self.searcher.doc_freq(field, value)]
        each = [(Occur.Should, Clause.term_query(self._schema, field, value, "basic")) for value in known]
        return _unscored(Clause.boolean_query(each)) if each else Clause.empty_query()

    def _or_first(self, text: list[tuple[Occur, Clause]], query: Query) -> list[tuple[Occur, Clause]]:
        """Those that meet the text, and those that stand first without."""
        if not query.first:
            return text
        either = [(Occur.Should, Clause.boolean_query(text)), (Occur.Should, self._one_of("id", query.first))]
        return [(Occur.Must, Clause.boolean_query(either))]

    def _ordered(self, asked: queries.Analysed, hits: list[Address], query: Query, *, every: bool) -> list[Ranked]:
        """The hits, the first `RERANKED` by all their features; equals newest first, then by id."""
        head = ((score, Kept(self.searcher, at)) for score, at in hits[:RERANKED])
        if not query.first:
            ranked = common.ordered(asked, head, query, every=every)
            return ranked + [Ranked(0.0, None, Kept(self.searcher, at)) for _, at in hits[len(ranked) :]]
        best = list(head)
        best += self._lacking(query, {kept.id for _, kept in best})
        rest = (Kept(self.searcher, at) for _, at in hits[RERANKED:])
        beyond = [Ranked(0.0, None, kept) for kept in rest if kept.id not in query.first]
        return common.ordered(asked, best, query) + beyond

    def _lacking(self, query: Query, known: set[str]) -> list[tuple[float, Kept]]:
        """Those that stand first and are not among the best by their words."""
        lacking = [each for each in query.first if each not in known]
        if not lacking:
            return []
        wanted = [(Occur.Must, self._one_of("id", lacking)), *self._visible(query)]
        found = self.searcher.search(Clause.boolean_query(wanted), len(lacking)).hits
        return [(0.0, Kept(self.searcher, at)) for _, at in found]

    def _counted(self, text: list[tuple[Occur, Clause]], query: Query) -> dict[Facet, tuple[tuple[str, int], ...]]:
        """How many results each value of a facet has; a facet's own filter does not narrow its counts."""
        counts: common.Counts = {}
        free = tuple(facet for facet in query.facets if not query.filters.get(facet))
        for group in (free, *((facet,) for facet in query.facets if facet not in free)):
            if group:
                narrowed = Clause.boolean_query([*text, *self._visible(query, without=group[0])])
                counts |= self._aggregated(narrowed, group)
        return counts

    def _aggregated(self, narrowed: Clause, facets: tuple[Facet, ...]) -> common.Counts:
        """The values of some facets, counted in one go over the documents."""
        spans = common.spans()
        wanted: dict[str, Any] = {f: {"terms": {"field": str(f), "size": MAX_FACET_VALUES}} for f in facets}
        if wanted.pop(Facet.FRESH, None):
            for value, (first, last) in spans.items():
                ranges = [{"from": first, "to": last + 1}]
                wanted[f"fresh {value}"] = {"range": {"field": common.field_of(value), "ranges": ranges}}
        found = self.searcher.aggregate(narrowed, wanted)
        counts: common.Counts = {}
        for facet in facets:
            if facet is Facet.FRESH:
                inside = {v: found[f"fresh {v}"]["buckets"] for v in spans}
                told = {v: sum(b["doc_count"] for b in inside[v] if b.get("from") == spans[v][0]) for v in spans}
            else:
                told = {b["key"]: b["doc_count"] for b in found[facet]["buckets"] if b["key"]}
            counts[facet] = common.by_count({value: count for value, count in told.items() if count})
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
        # of the searcher and not of this object, which would hold itself: it and its segments would be kept until the
        # collector comes round, and a server that publishes all day opens one of these every second
        self.count = lru_cache(maxsize=20_000)(partial(_documents_with, searcher))
        self._latin = lru_cache(maxsize=64)(partial(_words_beginning, searcher))

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


def _documents_with(searcher: tantivy.Searcher, kind: Kind, term: str) -> int:
    return max(searcher.doc_freq(f"{part}_{kind}", term) for part in PARTS)


def _words_beginning(searcher: tantivy.Searcher, letter: str) -> list[str]:
    found = (searcher.terms_with_prefix(f"{part}_{Kind.WORD}", letter) for part in PARTS)
    return common.latin(word for words in found for word, _ in words)


def _unscored(query: Clause) -> Clause:
    return Clause.const_score_query(query, 0.0)


def _count(result: tantivy.SearchResult) -> int:
    """All that was found, beyond the page too."""
    return int(result.count)  # type: ignore[attr-defined]  # the library's stubs forget it
