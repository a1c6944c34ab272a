"""Whose words a text consists of: for every character the step that brought it, carried through moves and small edits.

Pure. Texts come oldest first; a text – or a longer passage – that was there before and comes back belongs to whom it
belonged then, so that going back to an old version makes nobody an author.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from core import passages
from wiki.articles.compare.parts import Part, Row, old_text
from wiki.articles.compare.passages import rows
from wiki.articles.compare.tokens import folded
from wiki.articles.compare.words import compared

REMEMBERED = 16  # characters of a passage that make it more than a phrase
SILENT = frozenset(" \t\r\n\u3000*_`#>|~-+:")  # blanks and marks of Markdown are nobody's words


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text that one step brought."""

    text: str
    step: int


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage and where its words are from, in reading order."""

    text: str
    runs: tuple[Run, ...]

    @property
    def weights(self) -> list[tuple[int, int]]:
        """(step, characters) of those with a share in it, the largest first."""
        return counted(self.runs)


def traced(texts: Sequence[str]) -> list[int]:
    """For each character of the last text the number of the text (from 0) that brought it."""
    known: dict[str, list[int]] = {}
    memory: dict[str, list[int]] = {}
    before, owners = "", list[int]()
    for step, text in enumerate(texts):
        if text not in known:
            known[text] = _carried(before, owners, text, step, memory)
        before, owners = text, known[text]
        _remember(text, owners, memory)
    return owners


def passages_of(text: str, owners: Sequence[int]) -> list[Passage]:
    """The passages of a text with their runs; a blank or mark between two runs belongs to the one before it."""
    out, at = [], 0
    for passage in passages.split(text):
        out.append(Passage(passage, tuple(_runs(passage, owners[at : at + len(passage)]))))
        at += len(passage)
    return out


def counted(runs: Sequence[Run]) -> list[tuple[int, int]]:
    """(step, characters) by size; of equal ones the older first."""
    found: Counter[int] = Counter()
    for run in runs:
        found[run.step] += sum(1 for char in run.text if char not in SILENT)
    return sorted(((step, n) for step, n in found.items() if n), key=lambda one: (-one[1], one[0]))


def fractions(weights: Sequence[tuple[int, int]]) -> dict[int, Fraction]:
    """Shares of 1 by step."""
    whole = sum(n for _step, n in weights)
    return {step: Fraction(n, whole) for step, n in weights} if whole else {}


def _runs(text: str, owners: Sequence[int]) -> list[Run]:
    out: list[Run] = []
    start, who = (
        0,
        next((o for char, o in zip(text, owners, strict=True) if char not in SILENT), owners[0] if owners else 0),
    )
    for at, (char, owner) in enumerate(zip(text, owners, strict=True)):
        if char not in SILENT and owner != who:
            out.append(Run(text[start:at], who))
            start, who = at, owner
    return [*out, Run(text[start:], who)] if text else out


def _remember(text: str, owners: Sequence[int], memory: dict[str, list[int]]) -> None:
    at = 0
    for passage in passages.split(text):
        words = passage.strip()
        if len(words) >= REMEMBERED:
            begin = at + passage.index(words)
            memory.setdefault(folded(words), list(owners[begin : begin + len(words)]))
        at += len(passage)


def _carried(before: str, owners: Sequence[int], text: str, step: int, memory: dict[str, list[int]]) -> list[int]:
    starts, at = [], 0
    for passage in passages.split(before):
        starts.append(at)
        at += len(passage)
    out: list[int] = []
    for row in rows(before, text):
        if row.state == "added":
            out += _recalled(row.new, step, memory)
        elif row.state not in {"removed", "moved_away"}:
            out += _through(row, owners, starts, step)
    return out


def _recalled(passage: str, step: int, memory: dict[str, list[int]]) -> list[int]:
    """A passage that stood there once before is still its author's."""
    words = passage.strip()
    known = memory.get(folded(words))
    if known is None:
        return [step] * len(passage)
    begin = passage.index(words)
    return [step] * begin + known + [step] * (len(passage) - begin - len(words))


def _through(row: Row, owners: Sequence[int], starts: Sequence[int], step: int) -> list[int]:
    """The owners of a passage that stayed, or moved, with its changes."""
    begin = starts[(row.old_at or 1) - 1]
    return _over(row.parts, owners[begin : begin + len(old_text(row.parts))], step)


def _over(parts: Sequence[Part], owners: Sequence[int], step: int) -> list[int]:
    gone: dict[int, tuple[str, Sequence[int]]] = {}
    at = 0
    for part in parts:
        if part.op == "delete" and part.moved:
            gone[part.moved] = (part.text, owners[at : at + len(part.text)])
        at += 0 if part.op == "insert" else len(part.old if part.op == "form" else part.text)
    out: list[int] = []
    at = 0
    for part in parts:
        if part.op == "insert":
            out += _moved(part.text, *gone[part.moved], step) if part.moved in gone else [step] * len(part.text)
            continue
        size = len(part.old if part.op == "form" else part.text)
        if part.op == "equal":
            out += owners[at : at + size]
        elif part.op == "form":  # who only writes it differently has not written it
            out += [owners[at] if size else out[-1] if out else step] * len(part.text)
        at += size
    return out


def _moved(text: str, was: str, owners: Sequence[int], step: int) -> list[int]:
    """An item that stood elsewhere in its list; its number and line end are not its words."""
    return _over(compared(was, text), owners, step)
