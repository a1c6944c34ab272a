"""Which other texts a revision names, as rendering reads them; looked for only where there can be any."""

from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

from markupsafe import Markup

from core.folding import folded_title
from core.mentions import Mention, mentions
from wiki.articles.kinds import KINDS, FieldType
from wiki.articles.models import Revision
from wiki.articles.presenting import texts_of
from wiki.articles.rules import LinkKind

Named = dict[tuple[LinkKind, str, str], str]


def sources(kind: str, body: str, fields: dict[str, Any]) -> Iterator[str]:
    """The Markdown of a text, in reading order."""
    for spec in KINDS[kind].fields:
        value = fields.get(spec.code)
        if value and spec.type is FieldType.TEXT:
            yield str(value)
        elif value and spec.type is FieldType.BRANCHES:
            yield from (branch.get("say", "") for branch in value)
    yield body


def may_name(revision: Revision, mark: str = "[[") -> bool:
    """The text may name other ones (``mark`` ``![[``: show a block): asked before it is rendered for their sake."""
    return any(mark in text for text in sources(revision.kind, revision.body, revision.fields))


def mentions_in(revision: Revision) -> list[Mention]:
    """What the texts of a revision name, in reading order."""
    if not may_name(revision):
        return []
    return [one for html in htmls(texts_of(revision)) for one in mentions(html)]


def named_by(revision: Revision) -> Named:
    """{(kind, folded title, words): title as written} of everything a revision names, in reading order."""
    found: Named = {}
    for one in mentions_in(revision):
        kind = LinkKind.EMBED if one.embed else LinkKind.LINK
        found.setdefault((kind, folded_title(one.title), unescape(one.words)), one.title)
    return found


def blocks_in(revision: Revision) -> dict[str, str]:
    """{folded title: title as written} of the blocks that a revision shows, in reading order."""
    return {folded: title for (kind, folded, _w), title in named_by(revision).items() if kind is LinkKind.EMBED}


def htmls(texts: Any) -> Iterator[Markup]:
    """Every markup inside what pages are given: ``texts_of``, ``labelled``."""
    if isinstance(texts, Markup):
        yield texts
    elif isinstance(texts, dict):
        for value in texts.values():
            yield from htmls(value)
    elif isinstance(texts, list):
        for value in texts:
            yield from htmls(value)


def mapped(texts: Any, change: Callable[[Markup], Markup]) -> Any:
    """The same with every markup changed; what is kept elsewhere stays as it is."""
    if isinstance(texts, Markup):
        return change(texts)
    if isinstance(texts, dict):
        return {key: mapped(value, change) for key, value in texts.items()}
    if isinstance(texts, list):
        return [mapped(value, change) for value in texts]
    return texts
