"""The embedded index's fields: what is searched, what is filtered and counted, what is kept to rank and to show."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from importlib.metadata import version

import tantivy

from wiki.search.analysis import documents as analysis
from wiki.search.analysis.documents import Readable
from wiki.search.analysis.queries import Kind
from wiki.search.engines.base import STORED, Document, Facet
from wiki.search.engines.common import RANKED_CHARS

FORMAT = 4
PARTS = ("title", "body")
# (title, body): how much an occurrence counts in the first, rough order.
BOOSTS = {
    Kind.WORD: (2.0, 1.0),
    Kind.CHAR: (0.25, 0.08),
    Kind.SOUND: (0.5, 0.25),
    Kind.INITIALS: (0.3, 0.1),
}
SHOWN_CHARS = 20_000
_SEPARATOR = "\x1e"


def signature() -> str:
    """Changes when terms may have changed: our format, or the data the analysis is made of. Then a rebuild is due."""
    return ", ".join((f"format {FORMAT}", *_made_by()))


@cache
def _made_by() -> tuple[str, ...]:
    return tuple(f"{name} {version(name)}" for name in ("tantivy", "rjieba", "opencc", "pypinyin"))


def schema() -> tantivy.Schema:
    """The fields; any change here is a new `FORMAT`."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    for name in ("external_id", "slug", "title", "body", "ranked", "stamp", "carried"):
        builder.add_bytes_field(name, stored=True)
    for facet in STORED:
        builder.add_text_field(facet, stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("audience", tokenizer_name="raw", index_option="basic")
    for kind in Kind:
        for part in PARTS:
            builder.add_text_field(f"{part}_{kind}", tokenizer_name="whitespace", index_option="freq")
    builder.add_integer_field("published_at", stored=True, fast=True)
    builder.add_integer_field("due_at", stored=True, fast=True)
    builder.add_float_field("boost", stored=True)
    return builder.build()


def stored(document: Document) -> tantivy.Document:
    """The document as the index takes it."""
    title, body = analysis.document(document.title, document.body)
    texts = (*_texts(title.readable), *_texts(body.readable))
    return tantivy.Document(
        id=document.id,
        external_id=document.external_id.encode(),
        slug=document.slug.encode(),
        stamp=document.stamp.encode(),
        carried=document.carried.encode(),
        title=document.title.encode(),
        body=document.body[:SHOWN_CHARS].encode(),
        ranked=_SEPARATOR.join(texts).encode(),
        kind=document.kind,
        category=list(document.category),
        tag=list(document.tags),
        service=list(document.services),
        audience=sorted(document.audience),
        readership=document.readership,
        published_at=seconds(document.published_at),
        due_at=seconds(document.due_at),
        boost=float(document.boost),
        **dict(_searched("title", title.terms)),
        **dict(_searched("body", body.terms)),
    )


def seconds(at: datetime | None) -> int:
    """Since 1970; 0 where there is no such time."""
    return int(at.timestamp()) if at else 0


class Kept:
    """What the index gives back of one document; it is fetched when something of it is asked for."""

    __slots__ = ("_at", "_found", "_id", "_readable", "_searcher")

    def __init__(self, searcher: tantivy.Searcher, at: tantivy.DocAddress) -> None:
        self._searcher, self._at = searcher, at
        self._found: tantivy.Document | None = None
        self._id = ""
        self._readable: tuple[Readable, Readable] | None = None

    @property
    def found(self) -> tantivy.Document:
        """The stored document."""
        if self._found is None:
            self._found = self._searcher.doc(self._at)
        return self._found

    def text(self, name: str) -> str:
        """A text that is kept but not searched."""
        return bytes(self.found[name][0]).decode()

    def values(self, facet: Facet) -> tuple[str, ...]:
        """The document's values of a facet."""
        return tuple(self.found.get_all(facet))

    @property
    def id(self) -> str:
        """The document's id."""
        if not self._id:
            self._id = str(self.found["id"][0])
        return self._id

    @property
    def published_at(self) -> int:
        """Seconds since 1970, 0 where unknown."""
        return int(self.found["published_at"][0])

    @property
    def due_at(self) -> int:
        """Seconds since 1970 when it has to be looked at again, 0 for never."""
        return int(self.found["due_at"][0])

    @property
    def boost(self) -> float:
        """What the document's rank is multiplied by."""
        return float(self.found["boost"][0])

    @property
    def readable(self) -> tuple[Readable, Readable]:
        """Title and body for ranking."""
        if self._readable is None:
            texts = self.text("ranked").split(_SEPARATOR)
            self._readable = Readable(*texts[:3]), Readable(*texts[3:])
        return self._readable


def _searched(part: str, terms: analysis.Terms) -> Iterator[tuple[str, str]]:
    for kind, values in (
        (Kind.WORD, terms.words),
        (Kind.CHAR, terms.chars),
        (Kind.SOUND, terms.sounds),
        (Kind.INITIALS, terms.initials),
    ):
        yield f"{part}_{kind}", " ".join(values)


def _texts(text: Readable) -> tuple[str, str, str]:
    return text.plain[:RANKED_CHARS], text.sound[:RANKED_CHARS], text.initials[:RANKED_CHARS]
