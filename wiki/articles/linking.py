"""Rendered texts as one reader sees them: mentions are links, blocks stand in their place.

What is rendered is kept for everybody; this happens after, with one statement for all titles of a page and one more for
each level of blocks, and costs nothing where a text names nothing. What the reader may not read is plain words, or 'a
part is not shown to you'. In texts that are not published, it looks as if there were nothing of that title: else a
draft would tell its author which titles closed circles have.
"""

from typing import Any

import sqlalchemy as sa
from flask import render_template, url_for
from markupsafe import Markup

from core.actors import Actor
from core.db import session
from core.folding import folded_title
from core.i18n import _
from core.markup import Anchor, joined, plain, resolved
from core.mentions import Mention, mentions
from wiki.articles.kinds import KINDS, FieldType
from wiki.articles.mentioning import htmls, mapped, may_name
from wiki.articles.models import Revision
from wiki.articles.presenting import copies_of, texts_of
from wiki.articles.titles import Under, meant, under

DEPTH = 3  # a block in a block in a block
MOST = 50  # blocks on one page


class Linker:
    """Puts links and blocks into texts for one reader (``None``: somebody from outside); asks for each title once."""

    def __init__(self, reader: Actor | None, *, published: bool = True) -> None:
        self.reader, self.published = reader, published
        self._under: dict[str, list[Under]] = {}
        self._blocks: dict[int, Revision] = {}
        self._shown = 0

    def gather(self, texts: Any) -> None:
        """Learn at once what several texts name, blocks inside blocks included."""
        found = [one for html in htmls(texts) for one in mentions(html)]
        for _level in range(DEPTH + 1):
            titles = {folded_title(one.title) for one in found} - self._under.keys()
            if titles:
                self._under.update(under(titles, self.reader))
            blocks = [self.block(one.title) for one in found if one.embed]
            fresh = {one.revision_id: one.id for one in blocks if one and one.open and one.id not in self._blocks}
            if not fresh:
                return
            found = []
            for revision in session.scalars(sa.select(Revision).where(Revision.id.in_(list(fresh)))):
                self._blocks[fresh[revision.id]] = revision
                found += [one for html in htmls(texts_of(revision)) for one in mentions(html)]

    def shown(self, texts: Any) -> Any:
        """The same texts (``texts_of``, ``labelled``, or one markup) as this reader sees them."""
        if not any("<wiki-" in html for html in htmls(texts)):
            return texts
        self.gather(texts)
        self._shown = 0
        return mapped(texts, self._dressed)

    def copies(self, revision: Revision) -> dict[str, str]:
        """``copies_of`` with the words of the blocks that this reader sees."""
        if not may_name(revision, "![["):
            return copies_of(revision)
        self.gather(texts_of(revision))
        self._shown = 0
        fields = (spec for spec in KINDS[revision.kind].fields if spec.type is FieldType.TEXT)
        texts = {spec.code: revision.fields.get(spec.code) for spec in fields} | {"body": revision.body}
        return {code: plain(text, self._words) for code, text in texts.items() if text}

    def copied(self, text: str, html: Any) -> str:
        """One text without its marks, with the words of the blocks that this reader sees. ``html`` is its markup."""
        self.gather([html])
        self._shown = 0
        return plain(text, self._words)

    def found(self, title: str) -> list[Under]:
        """The live articles that a link means, whoever may read them."""
        return meant(self._under.get(folded_title(title), []))

    def block(self, title: str) -> Under | None:
        """The block that stands under a title, whoever may read it."""
        return next(iter(meant(self._under.get(folded_title(title), []), block=True)), None)

    def _dressed(self, html: Markup, chain: tuple[int, ...] = ()) -> Markup:
        if "<wiki-" not in html:
            return html
        return resolved(html, self._anchor, lambda title: self._embedded(title, chain))

    def _anchor(self, mention: Mention) -> Anchor | None:
        found = self.found(mention.title)
        may = [one for one in found if one.open]
        if self.reader is None:
            return None
        if len(may) == 1:
            return Anchor(url_for("articles.show", slug=may[0].slug))
        here = url_for("links.named", title=mention.title)
        if may:
            return Anchor(here, note=_("Several articles have this title"))
        if found and self.published:
            return None
        return Anchor(here, _("write it"), _("There is no article of this title yet"))

    def _embedded(self, title: str, chain: tuple[int, ...]) -> Markup:
        block = self.block(title)
        state = self._state(block, chain)
        about: dict[str, Any] = {"state": state, "title": title, "outside": self.reader is None}
        if block is not None and state == "shown":
            self._shown += 1
            inner = htmls(texts_of(self._blocks[block.id]))
            about["html"] = joined(self._dressed(html, (*chain, block.id)) for html in inner)
            about |= {"title": block.title, "version": block.version, "slug": block.slug}
        return joined([render_template("articles/_embedded.html", **about)])

    def _state(self, block: Under | None, chain: tuple[int, ...]) -> str:
        hidden = block is not None and not block.open and not self.published and self.reader is not None
        if block is None or hidden:
            return "missing"
        if not block.open:
            return "closed"
        if block.id in chain or len(chain) >= DEPTH or self._shown >= MOST or block.id not in self._blocks:
            return "deep"
        return "shown"

    def _words(self, title: str, chain: tuple[int, ...] = ()) -> str:
        block = self.block(title)
        if block is None or self._state(block, chain) != "shown":
            return ""
        self._shown += 1
        return plain(self._blocks[block.id].body, lambda inner: self._words(inner, (*chain, block.id)))


def shown(texts: Any, reader: Actor | None, *, published: bool = True) -> Any:
    """Texts of one page as this reader sees them; nothing is asked when they name nothing."""
    return Linker(reader, published=published).shown(texts)
