"""Emphasis as readers of Chinese write it: ``**粗**``, ``*斜*``, ``_斜_``, ``~~删~~``, nested and side by side.

Python-Markdown's own way loses words (3.11: ``*a**a*[b](c)`` shows no link), and CommonMark wants blanks or punctuation
beside the marks, which Chinese does not have. Here the runs of marks are paired with CommonMark's stack
of openers, but a run opens where no blank follows it and closes where none stands before it. It works on the finished
tree, so that code, links and escaped marks are out of its reach, and in time that grows with the text.
"""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

DEEPEST = 12  # emphasis inside emphasis; marks beyond it stay as typed
_RUN = re.compile(r"(\*+|_+|~+)")
_WORD = re.compile(r"\w")
_SKIPPED = {"code", "pre"}
_APART = {"ul", "ol", "li", "p", "blockquote", "table", "pre", "hr", "div", "h1", "h2", "h3", "h4", "h5", "h6"}


@dataclass
class _Marks:
    """A run of one mark; ``left`` of its marks are not paired yet."""

    char: str
    left: int
    opens: bool
    closes: bool
    length: int = field(init=False)

    def __post_init__(self) -> None:
        self.length = self.left


@dataclass
class _Pair:
    """What stands between two runs that belong together."""

    tag: str
    items: list["_Item"]
    depth: int


_Item = str | ET.Element | _Marks | _Pair


class Emphasis(Treeprocessor):
    """Every element's own words have their marks paired."""

    def run(self, root: ET.Element) -> None:
        for element in list(root.iter()):
            if element.tag not in _SKIPPED and _marked(element):
                _rebuild(element, _paired(_items(element)))


def _marked(element: ET.Element) -> bool:
    texts = [element.text, *(child.tail for child in element)]
    return any(text and not isinstance(text, AtomicString) and _RUN.search(text) for text in texts)


def _items(element: ET.Element) -> list[str | ET.Element]:
    """The element's content in order; the tails of its children become items of their own."""
    found: list[str | ET.Element] = [element.text] if element.text else []
    for child in element:
        found.append(child)
        if child.tail:
            found.append(child.tail)
            child.tail = None
    return found


def _paired(content: list[str | ET.Element]) -> list[_Item]:
    out: list[_Item] = []
    openers: list[int] = []  # places in ``out``
    hopeless: dict[tuple[str, bool, int], int] = {}  # below this opener nothing fits such a closer
    for number, item in enumerate(content):
        if isinstance(item, str) and not isinstance(item, AtomicString):
            for piece in _runs(item, _edge(content, number - 1, -1), _edge(content, number + 1, 0)):
                if isinstance(piece, _Marks) and piece.closes:
                    _close(piece, out, openers, hopeless)
                if isinstance(piece, str) or piece.left:
                    out.append(piece)
                    if isinstance(piece, _Marks) and piece.opens:
                        openers.append(len(out) - 1)
            continue
        out.append(item)
        if isinstance(item, ET.Element) and item.tag in _APART:
            openers.clear()
            hopeless.clear()
    return out


def _edge(content: list[str | ET.Element], number: int, side: int) -> str:
    """The character next to a text: a blank at the ends and at line breaks, a sign that is no letter at an element."""
    if not 0 <= number < len(content):
        return " "
    item = content[number]
    if isinstance(item, str):
        return item[side]
    return " " if item.tag == "br" or item.tag in _APART else "\0"


def _runs(text: str, before: str, after: str) -> list[str | _Marks]:
    pieces: list[str | _Marks] = []
    at = 0
    for match in _RUN.finditer(text):
        start, end = match.span()
        left = text[start - 1] if start else before
        right = text[end] if end < len(text) else after
        opens, closes = not right.isspace(), not left.isspace()
        char, length = match.group()[0], end - start
        if char == "_":
            opens, closes = opens and not _WORD.match(left), closes and not _WORD.match(right)
        if char == "~" and length != 2:
            continue
        if start > at:
            pieces.append(text[at:start])
        pieces.append(_Marks(char, length, opens, closes))
        at = end
    return [*pieces, text[at:]] if at < len(text) else pieces


def _close(closer: _Marks, out: list[_Item], openers: list[int], hopeless: dict[tuple[str, bool, int], int]) -> None:
    """Pair the closer with openers, nearest first, until none of its marks is left or none fits."""
    while closer.left:
        key = (closer.char, closer.opens, closer.length % 3)
        found = _opener(closer, out, openers, hopeless.get(key, 0))
        if found is None:
            hopeless[key] = len(openers)
            return
        place = openers[found]
        opener = out[place]
        assert isinstance(opener, _Marks)
        inner = out[place + 1 :]
        depth = 1 + max((item.depth for item in inner if isinstance(item, _Pair)), default=0)
        if depth > DEEPEST:
            return
        used = 2 if opener.left >= 2 and closer.left >= 2 else 1
        tag = "del" if closer.char == "~" else "strong" if used == 2 else "em"
        opener.left -= used
        closer.left -= used
        del openers[found + 1 :]
        if not opener.left:
            openers.pop()
        out[place if not opener.left else place + 1 :] = [_Pair(tag, inner, depth)]
        for kind, floor in hopeless.items():
            hopeless[kind] = min(floor, len(openers))


def _opener(closer: _Marks, out: list[_Item], openers: list[int], floor: int) -> int | None:
    for number in range(len(openers) - 1, floor - 1, -1):
        run = out[openers[number]]
        if isinstance(run, _Marks) and run.char == closer.char and _fit(run, closer):
            return number
    return None


def _fit(opener: _Marks, closer: _Marks) -> bool:
    """CommonMark's rule of three: ``*a**b*`` is not two emphases."""
    if not (opener.closes or closer.opens) or closer.char == "~":
        return True
    return (opener.length + closer.length) % 3 != 0 or (opener.length % 3 == 0 and closer.length % 3 == 0)


def _rebuild(element: ET.Element, items: list[_Item]) -> None:
    for child in list(element):
        element.remove(child)
    element.text = None
    for item in items:
        if isinstance(item, _Pair):
            child = ET.SubElement(element, item.tag)
            _rebuild(child, item.items)
        elif isinstance(item, ET.Element):
            element.append(item)
        else:
            _append(element, item.char * item.left if isinstance(item, _Marks) else item)


def _append(element: ET.Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    elif isinstance(text, AtomicString) and not element.text:
        element.text = text
    else:
        element.text = (element.text or "") + text
