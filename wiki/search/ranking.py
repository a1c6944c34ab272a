"""The order of the best candidates, the same for every engine: how much of the query they meet, where, how closely."""

from itertools import pairwise
from typing import NamedTuple

from wiki.search.analysis.documents import Readable
from wiki.search.analysis.queries import Analysed, Need, Way, Where

_MAX_PLACES = 12
# Up to so many needs are keywords; three times as many are a whole question.
_KEYWORDS = 3


class Candidate(NamedTuple):
    """What ranking sees of one document; `score` is the engine's own, of any scale."""

    title: Readable
    body: Readable
    score: float


class Features(NamedTuple):
    """Why a document stands where it stands; each from 0 to 1.

    `coverage` and `title` are the shares of the query's weight that are met anywhere, or in the title; `close` says how
    near to each other the needs are met; `fill` is the share of the title that was asked for; `engine` is the engine's
    score relative to the best, `question` the same as far as the query is a whole question, of which no single word is
    essential.
    """

    coverage: float
    title: float
    close: float
    fill: float
    engine: float
    question: float


WEIGHTS = Features(coverage=1.0, title=0.35, close=0.12, fill=0.08, engine=0.05, question=0.25)


class Match(NamedTuple):
    """How well a text meets a need, and where (the first places of the best way)."""

    quality: float
    places: tuple[int, ...] = ()


NO_MATCH = Match(0.0)


def features(query: Analysed, found: Candidate, best: float) -> Features:
    """The features of one candidate, `best` being the highest engine score among all."""
    titles = [match(need, found.title) for need in query.needs]
    bodies = [match(need, found.body) for need in query.needs]
    weights = covered = in_title = 0.0
    asked = 0
    for need, above, below in zip(query.needs, titles, bodies, strict=True):
        weights += need.weight
        covered += need.weight * max(above.quality, below.quality)
        in_title += need.weight * above.quality
        asked += len(need.typed) if above.quality >= 0.5 else 0
    weights = weights or 1.0
    plain = found.title.plain
    letters = len(plain) - plain.count(" ") or 1
    engine = found.score / best if best else 0.0
    return Features(
        coverage=covered / weights,
        title=in_title / weights,
        close=max(_closeness(titles), _closeness(bodies)),
        fill=min(1.0, asked / letters),
        engine=engine,
        question=engine * min(1.0, max(0.0, (len(query.needs) - _KEYWORDS) / _KEYWORDS / 2)),
    )


def total(values: Features, weights: Features = WEIGHTS) -> float:
    """One number to sort by."""
    return sum(value * weight for value, weight in zip(values, weights, strict=True))


def match(need: Need, text: Readable) -> Match:
    """The best of the ways in which a text meets a need."""
    best = NO_MATCH
    for way in need.ways:
        if way.quality <= best.quality:
            break  # the ways are sorted, best first
        met, places = _met(way, text)
        if met * way.quality > best.quality:
            best = Match(met * way.quality, places)
    return best


def _met(way: Way, text: Readable) -> tuple[float, tuple[int, ...]]:
    if way.where is Where.INITIALS:
        return max((_initials(letters, text.initials) for letters in way.texts), default=(0.0, ()))
    inside = text.plain if way.where is Where.PLAIN else text.sound
    if way.share:
        met = tuple(place for place in map(inside.find, way.texts) if place >= 0)
        return len(met) / len(way.texts), met
    for wanted in way.texts:
        at = inside.find(wanted)
        if at >= 0:
            found = [at]
            while len(found) < _MAX_PLACES and (at := inside.find(wanted, at + 1)) >= 0:
                found.append(at)
            return 1.0, tuple(found)
    return 0.0, ()


def _initials(letters: str, text: str) -> tuple[float, tuple[int, ...]]:
    """1 where the letters are those of whole words, 0.6 where they only begin or end with one, 0.4 inside words."""
    low, best, at = text.lower(), 0.0, -1
    places: tuple[int, ...] = ()
    while (at := low.find(letters, at + 1)) >= 0:
        end = at + len(letters)
        begins, ends = text[at].isupper(), not text[end : end + 1].islower()
        worth = 1.0 if begins and ends else 0.6 if begins or ends else 0.4
        if worth > best:
            best, places = worth, (at,)
        elif worth == best:
            places += (at,)
        if len(places) > _MAX_PLACES:
            break
    return best, places


def _closeness(matches: list[Match]) -> float:
    """How near neighbouring needs are met in one text: 1 side by side, 0.5 at 20 characters, 0 where one is not met."""
    if len(matches) < 2:
        return float(bool(matches and matches[0].places))
    gained = 0.0
    for one, next_one in pairwise(matches):
        if one.places and next_one.places:
            apart = min(abs(b - a) for a in one.places for b in next_one.places)
            gained += 20 / (20 + apart)
    return gained / (len(matches) - 1)
