"""Reusable blocks: what keeps them from standing in each other without end, what is said of them when a text is handed
in, and where a change of one will be seen.
"""

from collections.abc import Callable

import sqlalchemy as sa

from core.actors import Actor
from core.db import session
from core.errors import Invalid
from core.folding import folded_title
from core.i18n import _
from core.markup import plain
from core.permissions import allowed, can
from wiki.articles.link_models import Link, Redirect
from wiki.articles.link_table import above
from wiki.articles.linking import DEPTH, MOST
from wiki.articles.mentioning import blocks_in, may_name
from wiki.articles.models import Article, Audience, Revision, Submission
from wiki.articles.permissions import P
from wiki.articles.rules import LinkKind, shows_too_little
from wiki.articles.titles import BLOCK, Under, meant, under


def must_be_sound(kind: str, article: Article | None, head: Revision) -> None:
    """The blocks that a text shows can be shown.

    Raises:
        Invalid: it would show itself, or blocks would stand in each other more than three deep, or there are too many.
    """
    if kind == BLOCK and not head.body.strip():
        raise Invalid({"body": _("A block needs a text.")})
    shown = blocks_in(head) if may_name(head, "![[") else {}
    if len(shown) > MOST:
        raise Invalid({"body": _("A text may show %(n)s blocks at most.", n=MOST)})
    if not shown:
        return
    own = _names(article, head) if kind == BLOCK else set()
    levels = _levels_below(shown, own)
    if kind == BLOCK and article is not None:
        levels += 1 + _levels_above(article)
    elif kind == BLOCK:
        levels += 1
    if levels > DEPTH:
        raise Invalid(
            {"body": _("Blocks may stand in each other %(n)s deep; with this text they would be deeper.", n=DEPTH)}
        )


def _names(article: Article | None, head: Revision) -> set[str]:
    found = {folded_title(head.title)}
    if article is not None:
        earlier = session.scalars(sa.select(Redirect.folded).where(Redirect.article_id == article.id))
        found |= {article.folded_title, *earlier}
    return found


def _levels_below(shown: dict[str, str], own: set[str]) -> int:
    """How many levels of blocks stand in a text that shows these; refuses one that leads back to itself."""
    levels, through = 0, ""
    while shown and levels <= DEPTH:
        levels += 1
        for folded, title in shown.items():
            if folded in own:
                raise Invalid({"body": _("This block would show itself, through «%(title)s».", title=through or title)})
        found = _blocks_under(shown)
        through = through or next((shown[folded] for folded in found), "")
        rows = session.execute(
            sa.select(Link.folded, Link.title).where(
                Link.from_id.in_([one.id for one in found.values()]), Link.kind == LinkKind.EMBED
            )
        )
        shown = {row.folded: row.title for row in rows}
    return levels


def _blocks_under(titles: dict[str, str]) -> dict[str, Under]:
    found = {folded: meant(rows, block=True) for folded, rows in under(titles, None).items()}
    return {folded: rows[0] for folded, rows in found.items() if rows}


def _levels_above(article: Article) -> int:
    """How many levels of live blocks show this one."""
    levels, blocks = 0, {article.id: article.folded_title}
    while levels < DEPTH:
        rows = session.execute(
            sa.select(Article.id, Article.folded_title)
            .join(Link, Link.from_id == Article.id)
            .where(
                Article.live,
                Article.kind == BLOCK,
                Link.kind == LinkKind.EMBED,
                sa.or_(Link.to_id.in_(blocks), Link.folded.in_(set(blocks.values()))),
            )
        )
        blocks = {row.id: row.folded_title for row in rows}
        if not blocks:
            break
        levels += 1
    return levels


def warnings(head: Revision | None, author: Actor) -> list[str]:
    """What an author should know of the blocks that their text shows: missing ones, and those that not all of its
    readers may read. What they may not read themselves is as good as missing."""
    if head is None or not may_name(head, "![["):
        return []
    shown = blocks_in(head)
    there = {folded: meant(rows, block=True) for folded, rows in under(shown, author).items()}
    out = []
    for folded, title in shown.items():
        block = session.get_one(Article, there[folded][0].id) if there[folded] else None
        if block is None or not can(author, P.READ, block):
            out.append(_("There is no block «%(title)s» yet: nothing is shown in its place.", title=title))
        elif _narrower(block, head.audience, frozenset(head.readers)):
            out.append(
                _("Not everybody who may read this text may read the block «%(title)s»: they will not see that part.",
                  title=title)
            )  # fmt: skip
    return out


def _narrower(block: Article, audience: Audience, readers: frozenset[str]) -> bool:
    tokens = frozenset(row.token for row in block.readers)
    return shows_too_little(audience.value, readers, block.audience.value, tokens)


def shown_in(block: Article, reader: Actor) -> list[Article]:
    """The articles that show a block, themselves or in another block, as far as this person may read them."""
    found = above({block.id: block.folded_title}) - {block.id}
    rows = sa.select(Article).where(Article.id.in_(found), allowed(reader, P.READ)).order_by(Article.title, Article.id)
    return list(session.scalars(rows)) if found else []


def impact(submission: Submission, reader: Actor) -> list[Article] | None:
    """Where a changed block will be seen; ``None`` when this is no change of a block."""
    if submission.kind != BLOCK or submission.article is None:
        return None
    return shown_in(submission.article, reader)


def words_for(article: Article) -> Callable[[str], str] | None:
    """What search finds of the blocks that an article shows: the words of those that all of its readers may read."""
    revision = article.revision
    if revision is None or not may_name(revision, "![["):
        return None
    tokens = frozenset(row.token for row in article.readers)

    def words(title: str, chain: tuple[int, ...] = ()) -> str:
        folded = folded_title(title)
        found = meant(under([folded], None)[folded], block=True)
        if not found or found[0].id in chain or len(chain) >= DEPTH:
            return ""
        block = session.get_one(Article, found[0].id)
        if block.revision is None or _narrower(block, article.audience, tokens):
            return ""
        return plain(block.revision.body, lambda inner: words(inner, (*chain, block.id)))

    return words
