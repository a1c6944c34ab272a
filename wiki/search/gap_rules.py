"""Questions that nobody answered, put together by what they ask for. Pure.

Two wordings belong together when they say the same in any script, width and order, when the same words of this house
stand for each other in them, or when they differ by next to nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rapidfuzz import process
from rapidfuzz.distance import Indel

from wiki.search.analysis.queries import FRAME
from wiki.search.analysis.scripts import normalise
from wiki.search.analysis.synonyms import Synonyms
from wiki.search.analysis.words import cut, runs
from wiki.search.likeness import ALMOST, flat, percent

_LITTLE = (
    frozenset(
        [
            "的",
            "了",
            "么",
            "什么",
            "是",
            "我",
            "我要",
            "我想",
            "想",
            "要",
            "能",
            "可以",
            "怎么",
            "怎样",
            "如何",
            "怎么办",
            "办",
            "个",
            "这",
            "那",
            "在",
            "有",
            "和",
            "与",
            "及",
        ]
    )
    | FRAME
)
_WHETHER = re.compile(r"([能可会要行是])不\1以?|有没有")  # asks whether; `不能` alone says something
_POLITE = re.compile(r"^\s*(?:请问|您好|你好|麻烦)|[吗呢吧啊呀？?]+\s*$")
_WORTH_A_LOOK = 0.6


@dataclass(frozen=True, slots=True)
class Wording:
    """One way in which it was asked, in a period. ``people`` are ids, counted and never shown; ``times`` and
    ``nothing`` count askings without an answer, and those of them that found nothing at all."""

    flat: str
    text: str
    people: frozenset[int] = frozenset()
    times: int = 0
    nothing: int = 0
    last: datetime | None = None
    before: frozenset[int] = frozenset()  # who asked it in the period before


@dataclass(slots=True)
class Group:
    """Wordings that ask for the same."""

    wordings: list[Wording] = field(default_factory=list)

    @property
    def people(self) -> int:
        """How many different people asked."""
        return len(frozenset[int]().union(*(one.people for one in self.wordings)))

    @property
    def before(self) -> int:
        """How many did in the period before."""
        return len(frozenset[int]().union(*(one.before for one in self.wordings)))

    @property
    def times(self) -> int:
        """How often it was asked without an answer."""
        return sum(one.times for one in self.wordings)

    @property
    def nothing(self) -> int:
        """How often nothing at all was found."""
        return sum(one.nothing for one in self.wordings)

    @property
    def last(self) -> datetime | None:
        """When it was asked last."""
        return max((one.last for one in self.wordings if one.last), default=None)

    @property
    def chief(self) -> Wording:
        """The wording that stands for all: asked by most people."""
        return min(self.wordings, key=lambda one: (-len(one.people), -one.times, len(one.text), one.flat))


def sense(text: str, synonyms: Synonyms) -> str:
    """What a question asks for: its words in alphabetical order, each as the chief word of its group, without the
    little ones. The question itself where only little words are in it."""
    words = {word for run in runs(_plainly(text, synonyms)) for word in (cut(run.text) if run.han else [run.text])}
    return " ".join(sorted(words - _LITTLE)) or flat(text)


def _plainly(text: str, synonyms: Synonyms) -> str:
    """The question in chief words, without what only asks whether, or is polite."""
    normal = _WHETHER.sub(" ", normalise(text))
    for found in synonyms.find(normal):
        if not found.heard:
            normal = normal.replace(found.typed, f" {synonyms.chief(found.term)} ")
    return _POLITE.sub(" ", normal)


def grouped(wordings: Iterable[Wording], synonyms: Synonyms) -> list[Group]:
    """All wordings, each in one group; the group that most people asked for comes first."""
    groups: dict[str, Group] = {}
    for one in wordings:
        groups.setdefault(sense(one.text, synonyms), Group()).wordings.append(one)
    return sorted(_joined(list(groups.values()), synonyms), key=_rank)


def _rank(group: Group) -> tuple[int, int, str]:
    return -group.people, -group.times, group.chief.flat


def _joined(groups: Sequence[Group], synonyms: Synonyms) -> list[Group]:
    """Groups whose chief wordings are almost the same become one, the larger taking in the smaller."""
    ordered = sorted(groups, key=_rank)
    names = [flat(_plainly(group.chief.text, synonyms)) for group in ordered]
    taken: set[int] = set()
    for number, group in enumerate(ordered):
        if not group.times:
            break  # from here on nobody asked: these are only there to be taken in
        if number in taken:
            continue
        for other, name in alike(names[number], names):
            if other > number and other not in taken and percent(names[number], name) >= ALMOST:
                group.wordings += ordered[other].wordings
                taken.add(other)
    return [group for number, group in enumerate(ordered) if number not in taken]


def alike(name: str, names: Sequence[str]) -> list[tuple[int, str]]:
    """Those (and their places) of which it is worth the while to ask whether they are almost the same."""
    near = process.extract(name, names, scorer=Indel.normalized_similarity, score_cutoff=_WORTH_A_LOOK, limit=30)
    return [(place, other) for other, _score, place in near]


def trend(now: int, before: int) -> str:
    """``new``, ``up``, ``down`` or ``same``: a fifth more or less, and two people at least, is a change."""
    if not before:
        return "new"
    if abs(now - before) < max(2, before / 5):
        return "same"
    return "up" if now > before else "down"
