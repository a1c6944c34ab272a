"""Pictures in Markdown: only those kept here are shown. An address elsewhere becomes a link that people may follow –
a page never fetches from an address that somebody typed in."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

KEPT = re.compile(r"/files/([0-9]{1,9})/[^\s/?#\\]+(?:\?size=small)?")

_sizes: ContextVar[Mapping[int, tuple[int, int]]] = ContextVar("spiral_picture_sizes")


@contextmanager
def sizes(known: Mapping[int, tuple[int, int]]) -> Iterator[None]:
    """What is rendered inside says width and height (in points) of these pictures: the page does not jump then."""
    token = _sizes.set(known)
    try:
        yield
    finally:
        _sizes.reset(token)


class Pictures(Extension):
    """Put into the converter of ``core.markup``."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the library's name
        """After the inline patterns have made the pictures (20), before their words are unescaped (0)."""
        md.treeprocessors.register(_OnlyOurs(md), "only_our_pictures", 15)


class _OnlyOurs(Treeprocessor):
    def run(self, root: Element) -> None:
        self._below(root, linked=False)

    def _below(self, parent: Element, *, linked: bool) -> None:
        for child in parent:
            if child.tag == "img":
                _judge(child, linked=linked)
            elif len(child):
                self._below(child, linked=linked or child.tag == "a")


def _judge(picture: Element, *, linked: bool) -> None:
    """A picture kept here is shown; any other becomes a link, or its words where it stands in one."""
    source, words = picture.get("src", ""), picture.get("alt", "")
    ours = KEPT.fullmatch(source)
    if ours:
        picture.set("loading", "lazy")
        width, height = _sizes.get({}).get(int(ours[1]), (None, None))
        if width and height:
            picture.set("width", str(width))
            picture.set("height", str(height))
        return
    picture.attrib.clear()
    picture.text = words or source
    picture.tag = "span" if linked or not source else "a"  # a link inside a link is none; nh3 takes the span away
    if picture.tag == "a":
        picture.set("href", source)
