"""A document as terms for an index and as strings for ranking."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from wiki.search.analysis import sounds
from wiki.search.analysis.scripts import fold, mainland_wording, simplified
from wiki.search.analysis.stems import stem
from wiki.search.analysis.words import cut, cut_fine, other_terms, plain, runs

MAX_INITIALS = 8
_MAX_JOINED = 6


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one text by kind, in order, repeated as often as they occur."""

    words: list[str]
    chars: list[str]
    sounds: list[str]
    initials: list[str]


class Readable(NamedTuple):
    """One text for ranking. The three strings are equally long and aligned.

    `plain` is the normalised text with single spaces for signs. `sound` has a private character for each syllable.
    `initials` has the first letter of each syllable, a capital where a word begins, a full stop for the rest.
    """

    plain: str
    sound: str
    initials: str


@dataclass(frozen=True, slots=True)
class Analysed:
    """One text of a document, ready for any engine."""

    terms: Terms
    readable: Readable


def document(title: str, body: str) -> tuple[Analysed, Analysed]:
    """Title and body, analysed. The body ends with the mainland's words for what the document says in Taiwan's."""
    beside = wording_beside(f"{title}\n{body}")
    return analyse(title), analyse(f"{body}\n{beside}" if beside else body)


def analyse(text: str) -> Analysed:
    """One text in any script, analysed."""
    normal = simplified(fold(text))
    return Analysed(_terms(normal), _readable(normal))


def wording_beside(text: str) -> str:
    """The mainland's words for what a Traditional text says in Taiwan's, each once; empty without a difference."""
    folded = fold(text)
    normal = simplified(folded)
    if normal == folded:
        return ""
    other = mainland_wording(folded)
    if other == normal:
        return ""
    known = {word for run in runs(normal) if run.han for word in cut_fine(run.text)}
    extra = (word for run in runs(other) if run.han for word in cut_fine(run.text) if word not in known)
    return " ".join(dict.fromkeys(extra))


def _terms(normal: str) -> Terms:
    out = Terms([], [], [], [])
    for run in runs(normal):
        if not run.han:
            for term in other_terms(run.text):
                out.words.append(term)
                if (short := stem(term)) != term:
                    out.words.append(short)
            continue
        out.chars.extend(run.text)
        out.words.extend(word for word in cut_fine(run.text) if len(word) > 1)
        said = [sounds.sound(word) for word in cut(run.text)]
        out.sounds.extend(sounds.pairs("".join(said)))
        out.initials.extend(initial_terms([sounds.initials(word) for word in said]))
    return out


def initial_terms(words: list[str]) -> list[str]:
    """The initials of each word of two to eight syllables, and of up to three neighbours together."""
    found = []
    for i, first in enumerate(words):
        joined = first
        if 2 <= len(joined) <= MAX_INITIALS:
            found.append(joined)
        for word in words[i + 1 : i + 3]:
            joined += word
            if len(joined) > _MAX_JOINED:
                break
            found.append(joined)
    return found


def _readable(normal: str) -> Readable:
    flat = plain(normal)
    words = cut(flat)
    return Readable(flat, "".join(map(sounds.sound, words)), "".join(map(capitals, words)))


@lru_cache(maxsize=30_000)
def capitals(word: str) -> str:
    """The initials of one word, the first as a capital; full stops for what is not Chinese."""
    return sounds.initials(sounds.sound(word)).capitalize()
