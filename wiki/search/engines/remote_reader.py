"""How a query finds, orders and counts in an index of Meilisearch: by conditions first, then by our own ranking.

Its own relevance knows neither how telling a term is nor any 'or' among words. So one journey brings the keys of those
who meet much of the query, from several sides; the texts of those not known yet follow, and are ranked like the
embedded engine's.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from typing import Any, NamedTuple

from wiki.search.analysis import queries, sounds
from wiki.search.analysis.queries import Analysed, Kind, Where
from wiki.search.analysis.synonyms import NONE
from wiki.search.engines import common, remote_terms
from wiki.search.engines.base import Facet, Query
from wiki.search.engines.common import FEW, Counts, Found, Ranked
from wiki.search.engines.fields import PARTS
from wiki.search.engines.remote_fields import KEY, SHOWN, Given, any_of, asked_term, coded, decoded, key_of
from wiki.search.engines.remote_server import Server
from wiki.search.engines.remote_terms import Memory
from wiki.search.engines.rough import Rough

CANDIDATES = 60  # from each side
POOL = 160
_HEAVIEST = 8  # needs among which 'at least so many of them' is spelt out
_REMEMBERED = 6_000_000  # characters of texts for ranking, about 30 MB
_NEWEST = ["published_at:desc", "id:asc"]
_SHORTEST = ["title_length:asc", "published_at:desc"]
Term = tuple[Kind, str]


class Side(NamedTuple):
    """One way to look for candidates."""

    condition: str
    sort: list[str]


class Texts:
    """The documents that were ranked lately, by their seals: they need not travel again."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Given] = OrderedDict()
        self._size = 0
        self._guard = Lock()

    def get(self, seal: str) -> Given | None:
        """The document with this seal, if it is remembered."""
        with self._guard:
            if seal in self._known:
                self._known.move_to_end(seal)
            return self._known.get(seal)

    def keep(self, seal: str, given: Given) -> None:
        """Remember it, and forget those asked for longest ago."""
        with self._guard:
            if seal not in self._known:
                self._size += _size(given)
            self._known[seal] = given
            while self._size > _REMEMBERED and len(self._known) > 1:
                self._size -= _size(self._known.popitem(last=False)[1])


class Reader:
    """Answers queries over one index of one server."""

    def __init__(self, server: Server, uid: str) -> None:
        self._server = server
        self._uid = uid
        self.memory = Memory(server, uid)
        self._texts = Texts()

    def find(self, query: Query, parts: Sequence[str] = PARTS) -> Found:
        """The page that the query asks for. `parts` are the texts searched."""
        if not query.reader:
            return Found([], 0, {})
        asked = remote_terms.analyse(query.text, self.memory, query.synonyms or NONE)
        if not asked.needs:
            return Found([], 0, {})
        visible = _visible(query)
        sides = Sides(asked, parts)
        counting = list(self._counting(sides.demanded, query))
        strict = list(sides.strict())
        answers = self._ask(
            [self._counted(_all_of([sides.demanded, visible])), *counting, *self._looking_at(strict, visible)]
        )
        total = int(answers[0]["estimatedTotalHits"])
        facets = _facets(query, answers[1 : 1 + len(counting)])
        exact = total >= FEW
        found = answers[1 + len(counting) :]
        if not exact:
            found += self._ask(list(self._looking_at(sides.loose(), visible)))
        ranked = common.ordered(asked, self._scored(asked, self._given(_pool(found), visible)))
        if not exact:
            ranked = common.covered(ranked)
            total, facets = len(ranked), common.tally(ranked, query.facets)
        page = self._page(ranked, _all_of([sides.demanded, visible]) if exact else "", query)
        return Found([common.hit(asked, each, explain=query.explain) for each in self._whole(page)], total, facets)

    def newest(self, query: Query) -> Found:
        """The visible documents without a question, newest first."""
        if not query.reader:
            return Found([], 0, {})
        visible = _visible(query)
        wanted = self._looking(visible, _NEWEST, query.limit) | {"offset": query.offset}
        counting = list(self._counting("", query))
        answers = self._ask([self._counted(visible), *counting, wanted])
        given = self._given([(hit[KEY], hit["seal"]) for hit in answers[-1]["hits"]], visible)
        empty = queries.Analysed((), ())
        hits = [common.hit(empty, each, explain=False) for each in self._whole([Ranked(0.0, None, g) for g in given])]
        return Found(hits, int(answers[0]["estimatedTotalHits"]), _facets(query, answers[1:-1]))

    # -- questions

    def _ask(self, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The answers to all of these, in one journey; each has its number and its hits."""
        if not asked:
            return []

        def question(client: Any) -> list[dict[str, Any]]:
            found = client.multi_search([{"indexUid": self._uid, "q": "", **each} for each in asked])["results"]
            if len(found) != len(asked):
                raise ValueError("fewer answers than questions")
            return [
                {**each, "hits": list(each["hits"]), "estimatedTotalHits": each["estimatedTotalHits"]} for each in found
            ]

        return self._server.ask(question)

    def _looking_at(self, sides: Iterable[Side], visible: str) -> Iterator[dict[str, Any]]:
        return (self._looking(_all_of([side.condition, visible]), side.sort, CANDIDATES) for side in sides)

    def _looking(self, condition: str, sort: list[str], limit: int) -> dict[str, Any]:
        return {"filter": condition, "sort": sort, "limit": limit, "attributesToRetrieve": [KEY, "seal"]}

    def _counted(self, condition: str) -> dict[str, Any]:
        return {"filter": condition, "limit": 0}

    def _counting(self, strict: str, query: Query) -> Iterator[dict[str, Any]]:
        """One question for each facet: a facet's own filter does not narrow its counts."""
        for facet in query.facets:
            condition = _all_of([strict, _visible(query, without=facet)])
            yield {"filter": condition, "limit": 0, "facets": [str(facet)]}

    # -- documents

    def _given(self, pool: Iterable[tuple[str, str]], visible: str) -> list[Given]:
        """The documents with these keys and seals, as far as they are still there and visible."""
        wanted = list(pool)
        known = {key: given for key, seal in wanted if (given := self._texts.get(seal)) is not None}
        if missing := [key for key, _ in wanted if key not in known]:
            names = [KEY, "seal", "ranked", *SHOWN]
            condition = _all_of([any_of(KEY, missing), visible])
            (answer,) = self._ask([{"filter": condition, "limit": len(missing), "attributesToRetrieve": names}])
            for hit in answer["hits"]:
                given = known[hit[KEY]] = Given(hit)
                self._texts.keep(hit["seal"], given)
        return [known[key] for key, _ in wanted if key in known]

    def _scored(self, asked: Analysed, given: list[Given]) -> list[tuple[float, common.Kept]]:
        """The candidates with their rough score, best first."""
        terms = list(dict.fromkeys([term for need in asked.needs for term in need.terms] + list(asked.extra)))
        rough = Rough(terms, remote_terms.frequencies(terms, self.memory), self.memory.documents())
        scores = rough.scores([each.readable for each in given])
        scored = zip(scores, given, strict=True)
        return sorted(scored, key=lambda each: (-each[0], -each[1].published_at, each[1].id))

    def _page(self, ranked: list[Ranked], beyond: str, query: Query) -> list[Ranked]:
        """The page; after those that were ranked come the others that meet the condition, newest first."""
        page = ranked[query.offset : query.offset + query.limit]
        first = max(0, query.offset - len(ranked))
        lacking = query.offset + query.limit - len(ranked) - first
        if not beyond or lacking <= 0:
            return page
        others = f"{beyond} AND NOT {any_of(KEY, (key_of(each.kept.id) for each in ranked))}" if ranked else beyond
        (answer,) = self._ask([self._looking(others, _NEWEST, lacking) | {"offset": first}])
        pool = [(hit[KEY], hit["seal"]) for hit in answer["hits"]]
        return page + [Ranked(0.0, None, given) for given in self._given(pool, beyond)]

    def _whole(self, page: list[Ranked]) -> list[Ranked]:
        """The same, with the bodies to cut snippets from."""
        keys = {str(given.found[KEY]): given for each in page if isinstance(given := each.kept, Given)}
        if not keys:
            return []
        wanted = {"filter": any_of(KEY, keys), "limit": len(keys), "attributesToRetrieve": [KEY, "seal", "body"]}
        (answer,) = self._ask([wanted])
        bodies = {hit["seal"]: hit["body"] for hit in answer["hits"]}
        return [
            each._replace(kept=Given({**each.kept.found, "body": bodies[each.kept.found["seal"]]}))
            for each in page
            if isinstance(each.kept, Given) and each.kept.found["seal"] in bodies
        ]


# ── conditions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _visible(query: Query, without: Facet | None = None) -> str:
    narrowed = [
        any_of(facet, map(coded, values)) for facet, values in query.filters.items() if values and facet is not without
    ]
    return _all_of([any_of("audience", map(coded, sorted(query.reader))), *narrowed])


class Sides:
    """Where to look for those who meet a query. `demanded` is the condition for all that it demands."""

    def __init__(self, asked: Analysed, parts: Sequence[str]) -> None:
        telling, self._others, _ = common.demands(asked)
        heavy = sorted(telling, key=lambda need: -need.weight)[:_HEAVIEST]
        self._asked, self._parts = asked, parts
        self._met = [_met(need.terms, parts) for need in heavy]
        self._in_title = [_met(need.terms, ("title",)) for need in heavy]
        self._least = common.least_of(len(heavy))
        self.demanded = _at_least(self._least, self._met)

    def strict(self) -> Iterator[Side]:
        """For those who meet all that is demanded: the newest, and who meets more, in the title, side by side."""
        met, title = self._met, self._in_title
        yield Side(self.demanded, _NEWEST)
        yield Side(_all_of(title), _SHORTEST)
        if len(met) > 1:
            yield from (Side(_at_least(k, met), _SHORTEST) for k in range(len(met), self._least, -1))
            yield from (Side(_all_of([self.demanded, one]), _SHORTEST) for one in title[:2])
        for chain in _chains(self._asked):
            yield from (Side(_all_of([self.demanded, each]), _SHORTEST) for each in _much_of(chain, self._parts))
        if self._others:
            others = (_met(need.terms, self._parts) for need in self._others[:4])
            yield Side(_all_of([self.demanded, *others]), _SHORTEST)

    def loose(self) -> Iterator[Side]:
        """For those who meet only a part: the more the better, the most telling needs before the others."""
        met, title = self._met, self._in_title
        yield from (Side(_at_least(k, met), _SHORTEST) for k in range(self._least - 1, 0, -1))
        for k in (3, 2):
            if len(met) > k + 1:
                yield Side(_at_least(k, met[: k + 1]), _SHORTEST)
                yield Side(_at_least(k, title[: k + 2]), _SHORTEST)
        if len(met) > 1:
            yield from (Side(one, _SHORTEST) for one in (*title[:4], *met[:4]))
        for chain in _chains(self._asked):
            yield from (Side(each, _SHORTEST) for each in _much_of(chain, self._parts))


def _chains(asked: Analysed) -> list[list[str]]:
    """Pairs of syllables that follow each other in the query: the Chinese in it, and each reading of its pinyin."""
    found = [[term for kind, term in asked.extra if kind is Kind.SOUND]]
    for need in asked.needs:
        ways = [way for way in need.ways if way.where is Where.SOUND and way.share]
        found += [[pair for text in way.texts for pair in sounds.pairs(text)] for way in ways[:2]]
    return [list(dict.fromkeys(chain))[:_HEAVIEST] for chain in found if len(chain) > 1][:4]


def _much_of(chain: list[str], parts: Sequence[str]) -> Iterator[str]:
    """All of a chain, most of it, half of it; and half of it in the title."""
    whole = [_met([(Kind.SOUND, pair)], parts) for pair in chain]
    title = [_met([(Kind.SOUND, pair)], ("title",)) for pair in chain]
    shares = dict.fromkeys((len(chain), -(-3 * len(chain) // 4), -(-len(chain) // 2)))
    yield from (_at_least(count, whole) for count in shares)
    yield from (_at_least(count, title) for count in list(shares)[::2])


def _met(terms: Iterable[Term], parts: Sequence[str]) -> str:
    """Any of the terms in any of the parts."""
    by_kind: dict[Kind, list[str]] = {}
    for kind, term in dict.fromkeys(terms):
        by_kind.setdefault(kind, []).append(asked_term(term))
    return "(" + " OR ".join(any_of(f"{part}_{k}", values) for k, values in by_kind.items() for part in parts) + ")"


def _all_of(conditions: Iterable[str]) -> str:
    return " AND ".join(each for each in conditions if each)


def _at_least(count: int, conditions: Sequence[str]) -> str:
    """At least so many of the conditions, spelt out."""
    if count >= len(conditions):
        return _all_of(conditions)
    if count == 1:
        return "(" + " OR ".join(conditions) + ")"
    first, rest = conditions[0], conditions[1:]
    return f"(({first} AND {_at_least(count - 1, rest)}) OR {_at_least(count, rest)})"


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pool(found: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """Keys and seals of the candidates, each once; one from every side in turn, so that no side is cut off."""
    lists = [[(hit[KEY], hit["seal"]) for hit in answer["hits"]] for answer in found]
    longest = max((len(each) for each in lists), default=0)
    turn = (each[i] for i in range(longest) for each in lists if i < len(each))
    return list(dict.fromkeys(turn))[:POOL]


def _facets(query: Query, answers: list[dict[str, Any]]) -> Counts:
    return {
        facet: common.by_count(
            {decoded(value): count for value, count in answer["facetDistribution"][facet].items() if value != coded("")}
        )
        for facet, answer in zip(query.facets, answers, strict=True)
    }


def _size(given: Given) -> int:
    return sum(map(len, given.found["ranked"]))
