"""Making the tables of links anew from what is published, and saying where they differ from it."""

from collections.abc import Callable, Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload

from core.db import let_go, reading, session, writing
from core.folding import folded_title
from wiki.articles.link_models import Link, Redirect
from wiki.articles.link_table import earlier_titles, redirects_of
from wiki.articles.mentioning import named_by
from wiki.articles.models import Article, Revision
from wiki.articles.rules import LinkKind
from wiki.articles.titles import settled, under

CHUNK = 500
Row = tuple[int, LinkKind, str, str, str, int | None]  # from, kind, folded, words, title, to


def chunks() -> Iterator[list[int]]:
    """The ids of all articles, some hundreds at a time."""
    last = 0
    while ids := list(
        session.scalars(sa.select(Article.id).where(Article.id > last).order_by(Article.id).limit(CHUNK))
    ):
        yield ids
        last = ids[-1]


def refold(ids: Sequence[int]) -> int:
    """The folded titles are those of the titles; how many were not."""
    wrong = _misfolded(ids)
    if wrong:
        session.execute(sa.update(Article), [{"id": article_id, "folded_title": title} for article_id, title in wrong])
    return len(wrong)


def _misfolded(ids: Sequence[int]) -> list[tuple[int, str]]:
    rows = session.execute(sa.select(Article.id, Article.title, Article.folded_title).where(Article.id.in_(ids)))
    return [(row.id, folded_title(row.title)) for row in rows if row.folded_title != folded_title(row.title)]


def retitle(ids: Sequence[int]) -> None:
    """The earlier titles are those that publications had; needs ``refold`` of all."""
    session.execute(sa.delete(Redirect).where(Redirect.article_id.in_(ids)))
    wanted = earlier_titles(ids)
    session.add_all(Redirect(article_id=one, folded=folded, title=title) for (one, folded), title in wanted.items())
    session.flush()


def relink(ids: Sequence[int]) -> int:
    """The links are those of the live texts; needs ``retitle`` of all. How many there are."""
    session.execute(sa.delete(Link).where(Link.from_id.in_(ids)))
    columns = ("from_id", "kind", "folded", "words", "title", "to_id")
    rows = [dict(zip(columns, row, strict=True)) for row in expected(ids)]
    if rows:
        session.execute(sa.insert(Link), rows)
    return len(rows)


def expected(ids: Sequence[int]) -> list[Row]:
    """What the table of links has to say of some articles: what their live texts name, and what is meant by it."""
    unseen = (lazyload(Article.readers), lazyload(Article.tag_rows), lazyload(Article.service_rows))
    found = sa.select(Article).where(Article.live, Article.id.in_(ids)).order_by(Article.id)
    named: list[tuple[int, LinkKind, str, str, str]] = []
    for article in session.scalars(found.options(joinedload(Article.revision), *unseen)):
        if isinstance(article.revision, Revision):
            named += [(article.id, *key, title) for key, title in named_by(article.revision).items()]
    there = under({row[2] for row in named}, None)
    return [(*row, settled(there.get(row[2], []), block=row[1] is LinkKind.EMBED)) for row in named]


def differences() -> Iterator[str]:
    """A line for everything in which the tables do not say what is published."""
    for ids in chunks():
        for article_id, title in _misfolded(ids):
            yield f"article {article_id}: the folded title should be {title!r}"
        kept = {(row.article_id, row.folded): row.title for row in session.scalars(redirects_of(ids))}
        yield from _compared("earlier title", set(earlier_titles(ids)), set(kept))
        stored = session.scalars(sa.select(Link).where(Link.from_id.in_(ids)))
        has = {(row.from_id, row.kind, row.folded, row.words, row.title, row.to_id) for row in stored}
        yield from _compared("link", set(expected(ids)), has)


def _compared(
    what: str, wanted: set[Row] | set[tuple[int, str]], has: set[Row] | set[tuple[int, str]]
) -> Iterator[str]:
    for row in sorted(wanted - has, key=str):
        yield f"article {row[0]}: the {what} {row[1:]} is missing"
    for row in sorted(has - wanted, key=str):
        yield f"article {row[0]}: the {what} {row[1:]} should not be there"


def in_pieces() -> tuple[int, int]:
    """Everything is made anew, some hundred articles in a transaction: others write in between, and memory stays flat.
    How many links there are in how many articles."""
    with reading():
        every = list(chunks())
    links = 0
    for act in STEPS:
        links = 0
        for ids in every:
            with writing():
                links += act(ids) or 0
    return links, sum(map(len, every))


def rebuild() -> None:
    """Everything is made anew in the current transaction, which knows nothing any more of what it has read before."""
    for act in STEPS:
        for ids in chunks():
            act(ids)
            let_go()


STEPS: tuple[Callable[[Sequence[int]], int | None], ...] = (refold, retitle, relink)


def fill() -> None:
    """An installation from before there were links has the tables filled, once."""
    empty = sa.select(Article.id).where(Article.folded_title == "", Article.title != "")
    if session.scalar(empty.limit(1)) is not None:
        rebuild()
