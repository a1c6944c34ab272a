"""The tables of links and of earlier titles follow what is published, and can be made anew from it.

An article's own rows are written with its publication. What *others* mean by its titles is settled after the commit by
the worker, row by row, so that two publications that name each other never wait for each other; pages do not depend on
it, because they look titles up themselves. Their stamp does change in the same transaction (``LinkChange``).
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import sqlalchemy as sa

from core import clock
from core.chores import chore
from core.db import reading, session, writing
from core.events import emit, on
from core.folding import folded_title
from core.outbox import Job, handler, promise
from wiki.articles.events import ArticlePublished, ArticleRetired, ArticleTouched
from wiki.articles.link_models import Link, LinkChange, Redirect
from wiki.articles.mentioning import named_by
from wiki.articles.models import Article, Audience, ProvisionalPublication, Publication, Revision
from wiki.articles.rules import LinkKind, ProvisionalState
from wiki.articles.titles import BLOCK, settled, under

TOPIC = "links.settle"
FORGOTTEN = timedelta(days=1)
Key = tuple[LinkKind, str, str]  # kind, folded title, words


# ── what the tables say of one article ───────────────────────────────────────────────────────────────────────────────


@on(ArticlePublished)
def published(event: ArticlePublished) -> None:
    """Its links are those of the new text, its earlier titles lead on, and whoever names it is shown anew."""
    article = session.get_one(Article, event.article_id)
    titles = {article.folded_title}
    if event.version != "1.0":
        titles |= _keep_titles([article.id])
        session.execute(sa.delete(Link).where(Link.from_id == article.id))
    _write(article.id, session.get_one(Revision, event.revision_id))
    _tell_others(article, titles)


@on(ArticleRetired)
def retired(event: ArticleRetired) -> None:
    """It names nothing any more; whoever names it is shown anew."""
    article = session.get_one(Article, event.article_id)
    session.execute(sa.delete(Link).where(Link.from_id == article.id))
    earlier = session.scalars(sa.select(Redirect.folded).where(Redirect.article_id == article.id))
    _tell_others(article, {article.folded_title, *earlier})


def _write(article_id: int, revision: Revision) -> None:
    named = named_by(revision)
    there = under((folded for _kind, folded, _words in named), None)
    rows = [
        {
            "from_id": article_id,
            "to_id": settled(there.get(folded, []), block=kind is LinkKind.EMBED),
            "kind": kind,
            "title": title,
            "folded": folded,
            "words": words,
        }
        for (kind, folded, words), title in named.items()
    ]
    if rows:
        session.execute(sa.insert(Link), rows)


def _keep_titles(ids: Sequence[int]) -> set[str]:
    """The rows of earlier titles are right; the answer: all earlier titles there are, and were before."""
    wanted = earlier_titles(ids)
    rows = {(row.article_id, row.folded): row for row in session.scalars(redirects_of(ids))}
    for key in rows.keys() - wanted.keys():
        session.delete(rows[key])
    session.add_all(
        Redirect(article_id=key[0], folded=key[1], title=title) for key, title in wanted.items() if key not in rows
    )
    session.flush()
    return {folded for _id, folded in rows.keys() | wanted.keys()}


def earlier_titles(ids: Iterable[int]) -> dict[tuple[int, str], str]:
    """{(article, folded title): title} of what lasted under another title than today's: no closed circle's, and nothing
    that was rolled back."""
    undone = sa.exists().where(
        ProvisionalPublication.publication_id == Publication.id,
        ProvisionalPublication.state == ProvisionalState.ROLLED_BACK,
    )
    rows = session.execute(
        sa.select(Publication.article_id, Revision.title, Article.folded_title)
        .join(Revision, Revision.id == Publication.revision_id)
        .join(Article, Article.id == Publication.article_id)
        .where(Publication.article_id.in_(list(ids)), Revision.audience != Audience.RESTRICTED, sa.not_(undone))
        .order_by(Publication.id)
    )
    found = {(row.article_id, folded_title(row.title)): (row.title, row.folded_title) for row in rows}
    return {key: title for key, (title, now) in found.items() if key[1] not in {now, ""}}


def redirects_of(ids: Iterable[int]) -> sa.Select[Redirect]:
    """The kept earlier titles of some articles."""
    return sa.select(Redirect).where(Redirect.article_id.in_(list(ids)))


# ── what it means for others ─────────────────────────────────────────────────────────────────────────────────────────


def _tell_others(article: Article, titles: set[str]) -> None:
    """Pages that name it change; those that show it as a block are found by its words, too."""
    promise(TOPIC, str(article.id))
    naming, showing = naming_it(article.id, titles)
    showing -= {article.id}
    now = clock.now()
    rows = [{"article_id": one, "at": now} for one in sorted(naming | showing)]
    if rows:
        session.execute(sa.insert(LinkChange), rows)
    for one in sorted(showing):
        emit(ArticleTouched(one))


def naming_it(article_id: int, titles: set[str]) -> tuple[set[int], set[int]]:
    """(articles whose pages name an article, articles whose pages show it): themselves or in a block they show."""
    rows = _from(sa.or_(Link.to_id == article_id, Link.folded.in_(titles - {""})))
    naming = {row.from_id for row in rows}
    showing = {row.from_id for row in rows if row.kind is LinkKind.EMBED}
    blocks = {row.from_id: row.folded_title for row in rows if row.of == BLOCK}
    naming |= above(blocks)
    return naming, showing | above({one: title for one, title in blocks.items() if one in showing})


def above(blocks: dict[int, str]) -> set[int]:
    """The articles that show these blocks (id: folded title), themselves or in a block; a statement for each level."""
    found: set[int] = set()
    while blocks:
        inside = sa.or_(Link.to_id.in_(blocks), Link.folded.in_(set(blocks.values()) - {""}))
        rows = [row for row in _from(sa.and_(Link.kind == LinkKind.EMBED, inside)) if row.from_id not in found]
        found |= {row.from_id for row in rows}
        blocks = {row.from_id: row.folded_title for row in rows if row.of == BLOCK}
    return found


def _from(hits: sa.ColumnElement[bool]) -> Sequence[sa.Row[int, LinkKind, str, str]]:
    columns = (Link.from_id, Link.kind, Article.kind.label("of"), Article.folded_title)
    return session.execute(sa.select(*columns).join(Article, Article.id == Link.from_id).where(hits)).all()


@handler(TOPIC)
def settle(jobs: Sequence[Job]) -> None:
    """What the rows of others point at is right again, for everything that these articles are or were called."""
    ids = [int(job.key) for job in jobs]
    with reading():
        own = set(session.scalars(sa.select(Article.folded_title).where(Article.id.in_(ids))))
        titles = own | set(session.scalars(sa.select(Redirect.folded).where(Redirect.article_id.in_(ids))))
        hits = sa.or_(Link.from_id.in_(ids), Link.to_id.in_(ids), Link.folded.in_(titles - {""}))
        wrong = _unsettled(session.scalars(sa.select(Link).where(hits)).all())
    for from_id, rows in wrong.items():
        with writing():
            for row_id, to_id in rows:
                session.execute(sa.update(Link).where(Link.id == row_id).values(to_id=to_id))
            session.add(LinkChange(article_id=from_id, at=clock.now()))


def _unsettled(rows: Sequence[Link]) -> dict[int, list[tuple[int, int | None]]]:
    """{article: [(row, what it should point at)]} of the rows that point elsewhere."""
    there = under((row.folded for row in rows), None)
    out: dict[int, list[tuple[int, int | None]]] = {}
    for row in rows:
        to_id = settled(there.get(row.folded, []), block=row.kind is LinkKind.EMBED)
        if to_id != row.to_id:
            out.setdefault(row.from_id, []).append((row.id, to_id))
    return out


@chore(every=3600)
def forget() -> None:
    """Old changes are of no use to any page that is still kept."""
    session.execute(sa.delete(LinkChange).where(LinkChange.at < clock.now() - FORGOTTEN))


def changed() -> sa.ColumnElement[int | None]:
    """Changes whenever what the page of ``Article`` shows in the place of its mentions has changed, or a name."""
    concerned = sa.or_(LinkChange.article_id == Article.id, LinkChange.article_id.is_(None))
    found = sa.select(sa.func.sum(LinkChange.id)).where(concerned)
    return found.correlate(Article).scalar_subquery()
