"""What every engine does alike once it has candidates: which needs must be met, the order, the hits, the counts."""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from rapidfuzz import process
from rapidfuzz.distance import OSA

from wiki.search import ranking, snippets
from wiki.search.analysis.documents import Readable
from wiki.search.analysis.queries import Analysed, Need
from wiki.search.engines.base import Facet, Hit

RERANKED = 60
# They are ranked so many at a time, until a batch brings nothing into the first `HEAD` any more.
BATCH = 15
HEAD = 10
# Fewer exact results than this, and documents that meet only a part of the query are added.
FEW = 10
LEAST_COVERAGE = 0.2
MAX_FACET_VALUES = 50
RANKED_CHARS = 4_000  # of a text that are kept for ranking
_TELLING = 0.35
Counts = dict[Facet, tuple[tuple[str, int], ...]]


class Kept(Protocol):
    """What an index gives back of one document."""

    @property
    def id(self) -> str: ...
    @property
    def published_at(self) -> int: ...
    @property
    def boost(self) -> float: ...
    @property
    def readable(self) -> tuple[Readable, Readable]: ...

    def text(self, name: str) -> str:
        """A text that is kept but not searched: `title`, `body`, `slug`, `external_id`, `carried`."""

    def values(self, facet: Facet) -> tuple[str, ...]:
        """The document's values of a facet."""


class Ranked(NamedTuple):
    """One document in its place; `values` is None beyond the part that is ranked anew."""

    score: float
    values: ranking.Features | None
    kept: Kept


class Found(NamedTuple):
    """What a query found."""

    hits: list[Hit]
    total: int
    facets: Counts


class Demands(NamedTuple):
    """At least `least` of the `telling` needs must be met; the others only add to the score."""

    telling: list[Need]
    others: list[Need]
    least: int


def demands(asked: Analysed) -> Demands:
    """Both of two telling needs must be met, two thirds of more."""
    bound = _TELLING * max(need.weight for need in asked.needs)
    telling = [need for need in asked.needs if need.weight >= bound]
    others = [need for need in asked.needs if need.weight < bound]
    return Demands(telling, others, least_of(len(telling)))


def least_of(count: int) -> int:
    """How many of so many telling needs must be met."""
    return count if count <= 2 else -(-2 * count // 3)


def ordered(asked: Analysed, candidates: Iterable[tuple[float, Kept]], *, every: bool = True) -> list[Ranked]:
    """The candidates by all their features; equals newest first, then by id.

    The numbers are the engine's own scores, highest first. Unless `every` is wanted, it ends with the first batch that
    changes nothing about the `HEAD`: how far it goes depends on the question alone, not on the page asked for.
    """
    out: list[Ranked] = []
    best = 0.0
    for score, kept in candidates:
        best = best or score
        values = ranking.features(asked, ranking.Candidate(*kept.readable, score), best)
        out.append(Ranked(round(ranking.total(values) * kept.boost, 6), values, kept))
        if not every and len(out) % BATCH == 0 and len(out) > BATCH and _settled(out):
            break
    return sorted(out, key=lambda r: (-r.score, -r.kept.published_at, r.kept.id))


def _settled(ranked: list[Ranked]) -> bool:
    """The last batch holds nothing that is among the best of all."""
    head = heapq.nlargest(HEAD, (each.score for each in ranked[:-BATCH]))
    return max(each.score for each in ranked[-BATCH:]) < head[-1]


def covered(found: list[Ranked]) -> list[Ranked]:
    """Those that meet enough of the query to be shown where little meets all of it."""
    return [r for r in found if r.values and r.values.coverage >= LEAST_COVERAGE]


def hit(asked: Analysed, ranked: Ranked, *, explain: bool) -> Hit:
    """One result, marked."""
    kept = ranked.kept
    title = kept.text("title")
    known = [None if len(each.plain) >= RANKED_CHARS else each for each in kept.readable] if asked.needs else [None] * 2
    return Hit(
        id=kept.id,
        external_id=kept.text("external_id"),
        slug=kept.text("slug"),
        title=title,
        title_html=snippets.marked(title, asked, known[0]),
        snippet=snippets.snippet(kept.text("body"), asked, known[1]),
        kind=next(iter(kept.values(Facet.KIND)), ""),
        category=kept.values(Facet.CATEGORY),
        score=ranked.score,
        why={**ranked.values._asdict(), "boost": kept.boost} if explain and ranked.values else None,
        carried=kept.text("carried"),
    )


def titles(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """Suggestions: equal titles are told once, by the first of them."""
    return list({each.title: each for each in reversed(list(hits))}.values())[::-1][:limit]


def tally(found: list[Ranked], facets: Iterable[Facet]) -> Counts:
    """How many of these each value of a facet has."""
    return {
        facet: by_count(Counter(value for each in found for value in each.kept.values(facet) if value))
        for facet in facets
    }


def by_count(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Most frequent first, equals by name."""
    return tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0])))[:MAX_FACET_VALUES]


def near(word: str, pool: Sequence[str]) -> list[str]:
    """See `queries.Vocabulary`: one slip in words of four letters or more, two in words of eight or more."""
    if len(word) < 4:
        return []
    slips = 1 if len(word) < 8 else 2
    return [known for known, _, _ in process.extract(word, pool, scorer=OSA.distance, score_cutoff=slips, limit=5)]


def latin(words: Iterable[str]) -> list[str]:
    """Those among which a slip of the fingers may be looked for, in order."""
    return sorted({word for word in words if len(word) > 2 and word.isascii() and word.isalpha()})
