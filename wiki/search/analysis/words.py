"""Text into runs, runs into words: Chinese by dictionary, Latin words whole, product codes whole and in parts."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import rjieba

from wiki.search.analysis.scripts import HAN

HAN_RUN = re.compile(f"[{HAN}]+")
# A Latin word, a number, or a code such as `xd-200`, `v2.3`, `1,000` or `a/b-7`: joined by one sign, ending in none.
_OTHER_RUN = rf"[^\W_{HAN}]+(?:[-_./#,:'’+&@][^\W_{HAN}]+)*\+{{0,2}}"
RUN = re.compile(f"[{HAN}]+|{_OTHER_RUN}")
_PART = re.compile(r"[^\W\d_]+|\d+")
_ALNUM = re.compile(r"[^\W_]+")
# Signs and edges between Chinese and other writing become spaces, so that ` word ` is a word of its own.
_NOT_TEXT = re.compile(r"[\W_]+")
_SEAM = re.compile(rf"(?<=[{HAN}])(?=[^\s{HAN}])|(?<=[^\s{HAN}])(?=[{HAN}])")


class Run(NamedTuple):
    """A stretch of one writing system. `start` counts characters in the text it came from."""

    text: str
    start: int
    han: bool


def runs(normal: str) -> list[Run]:
    """The runs of a normalised text in order; signs and spaces between them are left out."""
    return [Run(m.group(), m.start(), HAN_RUN.match(m.group()) is not None) for m in RUN.finditer(normal)]


def cut(han: str) -> list[str]:
    """The words of a Chinese text, side by side; together they are the text again."""
    return rjieba.cut(han)


def cut_fine(han: str) -> list[str]:
    """The words of a Chinese text and the shorter words inside long ones."""
    return rjieba.cut_for_search(han)


def add_words(words: Iterable[str]) -> None:
    """The site's own terms are words from now on, in this process. Documents indexed before are cut as before."""
    for word in words:
        rjieba.add_word(word, None, None)


def other_terms(run: str) -> list[str]:
    """A Latin run as the terms it is found by: whole, in the parts between its signs, letters apart from digits."""
    if run.isalpha() or run.isdigit():
        return [run]
    found = [run, *_ALNUM.findall(run), *_PART.findall(run)]
    return [term for term in dict.fromkeys(found) if len(term) > 1 or term.isdigit()] or [run]


def plain(normal: str) -> str:
    """The text with one space for each stretch of signs and at each seam between scripts; begins and ends with one."""
    return f" {_SEAM.sub(' ', _NOT_TEXT.sub(' ', normal)).strip()} "
