"""A text as the tokens people read: words of the dictionary, Latin words and numbers whole, else characters.

Full and half width, and punctuation that means the same, are folded before anything is compared; what differs in that
alone is a difference of form. (``、`` parts an enumeration and ``，`` a clause: they are not the same.)
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
for _mark in "#*<>[]_`|":  # marks of Markdown: full width, they are words and no marks
    del _WIDE[ord(_mark) + 0xFEE0]
_EQUAL: dict[Any, int | str] = {
    **_WIDE,
    **dict.fromkeys(map(ord, "\u3000\u00a0\u2002\u2003\u2009\u202f"), " "),
    **dict.fromkeys(map(ord, "。．｡"), "."),
    "､": "、",
    **dict.fromkeys(map(ord, "“”„「」＂"), '"'),
    **dict.fromkeys(map(ord, "‘’『』＇"), "'"),
    **dict.fromkeys(map(ord, "—–―─"), "—"),
    **dict.fromkeys(map(ord, "⋯"), "…"),
    **dict.fromkeys(map(ord, "～〜"), "~"),
    "・": "·",
    "﹐": ",",
    "﹑": "、",
    "﹔": ";",
    "﹕": ":",
    "﹖": "?",
    "﹗": "!",
}
_FOLD = str.maketrans({ord(one) if isinstance(one, str) else one: same for one, same in _EQUAL.items()})
_HAN = "\u3400-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(
    rf"""(?P<han>[{_HAN}]+)
    | (?P<link> !?\[\[[^\[\]\n]{{1,200}}\]\] | !?\[[^\[\]\n]{{0,200}}\]\([^()\s]{{1,500}}\)
        | https?://[^\s{_HAN}"'()<>|]{{1,500}} )
    | (?P<word> \d{{1,3}}(?:,\d{{3}})+(?:\.\d+)? | [A-Za-z0-9\u00c0-\u024f]+(?:[-_.'@/:][A-Za-z0-9\u00c0-\u024f]+)* )
    | (?P<dots> \.{{2,}} | …+ ) | (?P<dash> -{{2,}} | —+ ) | (?P<blank> [ \t]+ ) | (?P<marks> \*+ | `+ | \#+ )
    | (?P<other> . )""",
    re.X | re.S,
)
_SAME = {"dots": "…", "dash": "—", "blank": " "}
CJK = re.compile(rf"[{_HAN}\u3000-\u303f\uff00-\uffef]")
FIRST = 0xE000  # tokens are numbered from here: no number is a surrogate


def folded(text: str) -> str:
    """The same text in one width and one punctuation, character by character."""
    return text.translate(_FOLD)


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text cut: ``raw`` as typed, ``key`` one character for each token, equal where the folded tokens are."""

    raw: tuple[str, ...]
    key: str

    def text(self, start: int, end: int) -> str:
        """What stands between two tokens."""
        return "".join(self.raw[start:end])


class Book:
    """Numbers for tokens: the same token has the same number in every text cut with the same book."""

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}
        self._cuts: dict[str, Tokens] = {}

    def cut(self, text: str) -> Tokens:
        """The tokens of a text."""
        found = self._cuts.get(text)
        if found is None:
            found = self._cuts[text] = self._cut(text)
        return found

    def _cut(self, text: str) -> Tokens:
        raw: list[str] = []
        key: list[str] = []
        at = 0
        for word in _folded_words(folded(text)):
            size, same = word
            raw.append(text[at : at + size])
            at += size
            key.append(self._number(same))
        return Tokens(tuple(raw), "".join(key))

    def _number(self, word: str) -> str:
        found = self._numbers.get(word)
        if found is None:
            found = self._numbers[word] = chr(FIRST + len(self._numbers))
        return found


def _folded_words(text: str) -> Iterable[tuple[int, str]]:
    """(length, what is compared) of each token of a folded text."""
    import rjieba  # here: its dictionary takes a moment to load, and most starts need no comparison

    for found in _TOKEN.finditer(text):
        kind, word = str(found.lastgroup), found.group()
        if kind == "han":
            for one in rjieba.cut(word):
                yield len(one), one
        else:
            yield len(word), _SAME.get(kind, word)
