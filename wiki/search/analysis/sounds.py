"""How Chinese sounds: every character as a toneless syllable, words deciding between readings; and back from letters.

A *sound* is a string as long as its text with one private-use character per syllable, so that 'sounds like' is a
substring test. The readings come from pypinyin's data files; its package is not imported (it holds 50 MB).
"""

import re
import unicodedata
from functools import cache, lru_cache
from importlib.metadata import distribution
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from core.once import once

_FIRST = 0xE000
MAX_SPLITS = 6
_LONGEST = 6
_VOWEL = re.compile("[aeiouv]")
_ENTRY = re.compile(r'"(\d+)": ?"([^"]+)"')
_PHRASE = re.compile(r'"([^"]+)":\s*\[\s*(\[.+?\])\s*\]', re.DOTALL)
_FIRST_READING = re.compile(r'\[\s*"([^"]+)"')

# Words of a contact centre that the data reads by the commoner reading of a character.
OURS = {
    "还款": "huan kuan",
    "还清": "huan qing",
    "还机": "huan ji",
    "重置": "chong zhi",
    "重启": "chong qi",
    "重拨": "chong bo",
    "重发": "chong fa",
    "重传": "chong chuan",
    "重办": "chong ban",
    "重新": "chong xin",
    "调取": "diao qu",
    "调单": "diao dan",
    "分行": "fen hang",
    "行号": "hang hao",
    "参差": "cen ci",
}


class Readings(NamedTuple):
    """The tables of this module; `single` and `names` are for `str.translate`."""

    single: dict[int, str]
    words: dict[str, str]
    names: dict[str, str]
    codes: dict[str, str]
    beginnings: frozenset[str]


def _toneless(syllable: str) -> str:
    """`huà` is `hua`, `lǜ` is `lv`, as typed on a keyboard."""
    flat = unicodedata.normalize("NFD", syllable).replace("u\u0308", "v")
    return "".join(c for c in flat if c.isascii())


@once
def readings() -> Readings:
    """The tables, read once (about 0.1 s): each character's usual syllable, and the words that are read otherwise."""
    files = Path(str(distribution("pypinyin").locate_file("pypinyin")))
    flat = cache(_toneless)
    usual = {
        chr(int(code)): flat(said.split(",")[0])
        for code, said in _ENTRY.findall((files / "pinyin_dict.json").read_text("utf-8"))
    }
    # `m` and `n` are grunts, `o` and `eng` hardly words: as syllables they would only break up longer ones.
    syllables = sorted(s for s in set(usual.values()) if _VOWEL.search(s) and s not in {"o", "eng"})
    codes = {s: chr(_FIRST + i) for i, s in enumerate(syllables)}
    single = {ord(char): codes[said] for char, said in usual.items() if said in codes}
    words = {}
    # The phrases are read one by one: parsed as a whole they take 40 MB that the process never gives back.
    for match in _PHRASE.finditer((files / "phrases_dict.json").read_text("utf-8")):
        word = match[1]
        said = [codes.get(flat(first), "") for first in _FIRST_READING.findall(match[2])]
        if len("".join(said)) == len(word) and "".join(said) != word.translate(single):
            words[word] = "".join(said)
    words |= {word: "".join(codes[s] for s in said.split()) for word, said in OURS.items()}
    beginnings = frozenset(s[:i] for s in syllables for i in range(1, len(s) + 1))
    return Readings(single, words, {code: s for s, code in codes.items()}, codes, beginnings)


@lru_cache(maxsize=30_000)
def sound(word: str) -> str:
    """The sound of one word, as long as the word; a longer word is read like the pairs inside it."""
    table = readings()
    if word in table.words:
        return table.words[word]
    said = list(word.translate(table.single))
    for i in range(len(word) - 1 if len(word) > 2 else 0):
        pair = table.words.get(word[i : i + 2])
        if pair:
            said[i : i + 2] = pair
    return "".join(said)


def pairs(said: str) -> list[str]:
    """The terms of a sound without gaps: each two neighbours as `hua_fei`."""
    names = readings().names
    syllables = [names.get(code) for code in said]
    return [f"{a}_{b}" for a, b in pairwise(syllables) if a and b]


def initials(said: str) -> str:
    """The first letter of every syllable, as long as the sound; a full stop where there is none."""
    names = readings().names
    return "".join(names[code][0] if code in names else "." for code in said)


class Spelling(NamedTuple):
    """One way to read letters as syllables; `rest` is a last syllable that is still being typed."""

    syllables: tuple[str, ...]
    rest: str = ""

    @property
    def said(self) -> str:
        """The whole syllables as a sound."""
        codes = readings().codes
        return "".join(codes[s] for s in self.syllables)


def is_syllable(letters: str) -> bool:
    """Whether the letters are one whole toneless syllable."""
    return letters in readings().codes


@lru_cache(maxsize=2_000)
def spellings(letters: str, *, unfinished: bool = True) -> tuple[Spelling, ...]:
    """The ways to read `letters` as pinyin, fewest syllables first, at most `MAX_SPLITS`; none if they are not pinyin.

    An apostrophe forces a border. With `unfinished`, the last syllable may lack its end.
    """
    table, end = readings(), len(letters)
    best: list[list[tuple[str, ...]]] = [[()], *[[] for _ in range(end)]]
    for stop in range(1, end + 1):
        ways = [
            (*way, letters[start:stop])
            for start in range(max(0, stop - _LONGEST), stop)
            if letters[start:stop] in table.codes
            for way in best[start]
        ]
        best[stop] = sorted(ways, key=len)[:MAX_SPLITS]
    found = [Spelling(way) for way in best[end]]
    if unfinished:
        for start in range(max(0, end - _LONGEST + 1), end):
            rest = letters[start:]
            if rest in table.beginnings and rest not in table.codes:
                found += [Spelling(way, rest) for way in best[start] if way]
    return tuple(sorted(found, key=lambda s: len(s.syllables) + bool(s.rest))[:MAX_SPLITS])
