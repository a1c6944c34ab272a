"""``[[Title]]``, ``[[Title|words]]``, ``![[Title of a block]]``: how they are read, and found again when rendered.

Rendering leaves an element of its own for each (``<wiki-link to="Title">words</wiki-link>``,
``<wiki-block of="Title">``) that says nothing about what there is under that title; whoever shows the text puts links
in their place (``core.markup.resolved``). Left where it is, such an element is plain words.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.util import AtomicString

TAGS = {"wiki-link", "wiki-block"}
ATTRIBUTES = {"wiki-link": {"to"}, "wiki-block": {"of"}}

_TITLE = r"((?:\\[^|\n]|[^\[\]\n|\\\x02\x03]){1,200})"
_WORDS = r"((?:\\.|[^\[\]\n\\\x02\x03]){1,300})"
_LINK = rf"(?<!\\)\[\[{_TITLE}(?:\\?\|{_WORDS})?\]\]"  # a table wants its strokes as \|
_BLOCK = re.compile(rf"[ ]{{0,3}}!\[\[{_TITLE}\]\][ \t]*")
_TOKEN = re.compile(
    r'<wiki-link to="([^"]*)">([^<]*)</wiki-link>|<wiki-block of="([^"]*)"></wiki-block>'
    r'|<(/?)([a-z][a-z0-9-]*+)(?:[^"<>]|"[^"]*")*+>'  # any other tag, whole: nothing inside its attributes is a mention
)
_TYPED = re.compile(rf"!?{_LINK}")
_TYPED_BLOCK = re.compile(rf"^[ \t>]*!\[\[{_TITLE}\]\][ \t]*$", re.M)
_BACKSLASH = re.compile(r"\\([\\`*_{}\[\]()>#+\-.!|])")
_WIDE = str.maketrans({mark: chr(ord(mark) + 0xFEE0) for mark in "[]|`\\"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A text names another one. ``embed``: it shows it. ``words`` are markup: escaped, as they stand in the page."""

    title: str
    words: str = ""
    embed: bool = False


class _Links(InlineProcessor):
    def handleMatch(  # type: ignore[override]  # noqa: N802 - the library's name
        self, m: re.Match[str], data: str
    ) -> tuple[Any, int | None, int | None]:
        title, words = (_line(part or "") for part in m.groups())
        if not title:
            return None, None, None
        link = Element("wiki-link", {"to": title})
        link.text = AtomicString(words or title)
        return link, m.start(0), m.end(0)


class _Blocks(BlockProcessor):
    def test(self, parent: Element, block: str) -> bool:
        found = _BLOCK.fullmatch(block.strip("\n"))
        return found is not None and bool(found[1].strip())

    def run(self, parent: Element, blocks: list[str]) -> None:
        found = _BLOCK.fullmatch(blocks.pop(0).strip("\n"))
        assert found is not None  # as tested
        SubElement(parent, "wiki-block", {"of": _line(found[1])})


class Mentions(Extension):
    """The two ways of naming another text, for Python-Markdown."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the library's name
        md.inlinePatterns.register(_Links(_LINK, md), "mention", 185)  # after code, before backslashes and links
        md.parser.blockprocessors.register(_Blocks(md.parser), "mention", 15)  # just before paragraphs


def _line(text: str) -> str:
    """What was typed as one line, without the backslashes that only protect a sign."""
    return " ".join(_BACKSLASH.sub(r"\1", text).split())


def pieces(html: str) -> Iterator[str | Mention]:
    """Rendered markup in reading order, cut at its mentions; what stands inside a link already is no mention."""
    if "<wiki-" not in html:
        yield html
        return
    last, links = 0, 0
    for found in _TOKEN.finditer(html):
        to, words, of, closing, tag = found.groups()
        if tag == "a":
            links += -1 if closing else 1
        if to is None and of is None:
            continue
        yield html[last : found.start()]
        last = found.end()
        if links > 0:
            yield words or ""
        elif of is not None:
            yield Mention(unescape(of), embed=True)
        else:
            yield Mention(unescape(to), words)
    yield html[last:]


def mentions(html: str) -> list[Mention]:
    """What a rendered text names, in reading order."""
    return [piece for piece in pieces(html) if isinstance(piece, Mention)] if "<wiki-" in html else []


def as_written(title: str) -> str:
    """The title as it stands between ``[[`` and ``]]``: signs that would end it are wide, which folding undoes."""
    return " ".join(title.translate(_WIDE).split())


def plain(source: str, block: Callable[[str], str] | None = None) -> str:
    """Markdown with words in the place of ``[[…]]``; ``block`` gives those of a block, else it has none."""
    if "[[" not in source:
        return source
    text = _TYPED_BLOCK.sub(lambda m: block(_line(m[1])) if block else "", source)
    return _TYPED.sub(lambda m: _line(m[2] or m[1]), text)
