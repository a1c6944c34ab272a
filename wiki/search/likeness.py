"""How alike two titles, or two questions, are: not in meaning – in what they say. Pure.

Width, case and script are folded, signs and blanks left out, so that
``「話費」怎麼多了？`` is ``话费怎么多了``. Two texts are
*almost the same* when they differ by little, and what differs does not make another thing of them: another number, a
word in the place of another word, or a negation does.
"""

import re
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import Indel

from wiki.search.analysis.scripts import HAN, normalise

ALMOST = 82  # percent; held by pairs in tests/search/test_likeness.py
BESIDE = 45  # worth a look
SHORTEST = 4  # shorter texts are the same only when they are equal
LONG = 40  # of so many characters a word more or less is no longer the matter
OTHER = ALMOST - 1  # at most, when what differs is the matter

_WORD = re.compile(r"\w", re.U)
_NUMBERS = re.compile(r"\d+(?:\.\d+)?")
_LATIN = re.compile(r"[a-z]{2,}")
_NOT = frozenset("不没無无非未勿别")
_SMALL = frozenset("的了吗呢和与及或在对为就请把被时后前个这那是")  # words that carry little


@lru_cache(maxsize=20_000)
def flat(text: str) -> str:
    """Letters, digits and characters alone, folded."""
    return "".join(_WORD.findall(normalise(text).replace("_", " ")))


def _pairs(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for pair in pairwise(text):
        found["".join(pair)] = found.get("".join(pair), 0) + 1
    return found


def _overlap(a: str, b: str) -> float:
    """Dice's measure over neighbouring characters: blind to the order of the parts."""
    one, other = _pairs(a), _pairs(b)
    both = sum(min(n, other.get(pair, 0)) for pair, n in one.items())
    return 2 * both / max(sum(one.values()) + sum(other.values()), 1)


def percent(a: str, b: str) -> int:
    """How alike, 0–100; at least ``ALMOST`` means almost the same."""
    one, other = flat(a), flat(b)
    if not one or not other:
        return 0
    if one == other:
        return 100
    found = round(100 * max(Indel.normalized_similarity(one, other), _overlap(one, other)))
    if min(len(one), len(other)) < SHORTEST or _another_thing(one, other):
        return min(found, OTHER)
    return min(found, 99)


def _another_thing(one: str, other: str) -> bool:
    """What differs is the matter itself."""
    if sorted(_NUMBERS.findall(one)) != sorted(_NUMBERS.findall(other)):
        return True
    gone, come = _differing(one, other)
    if _NOT & (set("".join(gone)) ^ set("".join(come))):
        return True
    if min(len(one), len(other)) > LONG:
        return False
    return any(_says_something(a) and _says_something(b) for a, b in zip(gone, come, strict=True))


def _differing(one: str, other: str) -> tuple[list[str], list[str]]:
    """The stretches that were replaced: what stood there, what stands there; a part that only moved is no
    difference."""
    gone, come = [], []
    for span in _stretches(one, other):
        a, b = one[span[0] : span[1]], other[span[2] : span[3]]
        gone.append("" if a in other else a)
        come.append("" if b in one else b)
    return gone, come


def _stretches(one: str, other: str) -> list[list[int]]:
    """(from, to) in both of every stretch that differs; what touches is one."""
    out: list[list[int]] = []
    for op in Indel.opcodes(one, other):
        if op.tag == "equal":
            continue
        if out and out[-1][1] == op.src_start and out[-1][3] == op.dest_start:
            out[-1][1], out[-1][3] = op.src_end, op.dest_end
        else:
            out.append([op.src_start, op.src_end, op.dest_start, op.dest_end])
    return out


def _says_something(text: str) -> bool:
    """At least a word: two characters that carry a meaning, or a Latin word."""
    return len([c for c in text if re.match(f"[{HAN}]", c) and c not in _SMALL]) >= 2 or bool(_LATIN.search(text))
