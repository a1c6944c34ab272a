"""The search engine inside the program: tantivy over fields that are analysed before they reach it.

One process writes at a time (whoever holds the folder's lock), every process reads; a reader sees a commit at its next
search. The index is disposable: whatever is wrong with it, it says so and can be made again.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import tantivy

from wiki.search.analysis.synonyms import Synonyms
from wiki.search.engines.base import Document, EngineUnavailable, Hit, Page, Query, Reload, State, Stats
from wiki.search.engines.common import titles
from wiki.search.engines.fields import Kept, schema, signature, stored
from wiki.search.engines.generations import Generations
from wiki.search.engines.reader import Opened, Snapshot

_PATIENCE = 30.0
_HEAP = 32_000_000
_BULK_HEAP = 128_000_000


class Embedded:
    """An index in the folder `root`, shared by all processes of the server. Safe to use from many threads."""

    name = "embedded"

    def __init__(self, root: Path) -> None:
        self._generations = Generations(root)
        self._signature = signature()
        self._guard = threading.Lock()
        self._opened: Opened | None = None

    # -- writing

    def index(self, documents: Iterable[Document]) -> int:
        """See `Engine.index`; one commit for all of them."""
        batch = list(documents)
        with self._writer([document.id for document in batch]) as writer:
            _replace(writer, batch)
        return len(batch)

    def delete(self, ids: Iterable[str]) -> None:
        """See `Engine.delete`; one commit for all of them."""
        batch = list(ids)
        with self._writer(batch) as writer:
            for each in batch:
                writer.delete_documents_by_term("id", each)

    def clear(self) -> None:
        """See `Engine.clear`."""
        self.rebuild((), lambda ids: ())

    def rebuild(self, documents: Iterable[Document], again: Reload) -> int:
        """See `Engine.rebuild`. What others write meanwhile goes to the old generation, and at the end to the new."""
        files = self._generations
        with files.rebuilding(), _speaking():
            generation = files.begin()
            try:
                index = tantivy.Index(schema(), str(files.path(generation)))
                writer = index.writer(_BULK_HEAP, 1)
                count = 0
                for document in documents:
                    writer.add_document(stored(document))
                    count += 1
                writer.commit()
                with files.writing(patience=_PATIENCE):
                    touched = files.touched()
                    for each in touched:
                        writer.delete_documents_by_term("id", each)
                    if touched:
                        _replace(writer, again(touched))
                        writer.commit()
                    writer.wait_merging_threads()
                    files.swap(generation, self._signature)
            except BaseException:
                files.drop(generation)
                raise
            return count

    @contextmanager
    def _writer(self, ids: list[str]) -> Iterator[tantivy.IndexWriter]:
        """A writer whose work is committed at the end, or undone after an error. A missing index is begun.

        It is opened for one batch and closed: that takes a millisecond, and leaves the lock to the other processes.
        """
        if self._generations.current() is None:
            self.clear()
        with self._generations.writing(patience=_PATIENCE), _speaking():
            writer = self._open().index.writer(_HEAP, 1)
            try:
                yield writer
                self._generations.touch(ids)
                writer.commit()
            except BaseException:
                writer.rollback()
                raise
            finally:
                writer.wait_merging_threads()

    # -- reading

    def search(self, query: Query) -> Page:
        """See `Engine.search`. Without letters in the query: everything visible, newest first."""
        began = time.perf_counter()
        with _speaking():
            snapshot = self._snapshot()
            found = snapshot.find(query) if query.text.strip() else snapshot.newest(query)
        took = (time.perf_counter() - began) * 1000
        return Page(tuple(found.hits), found.total, found.facets, took, self.name)

    def suggest(self, text: str, reader: frozenset[str], limit: int = 8, synonyms: Synonyms | None = None) -> list[Hit]:
        """See `Engine.suggest`; equal titles are told once."""
        with _speaking():
            asked = Query(text, reader, limit=2 * limit, synonyms=synonyms)
            found = self._snapshot().find(asked, parts=("title",))
        return titles(found.hits, limit)

    def stats(self) -> Stats:
        """See `Engine.stats`."""
        try:
            with _speaking():
                snapshot = self._snapshot()
                searcher = snapshot.searcher
                size = self._generations.size()
                return Stats(self.name, State.READY, searcher.num_docs, searcher.num_segments, size)
        except EngineUnavailable as error:
            return Stats(self.name, error.state, reason=error.reason)

    def stamps(self) -> Iterator[tuple[str, str]]:
        """See `Engine.stamps`."""
        with _speaking():
            searcher = self._snapshot().searcher
            hits = searcher.search(tantivy.Query.all_query(), max(1, searcher.num_docs)).hits
            for _, address in hits:
                kept = Kept(searcher, address)
                yield kept.id, kept.text("stamp")

    def advice(self) -> str:
        """See `Engine.advice`."""
        return ""

    def version(self) -> str:
        """See `Engine.version`."""
        return metadata.version("tantivy")

    def tidy(self) -> bool:
        """See `Engine.tidy`: the next rebuild does it, and what was not swapped in was never read."""
        return False

    def aside(self) -> "Embedded":
        """See `Engine.aside`: with files and counts of its own."""
        return Embedded(self._generations.root)

    def close(self) -> None:
        """See `Engine.close`."""
        with self._guard:
            self._opened = None

    def _snapshot(self) -> Snapshot:
        return self._open().snapshot

    def _open(self) -> Opened:
        """The current generation at its newest commit. A swap in the middle of opening is tried once more."""
        with self._guard:
            try:
                return self._opened_now()
            except (ValueError, OSError):
                self._opened = None
                return self._opened_now()

    def _opened_now(self) -> Opened:
        mark = self._generations.mark()
        if self._opened is None or self._opened.mark != mark:
            current = self._generations.current()
            if current is None:
                raise EngineUnavailable(State.MISSING, "there is no search index yet")
            if current.signature != self._signature:
                raise EngineUnavailable(State.OUTDATED, "the search index was made by another version of the program")
            self._opened = Opened(self._generations.path(current.generation), mark)
        self._opened.refresh()
        return self._opened


def _replace(writer: tantivy.IndexWriter, documents: Iterable[Document]) -> None:
    for document in documents:
        writer.delete_documents_by_term("id", document.id)
        writer.add_document(stored(document))


@contextmanager
def _speaking() -> Iterator[None]:
    """Whatever tantivy raises becomes a sentence; its panics too, which Python does not count as exceptions."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise EngineUnavailable(State.CORRUPT, f"the search index cannot be used: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise EngineUnavailable(State.CORRUPT, "the search index is damaged") from error
