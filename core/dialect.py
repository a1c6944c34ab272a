"""What our Markdown has beyond Python-Markdown's: docs/dialect.md says it for people, this module does it.

Callouts and script lines are quotations with a mark in their first line; two quotations with a blank line between them
are two; a list is loose or tight as a whole; ``<br>`` breaks a line inside a table's cell; emphasis is core.emphasis.
"""

import re
import xml.etree.ElementTree as ET

from markdown import Markdown
from markdown.blockprocessors import BlockQuoteProcessor
from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from core.emphasis import Emphasis

CALLOUTS = ("note", "tip", "warning")
LINES = ("customer", "say", "avoid")  # of a script: what the customer says, what we say, what we had better not say
CLASSES = frozenset({"callout", "script-line", *(f"is-{name}" for name in CALLOUTS + LINES)})
JOINER = "\u2060"
_LISTS = {"ul", "ol"}

_MARK = re.compile(rf"\[!({'|'.join(CALLOUTS + LINES)})\][ ]*", re.I)
_FORGOTTEN = re.compile("\x02(?:klzzwxh|wzxhzdk):\\d+\x03")
_BREAK = re.compile(r"(?:(?<! )[ ]++)?<br[ ]*/?>[ ]*", re.I)


class Dialect(Extension):
    """To be named after Python-Markdown's own extensions."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the name is Python-Markdown's
        md.preprocessors.deregister("html_block")  # raw HTML off: it is shown as typed
        md.inlinePatterns.deregister("html")
        md.inlinePatterns.deregister("em_strong")
        md.ESCAPED_CHARS.append("~")
        md.block_level_elements.append("wiki-block")  # core.mentions: it stands on a line of its own
        md.parser.blockprocessors.register(Quotations(md.parser), "quote", 20)
        md.treeprocessors.register(Looseness(md), "looseness", 25)  # before the inline patterns, which are 20
        md.postprocessors.register(Leftovers(md), "leftovers", 5)
        md.treeprocessors.register(CellBreaks(md), "cell_breaks", 16)  # after them
        md.treeprocessors.register(Emphasis(md), "emphasis", 15)  # before line breaks are put in, which is 10
        md.treeprocessors.register(Indents(md), "indents", 12)


class Quotations(BlockQuoteProcessor):
    """Quotations, callouts and script lines; each begins with its own ``>`` after a blank line."""

    def run(self, parent: ET.Element, blocks: list[str]) -> None:
        block = blocks.pop(0)
        match = self.RE.search(block)
        start = match.start() if match else 0
        self.parser.parseBlocks(parent, [block[:start]])
        lines = [self.clean(line) for line in block[start:].lstrip("\n").split("\n")]
        quote = ET.SubElement(parent, "blockquote")
        mark = _MARK.match(lines[0])
        if mark:
            name = mark.group(1).lower()
            quote.set("class", f"{'callout' if name in CALLOUTS else 'script-line'} is-{name}")
            lines[0] = lines[0][mark.end() :]
        self.parser.state.set("blockquote")
        self.parser.parseChunk(quote, "\n".join(lines[1:] if mark and not lines[0] else lines))
        self.parser.state.reset()


class Looseness(Treeprocessor):
    """One item with a paragraph, or with a quotation straight under its words, makes paragraphs of all: what stands in
    a list looks alike, whatever was typed last."""

    def run(self, root: ET.Element) -> None:
        for items in root.iter():
            if items.tag in _LISTS and any(_holds_more(item) for item in items):
                for item in items:
                    _wrap(item)
                if len(items) == 1 and len(items[0]) == 1 and items[0][0].tag == "p":  # nothing it could be apart from
                    items[0].text = items[0][0].text
                    items[0].remove(items[0][0])


def _holds_more(item: ET.Element) -> bool:
    """A paragraph, or anything but a list below other words."""
    first = 0 if item.text and item.text.strip() else 1  # what is alone at the top is the point itself
    return any(child.tag == "p" or (number >= first and child.tag not in _LISTS) for number, child in enumerate(item))


def _wrap(item: ET.Element) -> None:
    if item.text and item.text.strip():
        paragraph = ET.Element("p")
        paragraph.text = item.text
        item.insert(0, paragraph)
    item.text = None
    for number in range(len(item) - 1, -1, -1):
        tail = item[number].tail
        if tail and tail.strip():
            paragraph = ET.Element("p")
            paragraph.text = tail.strip("\n")
            item.insert(number + 1, paragraph)
        item[number].tail = None


class Leftovers(Postprocessor):
    """A word joiner parts runs of marks that would read as one (``*a*`` + ``**b**``); readers have no use for it, nor
    for the place-holders that Python-Markdown forgets in the words of a picture."""

    def run(self, text: str) -> str:
        return _FORGOTTEN.sub("", text.replace(JOINER, ""))


class Indents(Treeprocessor):
    """Wide blanks that begin a line are there before bold words, a link or a picture, too, as they are before others:
    Python-Markdown forgets what stands after a break when that is all blank."""

    def run(self, root: ET.Element) -> None:
        for line in root.iter("br"):
            if line.tail and line.tail.isspace() and line.tail.strip(" \t\n"):
                line.tail = JOINER + line.tail.lstrip(" \t\n")  # which Leftovers takes away again


class CellBreaks(Treeprocessor):
    """A cell is one line of text; ``<br>`` is the only way to break it, in the words of a link, too."""

    def run(self, root: ET.Element) -> None:
        for cell in root.iter():
            if cell.tag in {"td", "th"}:
                _break(cell)


def _break(cell: ET.Element) -> None:
    for child in list(cell):
        if child.tag == "a":
            _break(child)
        parts = _BREAK.split(child.tail or "")
        if len(parts) > 1:
            child.tail = parts[0]
            _insert(cell, list(cell).index(child) + 1, parts[1:])
    parts = [] if isinstance(cell.text, AtomicString) else _BREAK.split(cell.text or "")
    if len(parts) > 1:
        cell.text = parts[0]
        _insert(cell, 0, parts[1:])


def _insert(cell: ET.Element, place: int, parts: list[str]) -> None:
    for number, part in enumerate(parts):
        line = ET.Element("br")
        line.tail = part
        cell.insert(place + number, line)
