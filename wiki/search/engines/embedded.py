"""The search engine inside the program: tantivy over fields that are analysed before they reach it.

One process writes at a time (whoever holds the folder's lock), every process reads; a reader sees a commit at its next
search. The index is disposable: whatever is wrong with it, it says so and can be made again.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import tantivy
from rapidfuzz import process
from rapidfuzz.distance import OSA
from tantivy import Occur
from tantivy import Query as Q

from wiki.search import ranking, snippets
from wiki.search.analysis import documents as analysis
from wiki.search.analysis import queries
from wiki.search.analysis.queries import Kind
from wiki.search.engines.base import (
    Document,
    EngineUnavailable,
    Facet,
    Hit,
    Page,
    Query,
    State,
    Stats,
)
from wiki.search.engines.generations import Generations

FORMAT = 1
RERANKED = 60
BOOSTS = {
    Kind.WORD: (2.0, 1.0),
    Kind.CHAR: (0.25, 0.08),
    Kind.SOUND: (0.5, 0.25),
    Kind.INITIALS: (0.3, 0.1),
}
_PATIENCE = 30.0
_HEAP = 32_000_000
_BULK_HEAP = 128_000_000
_RANKED_CHARS = 4_000
_SHOWN_CHARS = 20_000
_SEPARATOR = "\x1e"


def signature() -> str:
    """Changes when terms may have changed: our format, or the data the analysis is made of. Then a rebuild is due."""
    made_by = (f"{name} {version(name)}" for name in ("tantivy", "rjieba", "opencc", "pypinyin"))
    return ", ".join((f"format {FORMAT}", *made_by))


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    for name in ("external_id", "slug", "title", "body", "ranked"):
        builder.add_bytes_field(name, stored=True)
    for facet in Facet:
        builder.add_text_field(facet, stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("audience", tokenizer_name="raw", index_option="basic")
    for kind in Kind:
        for part in ("title", "body"):
            builder.add_text_field(f"{part}_{kind}", tokenizer_name="whitespace", index_option="freq")
    builder.add_integer_field("published_at", stored=True, fast=True)
    builder.add_float_field("boost", stored=True, fast=True)
    return builder.build()


class Embedded:
    """An index in the folder `root`, shared by all processes of the server."""

    name = "embedded"

    def __init__(self, root: Path) -> None:
        self._generations = Generations(root)
        self._schema = _schema()
        self._signature = signature()
        self._guard = threading.RLock()
        self._opened: _Opened | None = None

    # -- writing

    def index(self, documents: Iterable[Document]) -> int:
        """See `Engine.index`; one commit for all of them."""
        with self._writer(_HEAP) as writer:
            return self._add(writer, documents, replace=True)

    def delete(self, ids: Iterable[str]) -> None:
        """See `Engine.delete`."""
        with self._writer(_HEAP) as writer:
            for each in ids:
                writer.delete_documents_by_term("id", each)

    def clear(self) -> None:
        """See `Engine.clear`."""
        self.rebuild(())

    def rebuild(self, documents: Iterable[Document]) -> int:
        """See `Engine.rebuild`. Whoever indexes meanwhile waits, so that nothing is lost in the swap."""
        with self._generations.writing(patience=_PATIENCE), _spoken():
            generation = self._generations.begin()
            try:
                index = tantivy.Index(self._schema, str(self._generations.path(generation)))
                writer = index.writer(_BULK_HEAP, 1)
                count = self._add(writer, documents, replace=False)
                writer.commit()
                writer.wait_merging_threads()
            except BaseException:
                self._generations.drop(generation)
                raise
            self._generations.swap(generation, self._signature)
            return count

    def _add(self, writer: tantivy.IndexWriter, documents: Iterable[Document], *, replace: bool) -> int:
        count = 0
        for document in documents:
            if replace:
                writer.delete_documents_by_term("id", document.id)
            writer.add_document(_stored(document))
            count += 1
        return count

    @contextmanager
    def _writer(self, heap: int) -> Iterator[tantivy.IndexWriter]:
        """A writer whose work is committed at the end, or undone after an error. A missing index is begun."""
        if self._generations.current() is None:
            self.clear()
        with self._generations.writing(patience=_PATIENCE), _spoken():
            index = self._reader().index
            writer = index.writer(heap, 1)
            try:
                yield writer
                writer.commit()
            except BaseException:
                writer.rollback()
                raise
            finally:
                writer.wait_merging_threads()

    # -- reading

    def search(self, query: Query) -> Page:
        """See `Engine.search`."""
        began = time.perf_counter()
        with _spoken():
            reader = self._reader()
            asked = queries.analyse(query.text, reader.vocabulary)
            hits, total, facets = self._find(reader, asked, query) if asked.needs else ([], 0, {})
        return Page(tuple(hits), total, facets, (time.perf_counter() - began) * 1000, self.name)

    def _find(self, reader: "_Opened", asked: queries.Analysed, query: Query):
        text = Q.boolean_query([(Occur.Should, q) for q in self._clauses(asked)])
        full = Q.boolean_query([(Occur.Must, text), *self._narrowed(query)])
        found = reader.searcher.search(full, max(RERANKED, query.offset + query.limit))
        ordered = self._ordered(reader, asked, found.hits)
        page = ordered[query.offset : query.offset + query.limit]
        return [self._hit(asked, *each, explain=query.explain) for each in page], found.count, {}

    def _clauses(self, asked: queries.Analysed) -> Iterator[Q]:
        seen = set()
        for kind, term in [t for need in asked.needs for t in need.terms] + list(asked.extra):
            if (kind, term) in seen:
                continue
            seen.add((kind, term))
            for part, boost in zip(("title", "body"), BOOSTS[kind], strict=True):
                yield Q.boost_query(Q.term_query(self._schema, f"{part}_{kind}", term, "freq"), boost)

    def _narrowed(self, query: Query) -> Iterator[tuple[Occur, Q]]:
        yield Occur.Must, _unscored(Q.term_set_query(self._schema, "audience", sorted(query.reader)))
        for facet, values in query.filters.items():
            if values:
                yield Occur.Must, _unscored(Q.term_set_query(self._schema, facet, list(values)))

    def _ordered(self, reader, asked, hits):
        best = hits[0][0] if hits else 0.0
        out = []
        for score, address in hits:
            doc = reader.searcher.doc(address)
            parts = doc.get_first("ranked").decode().split(_SEPARATOR)
            candidate = ranking.Candidate(analysis.Readable(*parts[:3]), analysis.Readable(*parts[3:]), score)
            values = ranking.features(asked, candidate, best)
            out.append((ranking.total(values), values, doc))
        head = sorted(out[:RERANKED], key=lambda x: (-x[0], -x[2].get_first("published_at"), x[2].get_first("id")))
        return head + out[RERANKED:]

    def _hit(self, asked, score, values, doc, *, explain):
        get = lambda n: doc.get_first(n).decode()
        return Hit(doc.get_first("id"), get("external_id"), get("slug"), get("title"), "", "", "", (), score, None)

    def _reader(self) -> "_Opened":
        """The newest committed state of the current generation."""
        with self._guard:
            mark = self._generations.mark()
            if self._opened is None or self._opened.mark != mark:
                current = self._generations.current()
                if current is None:
                    raise EngineUnavailable(State.MISSING, "there is no search index yet")
                if current.signature != self._signature:
                    raise EngineUnavailable(State.OUTDATED, "the search index was made by another version")
                self._opened = _Opened(self._generations.path(current.generation), mark)
            self._opened.refresh()
            return self._opened


class _Opened:
    def __init__(self, path, mark):
        self.path = path
        self.mark = mark
        self.index = tantivy.Index.open(str(path))
        self.index.config_reader("manual")
        self.stamp = None

    def refresh(self):
        import os
        s = os.stat(self.path / "meta.json")
        stamp = (s.st_ino, s.st_mtime_ns, s.st_size)
        if stamp != self.stamp:
            self.index.reload()
            self.searcher = self.index.searcher()
            self.vocabulary = _Vocabulary(self.searcher)
            self.stamp = stamp


class _Vocabulary:
    def __init__(self, searcher):
        self._searcher = searcher
        self.documents = searcher.num_docs
        self._latin = {}
        self._counts = {}

    def count(self, kind, term):
        key = (kind, term)
        n = self._counts.get(key)
        if n is None:
            n = max(self._searcher.doc_freq(f"title_{kind}", term), self._searcher.doc_freq(f"body_{kind}", term))
            self._counts[key] = n
        return n

    def endings(self, kind, beginning, limit):
        found = {}
        for part in ("title", "body"):
            for term, n in self._searcher.terms_with_prefix(f"{part}_{kind}", beginning, limit=limit):
                found[term] = max(n, found.get(term, 0))
        return sorted(found, key=lambda t: (-found[t], t))[:limit]

    def near(self, word):
        if len(word) < 4:
            return []
        limit = 1 if len(word) < 8 else 2
        pool = [w for c in dict.fromkeys(word[:2]) for w in self._words(c)]
        found = process.extract(word, pool, scorer=OSA.distance, score_cutoff=limit, limit=5)
        return [w for w, d, _ in found]

    def _words(self, letter):
        if letter not in self._latin:
            self._latin[letter] = sorted({w for part in ("title", "body") for w, _ in self._searcher.terms_with_prefix(f"{part}_word", letter) if w.isascii() and w.isalpha() and len(w) > 2})
        return self._latin[letter]


def _stored(document: Document) -> tantivy.Document:
    title, body = analysis.document(document.title, document.body)
    shown = [*_cut(title.readable), *_cut(body.readable)]
    return tantivy.Document(
        id=document.id,
        external_id=document.external_id.encode(),
        slug=document.slug.encode(),
        title=document.title.encode(),
        body=document.body[:_SHOWN_CHARS].encode(),
        ranked=_SEPARATOR.join(shown).encode(),
        kind=document.kind,
        category=list(document.category),
        tag=list(document.tags),
        service=list(document.services),
        audience=sorted(document.audience),
        published_at=int(document.published_at.timestamp()) if document.published_at else 0,
        boost=document.boost,
        **{
            f"{part}_{kind}": " ".join(values)
            for part, terms in (("title", title.terms), ("body", body.terms))
            for kind, values in (
                (Kind.WORD, terms.words),
                (Kind.CHAR, terms.chars),
                (Kind.SOUND, terms.sounds),
                (Kind.INITIALS, terms.initials),
            )
        },
    )


def _cut(text: analysis.Readable) -> tuple[str, str, str]:
    return text.plain[:_RANKED_CHARS], text.sound[:_RANKED_CHARS], text.initials[:_RANKED_CHARS]


def _unscored(query: Q) -> Q:
    return Q.const_score_query(query, 0.0)


@contextmanager
def _spoken() -> Iterator[None]:
    """Whatever tantivy raises becomes a sentence; its panics too, which Python does not count as exceptions."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise EngineUnavailable(State.CORRUPT, f"the search index cannot be used: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise EngineUnavailable(State.CORRUPT, "the search index is damaged") from error
