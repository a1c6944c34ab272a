"""Other words for what was typed: groups of equal words, and jargon that means something else. Pure, and for questions
alone: texts are indexed as they are written, so a change holds at once and nothing is indexed anew.

A term is found where it stands as words of its own: `话费` is not found in `电话费`. The longest term wins.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from werkzeug.utils import cached_property

from wiki.search.analysis import sounds
from wiki.search.analysis.scripts import HAN, normalise
from wiki.search.analysis.words import cut, runs

MAX_OTHERS = 16  # other words for one term
_GAP = re.compile(r"[\W_]+")
_BETWEEN = re.compile(rf"(?<=[{HAN}])[\W_]+(?=[{HAN}])")
_HAN = re.compile(f"[{HAN}]")
_ALL_HAN = re.compile(f"[{HAN}]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A term, squeezed, as it was `typed` in a query, with its other words; `heard`: typed in letters, as it sounds."""

    typed: str
    term: str
    others: tuple[str, ...]
    heard: bool = False


def squeezed(text: str) -> str:
    """A term as it is compared: normalised, without blanks and signs except between two Chinese characters."""
    return _squeeze(normalise(text))[0]


def _squeeze(normal: str) -> tuple[str, list[int]]:
    """The squeezed text, and where each of its characters stands in `normal`."""
    kept = _BETWEEN.sub(lambda gap: " " + "\0" * (len(gap.group()) - 1), normal)
    places = [at for at, char in enumerate(kept) if (char == " " and _between(kept, at)) or char.isalnum()]
    return "".join(kept[at] for at in places), places


def _between(text: str, at: int) -> bool:
    return 0 < at < len(text) - 1 and bool(_HAN.match(text[at - 1])) and text[at + 1 :].lstrip("\0")[:1] > "\u3006"


def is_han(term: str) -> bool:
    """The term is Chinese characters alone."""
    return _ALL_HAN.fullmatch(term) is not None


class Synonyms:
    """What is in force. `groups` hold words that mean the same; `jargon` leads one way, from what is said to what is
    meant. A word may stand in several groups (a builtin one and one's own): then all their words are its others."""

    def __init__(
        self, groups: Iterable[Sequence[str]] = (), jargon: Iterable[tuple[Sequence[str], Sequence[str]]] = ()
    ) -> None:
        self._others: dict[str, dict[str, None]] = {}
        self._chief: dict[str, str] = {}
        for said, meant in jargon:
            to = [squeezed(word) for word in meant]
            for word in map(squeezed, said):
                self._add(word, to)
        for group in groups:
            members = [squeezed(word) for word in group]
            chief = next((self._chief[word] for word in members if word in self._chief), members[0] if members else "")
            for word in members:
                self._add(word, members)
                self._chief.setdefault(word, chief)
        self._by_first: dict[str, list[str]] = {}
        for term in sorted(self._others, key=len, reverse=True):
            self._by_first.setdefault(term[0], []).append(term)

    def _add(self, word: str, others: Iterable[str]) -> None:
        known = self._others.setdefault(word, {})
        known.update(dict.fromkeys(other for other in others if other != word))
        for surplus in list(known)[MAX_OTHERS:]:
            del known[surplus]

    def __bool__(self) -> bool:
        return bool(self._others)

    def others(self, term: str) -> tuple[str, ...]:
        """The other words for one term, normalised."""
        return tuple(self._others.get(squeezed(term), ()))

    def chief(self, term: str) -> str:
        """The word that stands for all of its group: two questions with the same chiefs ask the same thing."""
        term = self._chief.get(term, term)
        meant = [word for word in self._others.get(term, ()) if self._chief.get(word, word) != term]
        return self._chief.get(meant[0], meant[0]) if meant and term not in self._chief else term

    def find(self, normal: str) -> list[Found]:
        """The terms in a normalised query, from left to right, none inside another."""
        if not self._others:
            return []
        written = self._written(normal)
        found = [Found(normal[start:end], term, tuple(self._others[term])) for start, end, term in written]
        return found + list(self._heard(normal))

    def _written(self, normal: str) -> Iterator[tuple[int, int, str]]:
        text, places = _squeeze(normal)
        begins, ends = _borders(normal)
        at = 0
        while at < len(text):
            for term in self._by_first.get(text[at], ()):
                if text.startswith(term, at):
                    start, end = places[at], places[at + len(term) - 1] + 1
                    if start in begins and end in ends:
                        yield start, end, term
                        at += len(term) - 1
                        break
            at += 1

    def _heard(self, normal: str) -> Iterator[Found]:
        """Terms typed as they sound, in one stretch of letters."""
        for run in runs(normal):
            if run.han or len(run.text) < 4 or not (run.text.isascii() and run.text.isalpha()):
                continue
            for spelling in sounds.spellings(run.text, unfinished=False):
                if terms := self._by_sound.get(spelling.said):
                    others = dict.fromkeys(other for term in terms for other in self._others[term])
                    yield Found(run.text, terms[0], tuple(others)[:MAX_OTHERS], heard=True)
                    break

    @cached_property
    def _by_sound(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for term in self._others:
            if len(term) > 1 and is_han(term):
                found.setdefault("".join(map(sounds.sound, cut(term))), []).append(term)
        return found


NONE = Synonyms()


def _borders(normal: str) -> tuple[set[int], set[int]]:
    """Where a term may begin, and where it may end: at the edges of words, and inside a long word where what is left of
    it on the other side is a word of two characters or more."""
    begins, ends = set[int](), set[int]()
    for run in runs(normal):
        at = run.start
        for word in cut(run.text) if run.han else [run.text]:
            begins.add(at)
            ends.add(at + len(word))
            if run.han:
                inner = range(at + 2, at + len(word) - 1)
                begins.update(inner)
                ends.update(inner)
            at += len(word)
    return begins, ends


def words_of(term: str) -> list[str]:
    """The words by which a term is typed: Chinese as the dictionary cuts it – or whole, where that leaves single
    characters, for then it is a word that only this house knows –, other runs as they are."""
    out: list[str] = []
    for run in runs(term):
        out += known_words(run.text) if run.han else [run.text]
    return out


def known_words(han: str) -> list[str]:
    """The words of a Chinese term; the whole of it where the dictionary would leave single characters."""
    parts = cut(han)
    return [han] if any(len(part) == 1 for part in parts) else parts
