"""What every engine does alike once it has candidates: which needs must be met, the order, the hits, the counts."""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import NamedTuple, Protocol

from rapidfuzz import process
from rapidfuzz.distance import OSA

from core import clock
from wiki.search import ranking, snippets
from wiki.search.analysis.documents import Readable
from wiki.search.analysis.queries import Analysed, Need
from wiki.search.engines.base import Facet, Fresh, Hit, Query
from wiki.search.weights import LEAST, MOST

RERANKED = 60
# They are ranked so many at a time, twice as many first, until a batch brings nothing into the first `HEAD` any more.
BATCH = 10
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
    def due_at(self) -> int: ...
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
    weight: float = 1.0  # what its words' score was multiplied by


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


def ordered(
    asked: Analysed, candidates: Iterable[tuple[float, Kept]], query: Query, *, every: bool = True
) -> list[Ranked]:
    """The candidates by all their features; equals newest first, then by id.

    The numbers are the engine's own scores, highest first. Unless `every` is wanted, it ends with the first batch that
    changes nothing about the `HEAD`: how far it goes depends on the question alone, not on the page asked for. Where
    something stands first anyway, all are ranked. A page of the `HEAD` has only those weighed that may belong there.
    """
    out: list[Ranked] = []
    best = 0.0
    waiting = iter(candidates)
    all_of_them = every or bool(query.first)
    whole = all_of_them or query.offset + query.limit > HEAD
    size = RERANKED if all_of_them else 2 * BATCH
    while batch := list(islice(waiting, size)):
        best = best or batch[0][0]
        found = [_by_words(asked, kept, score, best) for score, kept in batch]
        out += _weighed(found, query, None if whole else out)
        if not all_of_them and len(batch) == size and _settled(out):
            break
        size = BATCH
    out.sort(key=lambda r: (-r.score, -r.kept.published_at, r.kept.id))
    place = {each: number for number, each in enumerate(query.first)}
    return sorted(out, key=lambda r: place.get(r.kept.id, len(place))) if place else out


def _by_words(asked: Analysed, kept: Kept, score: float, best: float) -> Ranked:
    values = ranking.features(asked, ranking.Candidate(*kept.readable, score), best)
    return Ranked(ranking.total(values) * kept.boost, values, kept)


def _weighed(found: list[Ranked], query: Query, before: list[Ranked] | None) -> list[Ranked]:
    """These with what else counts than words. With those `before` them, only where it may bring them into the `HEAD`:
    what is known of an article is read from the database, and a question waits for it."""
    least = 0.0
    if before is not None:
        sure = heapq.nlargest(HEAD, [*(each.score for each in before), *(each.score * LEAST for each in found)])
        least = sure[-1] if len(sure) == HEAD else 0.0
    wanted = [each.kept.id for each in found if each.score * MOST >= least]
    weights = query.weigh(wanted) if query.weigh and wanted else {}
    every = ((each, weights.get(each.kept.id, 1.0)) for each in found)
    return [each._replace(score=round(each.score * weight, 6), weight=weight) for each, weight in every]


def _settled(ranked: list[Ranked]) -> bool:
    """The last batch holds nothing that is among the best of all."""
    head = heapq.nlargest(HEAD, (each.score for each in ranked[:-BATCH]))
    return max(each.score for each in ranked[-BATCH:]) < head[-1]


def covered(found: list[Ranked], query: Query) -> list[Ranked]:
    """Those that meet enough of the query to be shown where little meets all of it, and those that stand first."""
    return [r for r in found if r.kept.id in query.first or (r.values and r.values.coverage >= LEAST_COVERAGE)]


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
        why=_why(ranked) if explain and ranked.values else None,
        carried=kept.text("carried"),
    )


def _why(ranked: Ranked) -> dict[str, float]:
    """The features, and what their sum was multiplied by."""
    features = ranked.values._asdict() if ranked.values else {}
    return {**features, "boost": ranked.kept.boost, "weight": ranked.weight}


def titles(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """Suggestions: equal titles are told once, by the first of them."""
    return list({each.title: each for each in reversed(list(hits))}.values())[::-1][:limit]


def tally(found: list[Ranked], facets: Iterable[Facet]) -> Counts:
    """How many of these each value of a facet has."""
    return {
        facet: by_count(Counter(value for each in found for value in _values(each.kept, facet) if value))
        for facet in facets
    }


def _values(kept: Kept, facet: Facet) -> Iterable[str]:
    if facet is not Facet.FRESH:
        return kept.values(facet)
    return [value for value in Fresh if (span := spans()[value])[0] <= moment(kept, value) <= span[1]]


_DAYS = {Fresh.WEEK: 7, Fresh.MONTH: 30, Fresh.QUARTER: 90}
FOREVER = 2**40


def spans() -> dict[str, tuple[int, int]]:
    """First and last second of each value of `Facet.FRESH`: of the last change, or of the look that is overdue."""
    now = clock.now()
    changed: dict[str, tuple[int, int]] = {
        value: (int((now - timedelta(days=days)).timestamp()), FOREVER) for value, days in _DAYS.items()
    }
    return {**changed, Fresh.LOOK: (1, int(now.timestamp()))}


def field_of(value: str) -> str:
    """The time that a value of `Facet.FRESH` speaks of."""
    return "due_at" if value == Fresh.LOOK else "published_at"


def moment(kept: Kept, value: str) -> int:
    """The document's time that a value of `Facet.FRESH` speaks of."""
    return kept.due_at if value == Fresh.LOOK else kept.published_at


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
