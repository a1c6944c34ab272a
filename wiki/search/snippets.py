"""The words that were found, marked in the text as it was written: safe HTML in which only `<mark>` occurs.

What was found by sound, by initials or in the other script is marked in the original characters.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from typing import NamedTuple

from werkzeug.utils import cached_property

from wiki.search.analysis import sounds
from wiki.search.analysis.documents import Readable, capitals
from wiki.search.analysis.queries import Analysed, Need, Way, Where
from wiki.search.analysis.scripts import HAN, HAS_HAN, fold, simplified
from wiki.search.analysis.words import cut, cut_fine

LENGTH = 90
_MAX_SPANS = 200
_LEAD = 24
_SNAP = 14
_NEAR = 12
_LETTER = re.compile(rf"[^\W_{HAN}]")
_SIGN = re.compile(r"[\W_]")
_BREAK = re.compile(r"[\s,.;:!?、，。；：！？…」』）)】》”]")


class Span(NamedTuple):
    """Characters `start` to `end` of the original meet the need number `need` of weight `weight`."""

    start: int
    end: int
    need: int
    weight: float


@lru_cache(maxsize=4_096)
def _one(char: str) -> str:
    """The character folded, as one character."""
    return (fold(char) or " ")[0]


class _Aligned:
    """A text with its normalised, sound and initial forms, all of the original's length; each when needed.

    ``known`` is the text as ranking sees it: what does not occur there is not looked for.
    """

    def __init__(self, original: str, known: Readable | None) -> None:
        self._original = original
        self.known = known

    def may_have(self, way: Way, wanted: str) -> bool:
        """False where it certainly does not occur."""
        if self.known is None:
            return True
        if way.where is Where.SOUND:
            return wanted in self.known.sound
        if way.where is Where.INITIALS:
            return wanted in self.known.initials.lower()
        return not HAS_HAN.match(wanted) or wanted in self.known.plain

    @cached_property
    def normal(self) -> str:
        original = self._original
        folded = fold(original)
        if len(folded) != len(original):
            folded = "".join(map(_one, original))
        normal = simplified(folded)
        if len(normal) != len(original):
            normal = "".join(simplified(char)[:1] or " " for char in folded)
        return normal

    @cached_property
    def words(self) -> list[str]:
        return cut(self.normal)

    @cached_property
    def sound(self) -> str:
        return "".join(map(sounds.sound, self.words))

    @cached_property
    def initials(self) -> str:
        return "".join(map(capitals, self.words))


@lru_cache(maxsize=20_000)
def _inside(han: str) -> dict[int, tuple[int, int]]:
    """For every place inside a word of a Chinese text: where this word begins and ends. Also the short words inside a
    long one begin and end somewhere."""
    found: dict[int, tuple[int, int]] = {}
    at = 0
    for word in cut(han):
        found |= dict.fromkeys(range(at + 1, at + len(word)), (at, at + len(word)))
        for part in cut_fine(word) if len(word) > 2 else ():
            start = at + word.index(part)
            found.pop(start, None)
            found.pop(start + len(part), None)
        at += len(word)
    return found


def marked(text: str, asked: Analysed, known: Readable | None = None) -> str:
    """The whole text, escaped, with everything marked that meets a need. `known`: the same text, all of it, analysed
    before."""
    return _html(text, _merged(spans(text, asked, known)), 0, len(text))


def snippet(text: str, asked: Analysed, known: Readable | None = None, length: int = LENGTH) -> str:
    """About `length` characters around the densest match, escaped and marked; the beginning where nothing matches."""
    flat = " ".join(text.split())
    found = spans(flat, asked, known)
    start, end = _around(_merged(found), *_window(flat, found, length), length)
    before, after = "…" if start > 0 else "", "…" if end < len(flat) else ""
    return f"{before}{_html(flat, _merged(found), start, end)}{after}"


def _around(places: list[tuple[int, int]], start: int, end: int, length: int) -> tuple[int, int]:
    """The stretch without half a mark at its edges: one that it cuts is left out, unless it is all there is."""
    for a, b in places:
        if a < start < b < end:
            start = b
        if start < a < end < b:
            end = a if end - a < length // 2 else end
    return start, end


def spans(text: str, asked: Analysed, known: Readable | None = None) -> list[Span]:
    """Where the text meets the needs, each by the best of its ways that occurs in it."""
    aligned = _Aligned(text, known)
    out: list[Span] = []
    for number, need in enumerate(asked.needs):
        places = _places(need, aligned)
        out += [Span(a, b, number, need.weight) for a, b in places[:_MAX_SPANS]]
    return sorted(out)


def _places(need: Need, text: _Aligned) -> list[tuple[int, int]]:
    for way in need.ways:
        wanted = (each for each in way.texts if text.may_have(way, each))
        places = [place for each in wanted for place in _occurrences(way, each, text)]
        if places:
            return _whole(places, text) if len(need.typed) > 1 else places
    return []


def _whole(places: list[tuple[int, int]], text: _Aligned) -> list[tuple[int, int]]:
    """Those that begin and end where words do; where there are none, these with all of the words they touch.

    话费 is not marked in 电话费用 beside a 话费 of its own – and alone, 电话费用 is.
    """
    found = [(place, _with_words(*place, text.normal)) for place in places]
    return [place for place, wide in found if place == wide] or [wide for _, wide in found]


def _with_words(start: int, end: int, normal: str) -> tuple[int, int]:
    """The stretch with all of the Chinese words that it touches; they are looked for nearby only."""
    first, last = start, end
    while first > max(0, start - _NEAR) and HAS_HAN.match(normal[first - 1]):
        first -= 1
    while last < min(len(normal), end + _NEAR) and HAS_HAN.match(normal[last]):
        last += 1
    if (first, last) == (start, end):
        return start, end
    words = _inside(normal[first:last])
    begin = first + words.get(start - first, (start - first, 0))[0]
    return begin, first + words.get(end - first, (0, end - first))[1]


def _occurrences(way: Way, wanted: str, text: _Aligned) -> list[tuple[int, int]]:
    if way.where is Where.PLAIN:
        return list(_written(wanted, text.normal))
    if text.known is not None:  # the characters that sound so are known: the text need not be read aloud anew
        written = dict.fromkeys(text.known.plain[a:b] for a, b in _heard(way, wanted, text.known))
        return sorted(place for each in written for place in _everywhere(each, text.normal))
    return _heard(way, wanted, text)


def _heard(way: Way, wanted: str, text: "_Aligned | Readable") -> list[tuple[int, int]]:
    """Where it occurs by sound, or by initials: those of whole words where there are any."""
    if way.where is Where.SOUND:
        return list(_everywhere(wanted, text.sound))
    initials = text.initials
    places = list(_everywhere(wanted, initials.lower()))
    whole = [(a, b) for a, b in places if initials[a].isupper() and not initials[b : b + 1].islower()]
    return whole or places


def _written(wanted: str, normal: str) -> Iterator[tuple[int, int]]:
    """Chinese anywhere; ` word ` as a whole word, ` word` as the beginning of one, which is then marked to its end."""
    if HAS_HAN.match(wanted):
        yield from _everywhere(wanted, normal)
        return
    parts = wanted.split()
    for start, _ in _everywhere(parts[0], normal):
        end = start
        for number, part in enumerate(parts):
            while number and end < len(normal) and _SIGN.match(normal[end]):
                end += 1
            if not normal.startswith(part, end):
                break
            end += len(part)
        else:
            stop = end
            while stop < len(normal) and _LETTER.match(normal[stop]):
                stop += 1
            begins = start == 0 or not _LETTER.match(normal[start - 1])
            if begins and (stop == end or not wanted.endswith(" ")):
                yield start, stop


def _everywhere(wanted: str, inside: str) -> Iterator[tuple[int, int]]:
    at = inside.find(wanted)
    while at >= 0:
        yield at, at + len(wanted)
        at = inside.find(wanted, at + len(wanted))


def _merged(found: list[Span]) -> list[tuple[int, int]]:
    """Spans that touch or overlap become one."""
    out: list[tuple[int, int]] = []
    for span in found:
        if out and span.start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], span.end))
        else:
            out.append((span.start, span.end))
    return out


def _window(text: str, found: list[Span], length: int) -> tuple[int, int]:
    """The stretch that meets the most weight, beginning and ending between words."""
    if not found:
        return 0, _snapped_end(text, min(len(text), length))
    best, begin = -1.0, 0
    for i, first in enumerate(found):
        seen: dict[int, float] = {}
        repeats = 0
        for span in found[i:]:
            if span.end > first.start + length:
                break
            repeats += span.need in seen
            seen[span.need] = span.weight
        worth = sum(seen.values()) + 0.05 * repeats
        if worth > best + 1e-9:
            best, begin = worth, first.start
    start = 0 if begin <= _LEAD else _snapped_start(text, begin - _LEAD, begin)
    return start, _snapped_end(text, min(len(text), start + length))


def _snapped_start(text: str, start: int, limit: int) -> int:
    """A beginning near `start`, at most `limit`: after a sign if there is one, else between two words."""
    for at in range(start, min(limit, start + _SNAP)):
        if _BREAK.match(text[at - 1]):
            return at
    return min(limit, _between_words(text, start))


def _snapped_end(text: str, end: int) -> int:
    if end >= len(text):
        return len(text)
    for at in range(end, max(0, end - _SNAP), -1):
        if _BREAK.match(text[at - 1]):
            return at
    return _between_words(text, end)


def _between_words(text: str, at: int) -> int:
    """The nearest place not after `at` that splits no word, Latin or Chinese."""
    begin = max(0, at - 2 * _SNAP)
    place = begin
    for word in cut(text[begin : at + _SNAP]):
        if place + len(word) > at:
            break
        place += len(word)
    if place == begin and begin:  # one word longer than the stretch: there is nothing better
        return at
    return place


def _html(text: str, places: list[tuple[int, int]], start: int, end: int) -> str:
    out, at = [], start
    for span_start, span_end in places:
        first, last = max(span_start, start), min(span_end, end)
        if first >= last:
            continue
        out += [escape(text[at:first]), "<mark>", escape(text[first:last]), "</mark>"]
        at = last
    out.append(escape(text[at:end]))
    return "".join(out)
