"""A rough score for candidates that came without one: BM25 of a query's terms, counted in the strings for ranking."""

import math
from collections.abc import Iterable, Mapping, Sequence

from wiki.search.analysis.documents import Readable
from wiki.search.analysis.queries import Kind
from wiki.search.analysis.scripts import HAS_HAN
from wiki.search.analysis.sounds import readings
from wiki.search.engines.fields import BOOSTS

_SATURATION = 1.2
_BY_LENGTH = 0.75
Term = tuple[Kind, str]


class Rough:
    """Scores texts against the terms of one query; `frequencies` are the documents with a term in title and body."""

    def __init__(self, terms: Iterable[Term], frequencies: Mapping[Term, tuple[int, int]], documents: int) -> None:
        self._wanted = []
        for kind, term in dict.fromkeys(terms):
            found = [
                _idf(documents, count) * boost
                for count, boost in zip(frequencies[kind, term], BOOSTS[kind], strict=True)
            ]
            if any(frequencies[kind, term]):
                self._wanted.append((kind, _needle(kind, term), found[0], found[1]))

    def scores(self, candidates: Sequence[tuple[Readable, Readable]]) -> list[float]:
        """One for each candidate, a title and a body; lengths are compared among them."""
        usual = [sum(len(each[part].plain) for each in candidates) / max(1, len(candidates)) for part in (0, 1)]
        return [self._score(title, usual[0]) + self._score(body, usual[1], 1) for title, body in candidates]

    def _score(self, text: Readable, usual: float, part: int = 0) -> float:
        if len(text.plain) < 2:
            return 0.0
        grace = _SATURATION * (1 - _BY_LENGTH + _BY_LENGTH * len(text.plain) / (usual or 1.0))
        plain, sound, initials = text.plain, text.sound, text.initials.lower()
        score = 0.0
        for kind, needle, in_title, in_body in self._wanted:
            inside = sound if kind is Kind.SOUND else initials if kind is Kind.INITIALS else plain
            if count := inside.count(needle):
                score += (in_body if part else in_title) * count * (_SATURATION + 1) / (count + grace)
        return score


def _idf(documents: int, count: int) -> float:
    return math.log(1 + (max(documents, count) - count + 0.5) / (count + 0.5))


def _needle(kind: Kind, term: str) -> str:
    """What of a term stands in a text; stems stand at the beginning of a word."""
    if kind is Kind.SOUND:
        codes = readings().codes
        return "".join(codes.get(syllable, "\0") for syllable in term.split("_"))
    if kind is Kind.WORD and not HAS_HAN.search(term):
        return f" {term}"
    return term
