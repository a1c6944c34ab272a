"""What may be a synonym, and how a line of them is read: `退费 = 退款 = 退钱`, `hf套餐 → 话费套餐`. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.errors import Invalid
from core.i18n import _, _l
from wiki.search.analysis.queries import FRAME
from wiki.search.analysis.synonyms import Synonyms, squeezed

MOST_RULES = 2000
MOST_TERMS = 12
LONGEST = 30
LINE = MOST_TERMS * (LONGEST + 5)
_ARROW = re.compile(r"\s*(?:→|=>|->|⇒|＝>|=＞)\s*")
_EQUAL = re.compile(r"\s*[=＝|｜、;；\n]\s*")


@dataclass(frozen=True, slots=True)
class Measured:
    """How many of 100 questions in other words have the right article first: without and with the words."""

    before: int
    after: int


MEASURED = Measured(
    37, 80
)  # embedded engine; tests/search/test_pairs.py holds it, `python -m benchmarks pairs` shows both


class Sort(StrEnum):
    """The two sorts of rule."""

    EQUAL = "equal"
    JARGON = "jargon"


class State(StrEnum):
    """Whether a rule holds."""

    ON = "on"
    OFF = "off"
    PROPOSED = "proposed"
    REMOVED = "removed"


STATE_NAMES = {State.ON: _l("On"), State.OFF: _l("Off"), State.PROPOSED: _l("Proposed"), State.REMOVED: _l("Removed")}
SORT_NAMES = {Sort.EQUAL: _l("Equal words"), Sort.JARGON: _l("Jargon")}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that may be kept: the words as people wrote them."""

    sort: Sort
    said: tuple[str, ...]
    meant: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """As it is written in one line."""
        return line_of(self.said, self.meant)


def line_of(said: Iterable[str], meant: Iterable[str]) -> str:
    """``退费 = 退款``; with an arrow where it leads one way."""
    left, right = " = ".join(said), " = ".join(meant)
    return f"{left} → {right}" if right else left


def parse(line: str) -> Rule:
    """The rule that a line says.

    Raises:
        Invalid: it says none that may be kept; the sentence tells why.
    """
    if len(line) > LINE:
        raise _refused(_("That is too long for one rule: at most %(n)s words.", n=MOST_TERMS))
    sides = _ARROW.split(line.strip())
    if len(sides) > 2:
        raise _refused(_("Write one arrow at most: jargon → what is meant."))
    said = _terms(sides[0])
    meant = _terms(sides[1]) if len(sides) == 2 else ()
    if len(sides) == 2:
        if not said or not meant:
            raise _refused(_("Write a word on both sides of the arrow: hf套餐 → 话费套餐."))
        if shared := {squeezed(word) for word in said} & {squeezed(word) for word in meant}:
            raise _refused(_("«%(word)s» cannot stand on both sides of the arrow.", word=min(shared)))
        return Rule(Sort.JARGON, said, meant)
    if len(said) < 2:
        raise _refused(_("Write two different words at least, with = between them: 退费 = 退款."))
    return Rule(Sort.EQUAL, said)


def _terms(side: str) -> tuple[str, ...]:
    """The different words of one side."""
    found: dict[str, str] = {}
    for part in _EQUAL.split(side):
        word = " ".join(part.split())
        if word:
            found.setdefault(checked(word), word)
    if len(found) > MOST_TERMS:
        raise _refused(_("That is too long for one rule: at most %(n)s words.", n=MOST_TERMS))
    return tuple(found.values())


def checked(word: str) -> str:
    """The word as it is compared.

    Raises:
        Invalid: nothing that somebody types, or so short that it would stand in half of all questions.
    """
    if any(unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs", "Cn"} for char in word):
        raise _refused(_("A word may hold letters, digits and characters only."))
    key = squeezed(word)
    if len(word) > LONGEST or len(key) > LONGEST:
        raise _refused(_("«%(word)s» is too long: at most %(n)s characters.", word=word[:LONGEST] + "…", n=LONGEST))
    if len(key) < 2:
        said = _("«%(word)s» is too short: one sign alone would stand in far too many questions.", word=word)
        raise _refused(said if key else _("A word may hold letters, digits and characters only."))
    if key in FRAME or (key.isdigit() and len(key) < 3):
        raise _refused(_("«%(word)s» says too little to stand for another word.", word=word))
    return key


def same_word(rule: Rule, taken: Mapping[str, int]) -> tuple[str, int] | None:
    """A word of the rule that another rule already explains, and the number of that one."""
    return next(((word, taken[key]) for word in rule.said if (key := squeezed(word)) in taken), None)


def compiled(rules: Iterable[Rule], groups: Iterable[Sequence[str]] = ()) -> Synonyms:
    """All of them together; one's own words come before those that come with the product."""
    kept = list(rules)
    own = [rule.said for rule in kept if rule.sort is Sort.EQUAL]
    return Synonyms([*own, *groups], [(rule.said, rule.meant) for rule in kept if rule.sort is Sort.JARGON])


def _refused(sentence: str) -> Invalid:
    return Invalid({"words": sentence})
