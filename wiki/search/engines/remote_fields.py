"""An index of Meilisearch as code: its settings, its name (which is their version), its documents.

Meilisearch's own analysis is not used: nothing is 'searchable'. Our terms are values it filters by, exactly and soon;
its candidates are put in order by the same ranking as in the embedded engine.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any

from wiki.search.analysis import documents as analysis
from wiki.search.analysis.documents import Readable
from wiki.search.analysis.queries import Kind
from wiki.search.analysis.scripts import HAS_HAN
from wiki.search.engines.base import STORED, Document, Facet
from wiki.search.engines.common import RANKED_CHARS
from wiki.search.engines.fields import PARTS, SHOWN_CHARS, seconds, signature

FORMAT = 2
MOST = 100_000
KEY = "key"
OTHER_WORDS = "other_word"  # words that are not Chinese: completed and corrected while somebody types
SHOWN = ("id", "slug", "external_id", "title", "boost", "published_at", "due_at", *STORED)
_TIMES = ["published_at", "due_at"]
WHOLE = ("body", "carried")  # these travel only for the results that are shown
_TERM_FIELDS = [f"{part}_{kind}" for part in PARTS for kind in Kind]
_COMPLETED = [OTHER_WORDS, *(f"{part}_{Kind.SOUND}" for part in PARTS)]
_LONGEST = 150  # characters of a term; the server cuts a value at 468 bytes
_PLAIN = re.compile(r"[a-z0-9_:./-]+")
_TOO_MUCH = re.compile(r'["\\]')


def _filtered(names: list[str], *, completed: bool = False, compared: bool = False) -> dict[str, Any]:
    return {
        "attributePatterns": names,
        "features": {"facetSearch": completed, "filter": {"equality": True, "comparison": compared}},
    }


def settings() -> dict[str, Any]:
    """All that is set; any change is another version, and another index."""
    exact = [name for name in (*_TERM_FIELDS, KEY, "audience", *STORED) if name not in _COMPLETED]
    return {
        "searchableAttributes": [],
        "displayedAttributes": [KEY, "seal", "stamp", *WHOLE, "ranked", *SHOWN],
        "filterableAttributes": [
            _filtered(exact),
            _filtered(_COMPLETED, completed=True),
            _filtered(_TIMES, compared=True),
        ],
        "sortableAttributes": ["id", "published_at", "title_length"],
        "rankingRules": ["sort"],
        "typoTolerance": {"enabled": False},
        "faceting": {"maxValuesPerFacet": MOST, "sortFacetValuesBy": {"*": "count"}},
        "pagination": {"maxTotalHits": 10 * MOST},
        "proximityPrecision": "byAttribute",
    }


def version() -> str:
    """Ten characters that change with the settings, the form of the documents, and the data the analysis is made of."""
    made_by = json.dumps([FORMAT, signature(), settings()], sort_keys=True)
    return blake2s(made_by.encode()).hexdigest()[:10]


def coded(value: str) -> str:
    """A value to filter by: as it is where it is plain, else in a form that no rule of the server touches."""
    return value if _PLAIN.fullmatch(value) else "~" + value.encode().hex()


def decoded(value: str) -> str:
    """The value that was coded."""
    return bytes.fromhex(value[1:]).decode() if value.startswith("~") else value


def key_of(id_: str) -> str:
    """The server's key of a document: letters and digits only, one for each id."""
    return f"i{id_}" if id_.isascii() and id_.isalnum() else "x" + id_.encode().hex()


def any_of(field: str, values: Iterable[str]) -> str:
    """A condition: the field holds one of these (coded) values."""
    return f"{field} IN [" + ", ".join(f'"{value}"' for value in values) + "]"


def asked_term(term: str) -> str:
    """A term in the form in which it is kept and asked for."""
    return _TOO_MUCH.sub("", term[:_LONGEST])


def stored(document: Document) -> dict[str, Any]:
    """The document as the server takes it."""
    title, body = analysis.document(document.title, document.body)
    others = {term for text in (title, body) for term in text.terms.words if not HAS_HAN.search(term)}
    out: dict[str, Any] = {
        KEY: key_of(document.id),
        "id": document.id,
        "slug": document.slug,
        "external_id": document.external_id,
        "title": document.title,
        "title_length": len(title.readable.plain),
        "body": document.body[:SHOWN_CHARS],
        "ranked": [*_texts(title.readable), *_texts(body.readable)],
        "stamp": document.stamp,
        "carried": document.carried,
        "kind": [coded(document.kind)],
        "category": [coded(value) for value in document.category],
        "tag": [coded(value) for value in document.tags],
        "service": [coded(value) for value in document.services],
        "audience": [coded(token) for token in sorted(document.audience)],
        "readership": [coded(document.readership)],
        "published_at": seconds(document.published_at),
        "due_at": seconds(document.due_at),
        "boost": float(document.boost),
        OTHER_WORDS: sorted(asked_term(term) for term in others),
    }
    for part, text in zip(PARTS, (title, body), strict=True):
        for kind, terms in _by_kind(text.terms):
            out[f"{part}_{kind}"] = sorted({asked_term(term) for term in terms})
    out["seal"] = blake2s(json.dumps(out, sort_keys=True).encode(), digest_size=9).hexdigest()
    return out


def _by_kind(terms: analysis.Terms) -> Iterable[tuple[Kind, list[str]]]:
    yield Kind.WORD, terms.words
    yield Kind.CHAR, terms.chars
    yield Kind.SOUND, terms.sounds
    yield Kind.INITIALS, terms.initials


def _texts(text: Readable) -> tuple[str, str, str]:
    return text.plain[:RANKED_CHARS], text.sound[:RANKED_CHARS], text.initials[:RANKED_CHARS]


@dataclass(frozen=True, slots=True)
class Given:
    """What the server gives back of one document (see `common.Kept`); `WHOLE` only where it was asked for."""

    found: Mapping[str, Any]

    def text(self, name: str) -> str:
        return str(self.found.get(name, ""))

    def values(self, facet: Facet) -> tuple[str, ...]:
        return tuple(decoded(value) for value in self.found[facet] if value != coded(""))

    @property
    def id(self) -> str:
        return str(self.found["id"])

    @property
    def published_at(self) -> int:
        return int(self.found["published_at"])

    @property
    def due_at(self) -> int:
        return int(self.found["due_at"])

    @property
    def boost(self) -> float:
        return float(self.found["boost"])

    @property
    def readable(self) -> tuple[Readable, Readable]:
        texts = self.found["ranked"]
        return Readable(*texts[:3]), Readable(*texts[3:])
