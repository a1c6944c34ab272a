"""A Markdown text as the editor needs it: cut into blocks, each with its source and the HTML that readers see of it.

The sources, one after the other, are the text; the HTML of the blocks, one after the other, is the HTML of the text.
The cuts are guessed (blank lines, headings, fences) and then held against the whole: where the guess was wrong,
neighbours are joined until it is right – in the end the whole text is one block, which is always true.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from markdown.treeprocessors import Treeprocessor
from markupsafe import Markup

from core.markup import clean, converter, guard
from core.passages import split

CUTS = 60  # attempts to cut one passage at its lines

_INDENTED = re.compile(r"(?: {4}| {0,3}\t)[ \t]*\S")
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d+\.)[ ]")
_TURN = re.compile(r"[ ]{0,3}(?:#|>|```|~~~|[-=_*][-=_* \t]*$|\|)")  # a line that may begin or end something


@dataclass(frozen=True)
class Block:
    """``defines``: link definitions (``[a]: …``) stand in it; ``refers``: it looks different without others'."""

    source: str
    html: Markup
    defines: bool = False
    refers: bool = False


def blocks(text: str, field: str = "body") -> list[Block]:
    """``"".join(b.source for b in blocks(text)) == text``, and the HTML of the blocks together is that of ``render``.

    Raises:
        Invalid: the text fails ``guard``.
    """
    guard(text, field)
    cutter = _Cutter(text)
    found = [part for passage in cutter.right(_guess(text)) for part in cutter.finer(passage)]
    return [Block(source, clean(cutter.html(source)), *cutter.definitions(source)) for source in found]


class _Count(Treeprocessor):
    """How many things the text last rendered has, one beside the other."""

    things = 0

    def run(self, root: Element) -> None:
        self.things = len(root)


class _Cutter:
    """Renders parts of one text with the link definitions of all of it, and remembers what it rendered."""

    def __init__(self, text: str) -> None:
        self._md = converter()
        self._count = _Count(self._md)
        self._md.treeprocessors.register(self._count, "count", -1)
        self._seen: dict[str, tuple[str, int]] = {}
        self.whole = self._md.convert(text.replace("\0", ""))
        self._definitions = dict(self._md.references)

    def _render(self, source: str) -> tuple[str, int]:
        if source not in self._seen:
            self._md.reset()
            self._md.references.update(self._definitions)
            html = self._md.convert(source.replace("\0", ""))
            self._seen[source] = (html, self._count.things if source.strip() else 0)
        return self._seen[source]

    def html(self, source: str) -> str:
        """What Python-Markdown makes of this part; not safe yet."""
        return self._render(source)[0]

    def definitions(self, source: str) -> tuple[bool, bool]:
        """Whether the part holds definitions, and whether it needs those of other parts."""
        if not self._definitions or "[" not in source:
            return False, False
        self._md.reset()
        alone = self._md.convert(source.replace("\0", ""))
        return bool(self._md.references), alone != self.html(source)

    def right(self, guess: list[str]) -> Iterator[str]:
        """The passages of the guess, joined until their HTML, one after the other, is that of the whole."""
        rest, waiting, done = self.whole, deque(guess), list[str]()
        while waiting:
            part = waiting.popleft()
            html = self.html(part)
            if _begins(rest, html):
                rest = rest[len(html) :].removeprefix("\n") if html else rest
                done.append(part)
            elif waiting:
                waiting[0] = part + waiting[0]
            else:  # it belongs to something before it
                done = ["".join([*done, part])]
                rest = ""
        return iter(done if not rest else ["".join(done)])

    def finer(self, source: str) -> list[str]:
        """A part that holds several things, cut at its lines so that each has its own source."""
        found: list[str] = []
        tries = CUTS
        while self._render(source)[1] > 1:
            for at in _turns(source):
                tries -= 1
                head, tail = source[:at], source[at:]
                if tries < 0:
                    return [*found, source]
                if self._render(head)[1] == 1 and f"{self.html(head)}\n{self.html(tail)}" == self.html(source):
                    found.append(head)
                    source = tail
                    break
            else:
                return [*found, source]
        return [*found, source]


def _begins(whole: str, html: str) -> bool:
    return not html or (whole.startswith(html) and (len(whole) == len(html) or whole[len(html)] == "\n"))


def _turns(source: str) -> Iterator[int]:
    """Places between lines where one thing may end and another begin."""
    at, before = 0, False
    for line in source.split("\n")[:-1]:
        turn = _TURN.match(line) is not None
        if at and (turn or before):
            yield at
        at += len(line) + 1
        before = turn
    if before and at < len(source):
        yield at


def _guess(text: str) -> list[str]:
    """Passages; what is indented, and the next item of a list, belongs to what stands before it."""
    guess: list[str] = []
    for passage in split(text):
        last = guess[-1] if guess else ""
        if last and (
            not last.strip()
            or not last.endswith("\n")
            or _INDENTED.match(passage)
            or (_ITEM.match(last) and _ITEM.match(passage))
        ):
            guess[-1] = last + passage
        else:
            guess.append(passage)
    return guess
