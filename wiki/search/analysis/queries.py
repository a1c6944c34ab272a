"""What somebody typed, as needs: each part of the query with every way in which a document may meet it.

Nothing is thrown away and nothing is decided too early: `hf` may be a product, the initials of 话费, or a slip.
Each way says by which terms an engine finds candidates and what ranking looks for in their text.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Protocol

from wiki.search.analysis import sounds
from wiki.search.analysis.scripts import HAS_HAN, fold, mainland_wording, simplified
from wiki.search.analysis.stems import stem
from wiki.search.analysis.synonyms import NONE, Found, Synonyms, is_han, known_words, words_of
from wiki.search.analysis.words import cut, cut_fine, other_terms, plain, runs

MAX_CHARS = 200
MAX_NEEDS = 24
_MAX_ENDINGS = 20
_BESIDE = 0.9  # what another word for it is worth, the typed one being 1
_HEARD = 0.75  # the same, where the term itself was only heard in the letters
_MAX_SHARED = 4
# Words that only frame a question, whatever it is about. Left out where something else was asked: anything that may
# tell two articles apart (how, where, not, no more) stays.
FRAME = frozenset(
    [
        "请问",
        "您好",
        "你好",
        "麻烦",
        "谢谢",
        "劳驾",
        "拜托",
        "吗",
        "呢",
        "吧",
        "啊",
        "呀",
        "哦",
        "嗯",
        "please",
        "hello",
        "thanks",
    ]
)


class Kind(StrEnum):
    """Kinds of terms; each is a field of title and body."""

    WORD = "word"
    CHAR = "char"
    SOUND = "sound"
    INITIALS = "initials"


class Where(StrEnum):
    """Which string of `documents.Readable` a way looks at."""

    PLAIN = "plain"
    SOUND = "sound"
    INITIALS = "initials"


class Vocabulary(Protocol):
    """What the engine knows of its terms; an engine that cannot tell uses `Unknown`."""

    documents: int

    def count(self, kind: Kind, term: str) -> int:
        """In how many documents the term occurs, nearly."""

    def endings(self, kind: Kind, beginning: str, limit: int) -> list[str]:
        """The most frequent terms with this beginning."""

    def near(self, word: str) -> list[str]:
        """Latin words that differ by a slip of the fingers."""


class Unknown:
    """A vocabulary in which nothing is known."""

    documents = 0

    def count(self, kind: Kind, term: str) -> int:
        return 0

    def endings(self, kind: Kind, beginning: str, limit: int) -> list[str]:
        return []

    def near(self, word: str) -> list[str]:
        return []


@dataclass(frozen=True, slots=True)
class Way:
    """One way to meet a need: any of `texts` in the string `where` is worth `quality`; `share`: each its part of it."""

    where: Where
    texts: tuple[str, ...]
    quality: float
    share: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """One part of the query. `weight` says how telling it is (an idf); `terms` find its candidates."""

    typed: str
    weight: float
    terms: tuple[tuple[Kind, str], ...]
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Analysed:
    """A query, analysed. `extra` terms only raise the score."""

    needs: tuple[Need, ...]
    extra: tuple[tuple[Kind, str], ...]


def analyse(text: str, vocabulary: Vocabulary, synonyms: Synonyms = NONE) -> Analysed:
    """The needs in what was typed; none in a query without letters, digits or characters. What the synonyms know as
    another word for it meets a need nearly as well as the typed word."""
    folded = fold(text[:MAX_CHARS])
    normal = simplified(folded)
    beside = synonyms.find(normal)
    reader = _Reader(vocabulary, [one.term for one in beside])
    parts = _join_letters([(run.text, run.han) for run in runs(normal)], vocabulary)
    for i, (part, han) in enumerate(parts):
        if len(reader.needs) >= MAX_NEEDS:
            break
        if han:
            reader.chinese(part)
        else:
            reader.other(part, last=i == len(parts) - 1)
    reader.elsewhere(folded, normal)
    reader.beside(beside)
    return Analysed(tuple(_without_frame(reader.needs)), tuple(dict.fromkeys(reader.extra)))


def _join_letters(found: list[tuple[str, bool]], vocabulary: Vocabulary) -> list[tuple[str, bool]]:
    """Syllables typed apart (`hua fei`) and letters typed apart (`h f`) become one part, unless they are words here."""
    out: list[tuple[str, bool]] = []
    for kinds in (sounds.is_syllable, lambda part: len(part) == 1):
        out = []
        group: list[str] = []
        for part, han in [*found, ("", True)]:
            if not han and part.isalpha() and kinds(part):
                group.append(part)
                continue
            if len(group) > 1 and not all(vocabulary.count(Kind.WORD, p) for p in group):
                group = ["".join(group)]
            out += [(p, False) for p in group] + [(part, han)]
            group = []
        found = out = out[:-1]
    return out


class _Reader:
    """Collects the needs of one query."""

    def __init__(self, vocabulary: Vocabulary, terms: Iterable[str] = ()) -> None:
        self.vocabulary = vocabulary
        learnt = [term for term in terms if is_han(term) and known_words(term) == [term]]
        self._learnt = re.compile(f"({'|'.join(map(re.escape, learnt))})") if learnt else None
        self.needs: list[Need] = []
        self.extra: list[tuple[Kind, str]] = []

    def idf(self, count: int) -> float:
        """How telling a term is that occurs in `count` documents."""
        total = self.vocabulary.documents
        return math.log(1 + (total - count + 0.5) / (count + 0.5)) if total else 1.0

    def weight(self, terms: Iterable[tuple[Kind, str]]) -> float:
        """The idf of the most frequent of the terms that exist; a middling one where none does."""
        counts = [n for kind, term in terms if (n := self.vocabulary.count(kind, term))]
        return self.idf(max(counts)) if counts else 0.75 * self.idf(0)

    def chinese(self, run: str) -> None:
        """A run of Chinese characters."""
        self.extra += [(Kind.CHAR, char) for char in run]
        words = self._cut(run)
        self.extra += [(Kind.SOUND, pair) for pair in sounds.pairs("".join(map(sounds.sound, words)))]
        for word in words:
            self.needs.append(self._word(word))

    def _cut(self, run: str) -> list[str]:
        """The words of a run; terms of this house that no dictionary knows are whole words."""
        if self._learnt is None:
            return cut(run)
        parts = self._learnt.split(run)  # every second one is a term
        return [word for i, part in enumerate(parts) if part for word in ([part] if i % 2 else cut(part))]

    def _word(self, word: str) -> Need:
        if len(word) == 1:
            terms = [(Kind.CHAR, word)]
            ways = [Way(Where.PLAIN, (word,), 1.0), Way(Where.SOUND, (sounds.sound(word),), 0.3)]
            return Need(word, 0.5 * self.weight(terms), tuple(terms), tuple(ways))
        said = sounds.sound(word)
        inner = [w for w in cut_fine(word) if len(w) > 1]
        terms = [(Kind.WORD, w) for w in inner] + [(Kind.SOUND, pair) for pair in sounds.pairs(said)]
        ways = [Way(Where.PLAIN, (word,), 1.0), Way(Where.SOUND, (said,), 0.75)]
        if len(word) > 2:
            ways.append(Way(Where.PLAIN, tuple(word[:i] + word[i + 1 :] for i in range(len(word))), 0.7))
        ways.append(
            Way(Where.PLAIN, tuple(word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)), 0.5)
        )
        if len(inner) > 1:
            ways.append(Way(Where.PLAIN, tuple(w for w in inner if w != word), 0.7, share=True))
        known = [(Kind.WORD, word)] if self.vocabulary.count(Kind.WORD, word) else terms
        return Need(word, self.weight(known), tuple(terms), _sorted(ways))

    def other(self, run: str, *, last: bool) -> None:
        """A Latin word, a number or a code."""
        counts = self.vocabulary.count
        short = stem(run)
        flat = plain(run)
        terms = [(Kind.WORD, term) for t in other_terms(run) for term in dict.fromkeys((t, stem(t)))]
        ways = [Way(Where.PLAIN, (flat,), 1.0), Way(Where.PLAIN, (f" {short}",), 0.9)]
        known = counts(Kind.WORD, run) or counts(Kind.WORD, short)
        weight = self.weight([(Kind.WORD, run), (Kind.WORD, short)]) if known else 0.0
        if last and len(run) > 1:
            terms += [(Kind.WORD, term) for term in self.vocabulary.endings(Kind.WORD, run, _MAX_ENDINGS)]
            ways.append(Way(Where.PLAIN, (f" {run}",), 0.8))
        if run.isalpha() and run.isascii():
            if not known:
                near = self.vocabulary.near(run)
                terms += [(Kind.WORD, word) for word in near]
                ways += [Way(Where.PLAIN, tuple(f" {word} " for word in near), 0.75)] if near else []
            weight = max([weight, *self._as_sound(run, terms, ways, last=last and not known, short=not known)])
            weight = max(weight, self._as_initials(run, terms, ways))
        self.needs.append(Need(run, weight or self.weight(terms), tuple(dict.fromkeys(terms)), _sorted(ways)))

    def _as_sound(
        self, run: str, terms: list[tuple[Kind, str]], ways: list[Way], *, last: bool, short: bool
    ) -> list[float]:
        """Adds the ways to read `run` as pinyin, single syllables only if `short`; the weights of those that exist."""
        weights = []
        for spelling in sounds.spellings(run, unfinished=last):
            if len(spelling.syllables) == 1 and not short:
                continue
            said, codes = spelling.said, sounds.readings().codes
            pairs = sounds.pairs(said)
            found = [(Kind.SOUND, pair) for pair in pairs]
            texts: tuple[str, ...] = (said,)
            if spelling.rest or len(said) == 1:
                begun = f"{spelling.syllables[-1]}_{spelling.rest}"
                found += [(Kind.SOUND, t) for t in self.vocabulary.endings(Kind.SOUND, begun, _MAX_ENDINGS)]
            if spelling.rest:
                texts = tuple(said + code for s, code in codes.items() if s.startswith(spelling.rest))
            exist = [(k, t) for k, t in found if self.vocabulary.count(k, t)]
            if not exist:
                continue
            terms += found
            ways.append(Way(Where.SOUND, texts, 0.8 if len(said) > 1 or spelling.rest else 0.4))
            if len(pairs) > 1:
                ways.append(Way(Where.SOUND, tuple(a + b for a, b in pairwise(said)), 0.7, share=True))
            each = [self.idf(self.vocabulary.count(k, t)) for k, t in exist]
            weights.append(sum(each) / len(each) * max(1.0, len(said) / 2))
        return weights[:1]

    def _as_initials(self, run: str, terms: list[tuple[Kind, str]], ways: list[Way]) -> float:
        """Adds the way to read `run` as initials; its weight, 0 where no document has them."""
        term = (Kind.INITIALS, run)
        count = self.vocabulary.count(*term)
        if len(run) < 2 or not count:
            return 0.0
        terms.append(term)
        ways.append(Way(Where.INITIALS, (run,), 0.7))
        return self.idf(count)

    def elsewhere(self, folded: str, normal: str) -> None:
        """Adds the mainland's words for what was typed in Taiwan's, to the needs whose words they replace."""
        other = mainland_wording(folded) if HAS_HAN.search(folded) else normal
        if other == normal:
            return
        words = {word for run in runs(other) if run.han for word in cut(run.text)}
        typed = {need.typed for need in self.needs}
        extra = tuple(sorted(word for word in words - typed if len(word) > 1))
        if not extra:
            return
        terms = tuple((Kind.WORD, word) for word in extra)
        way = Way(Where.PLAIN, extra, 0.9)
        self.needs = [
            need
            if need.typed in words or not HAS_HAN.match(need.typed)
            else replace(need, terms=need.terms + terms, ways=_sorted([*need.ways, way]))
            for need in self.needs
        ]

    def beside(self, found: Iterable[Found]) -> None:
        """Adds the other words for the terms that were typed, to the needs of those terms."""
        for one in found:
            covered = {one.typed} if one.heard else {*words_of(one.term), *words_of(one.typed)}
            terms, ways, count = self._other_words(one.others, _HEARD if one.heard else _BESIDE)
            for i, need in enumerate(self.needs):
                if need.typed in covered:
                    weight = min(need.weight, self.idf(count)) if count else need.weight
                    all_ways = _sorted([*need.ways, *ways])
                    self.needs[i] = replace(need, weight=weight, terms=need.terms + terms, ways=all_ways)

    def _other_words(
        self, others: Iterable[str], quality: float
    ) -> tuple[tuple[tuple[Kind, str], ...], list[Way], int]:
        """By which terms other words are found, what ranking looks for, and in how many documents the most frequent of
        them occurs, nearly: several words together are as rare as the rarest."""
        terms: list[tuple[Kind, str]] = []
        count = 0
        texts: list[str] = []
        ways: list[Way] = []
        for other in others:
            flat = plain(other)
            texts.append(flat.lstrip() if HAS_HAN.match(other) else flat)
            texts[-1] = texts[-1].rstrip() if HAS_HAN.match(other[-1]) else texts[-1]
            words = words_of(other)
            found = [term for word in words for term in self._terms_of(word)]
            count = max(count, min((self.vocabulary.count(*term) for term in found), default=0))
            terms += found
            if len(words) > 1:
                apart = tuple(word if HAS_HAN.match(word) else f" {word} " for word in words)
                ways.append(Way(Where.PLAIN, apart, 0.75 * quality, share=True))
        return tuple(dict.fromkeys(terms)), [Way(Where.PLAIN, tuple(texts), quality), *ways[:_MAX_SHARED]], count

    def _terms_of(self, word: str) -> list[tuple[Kind, str]]:
        if not HAS_HAN.match(word):
            return [(Kind.WORD, term) for term in other_terms(word)]
        inner = [w for w in cut_fine(word) if len(w) > 1]
        if word in inner:
            return [(Kind.WORD, word)]
        if any(len(part) == 1 for part in cut(word)) and len(word) > 1:  # no dictionary's word: its sound finds it
            return [(Kind.SOUND, pair) for pair in sounds.pairs(sounds.sound(word))]
        return [(Kind.WORD, w) for w in inner] or [(Kind.CHAR, word)]


def _without_frame(needs: list[Need]) -> list[Need]:
    """Without the words that only frame a question, as long as there is anything else in it."""
    return [need for need in needs if need.typed not in FRAME] or needs


def _sorted(ways: list[Way]) -> tuple[Way, ...]:
    """Best first, as ranking wants them."""
    return tuple(sorted(ways, key=lambda way: -way.quality))
