"""One search for the whole application: the engine, and a plain look into the database when it cannot answer."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2s
from html import escape
from pathlib import Path
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.orm import joinedload, selectinload

from core.actors import Actor
from core.caches import Cache
from core.db import alone, reading, session
from core.markup import plain
from core.permissions import allowed
from core.settings import Settings
from wiki.articles.blocks import words_for
from wiki.articles.kinds import KINDS, FieldType, field_text
from wiki.articles.models import Article, ArticleService, ArticleTag, Audience, Category, Revision, Service
from wiki.articles.permissions import P
from wiki.articles.queries import below
from wiki.articles.rules import tokens_of
from wiki.articles.titles import BLOCK
from wiki.search import pins, wording, words
from wiki.search.engines import base, common
from wiki.search.engines.base import Document, Engine, EngineUnavailable, Facet, Fresh, Hit, Now, Page, Query, State
from wiki.search.explaining import explained
from wiki.search.signals import Weigher

log = logging.getLogger(__name__)
FALLBACK = "database"
BATCH = 500
LAST = 2**33  # seconds since 1970: later than any text
ROUNDS = 4  # a text that changes faster than it is indexed is left to the next promise
EVERYTHING = "*"  # the token of those who may read every published article
_asked: Cache[sa.Select[Any]] = Cache(size=500)  # by person
WORDLESS = (FieldType.TIME, FieldType.DATE, FieldType.INTEGER, FieldType.READERS)


def engine() -> Engine:
    """The engine of this application."""
    return cast(Engine, current_app.extensions["spiral.search"])


def init_app(app: Flask) -> None:
    """Give the application its engine; the one that is not used is not loaded."""
    settings: Settings = app.config["SPIRAL"]
    app.extensions["spiral.search"] = _engine(settings.search_url, settings.var / "search")


def _engine(url: str, place: Path) -> Engine:
    if url:
        from wiki.search.engines.remote import Meilisearch

        return Meilisearch(url, place / "remote-rebuild")
    from wiki.search.engines.embedded import Embedded

    return Embedded(place)


def reader_of(actor: Actor, *, blocks: bool = False) -> frozenset[str]:
    """The tokens a person shows at the door of the index. Reusable blocks have a door of their own: they are found by
    those who look for ``blocks``, and never stand among the articles."""
    tokens = tokens_of(actor)
    tokens = tokens | {EVERYTHING} if actor.holds("manager") else tokens
    return frozenset(f"{BLOCK}/{token}" for token in tokens) if blocks else tokens


# ── from the database to the index ───────────────────────────────────────────────────────────────────────────────────


def documents(ids: Iterable[str]) -> list[Document]:
    """The published ones among these articles, as the index takes them."""
    found = (
        sa.select(Article)
        .where(_checked(Article.live), Article.id.in_([int(i) for i in ids]))
        .options(joinedload(Article.revision), joinedload(Article.category), selectinload(Article.service_rows))
    )
    return [document(article) for article in session.scalars(found)]


def document(article: Article) -> Document:
    """One published article as the index takes it."""
    revision = cast(Revision, article.revision)
    return Document(
        id=str(article.id),
        slug=article.slug,
        title=revision.title,
        body=text_of(revision, words_for(article)),
        external_id=article.external_id or "",
        kind=article.kind,
        category=tuple(article.category.path.split("/")) if article.category else (),
        tags=tuple(article.tags),
        services=tuple(row.service.code for row in article.service_rows),
        audience=audience_of(article),
        published_at=article.updated_at,
        stamp=stamp(article),
        readership=article.audience.value,
        due_at=article.verify_due_at,
        carried=wording.packed(revision),
    )


def stamp(article: Article) -> str:
    """Changes with the revision, and with all else that the index holds of an article; cheap, for it reads no text."""
    category = article.category.path if article.category else ""
    services = sorted(row.service.code for row in article.service_rows)
    told = (article.slug, article.external_id, article.kind, category, article.tags, services)
    beside = repr((*told, sorted(audience_of(article)), article.updated_at, article.verify_due_at))
    return f"{article.revision_id}-{blake2s(beside.encode(), digest_size=6).hexdigest()}"


def text_of(revision: Revision, block: Callable[[str], str] | None = None) -> str:
    """Every field of words and the body, without marks, in reading order; times and readers are no words.

    ``block`` gives the words of the blocks that the text shows.
    """
    kind = KINDS[revision.kind]
    parts = [field_text(spec, revision.fields.get(spec.code)) for spec in kind.fields if spec.type not in WORDLESS]
    return "\n".join(plain(part, block) for part in [*parts, revision.body] if part.strip())


def audience_of(article: Article) -> frozenset[str]:
    """The tokens that open this article in the index."""
    tokens = _tokens(article)
    return frozenset(f"{BLOCK}/{token}" for token in tokens) if article.kind == BLOCK else tokens


def _tokens(article: Article) -> frozenset[str]:
    if article.audience is Audience.PUBLIC:
        return frozenset({"public", "internal"})
    if article.audience is Audience.INTERNAL:
        return frozenset({"internal"})
    owner = {f"user:{article.owner_id}"} if article.owner_id else set()
    return frozenset({EVERYTHING, *owner, *(row.token for row in article.readers)})


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def search(query: Query, actor: Actor, *, recommending: bool = True) -> Page:
    """The engine's answer, else the database's; ``page.engine`` says which.

    The index follows the database after a moment; what has been closed to this reader meanwhile is left out here.
    The words of this house are put beside what was typed, unless the query brings its own. ``recommending``: what the
    manager put first for the question stands first.
    """
    weigher = Weigher()
    if query.synonyms is None:
        query = replace(query, synonyms=words.current())
    if query.text.strip():
        query = replace(query, weigh=weigher, first=pins.first_for(query.text) if recommending else ())
    try:
        page = engine().search(query)
        hits = [_told(hit, query, weigher) for hit in _still_open(page.hits, actor)]
        return replace(page, hits=tuple(hits), total=page.total - len(page.hits) + len(hits))
    except EngineUnavailable as error:
        log.warning("search: %s; the database answers instead", error.reason)
        return _from_database(query, actor)


def _told(hit: Hit, query: Query, weigher: Weigher) -> Hit:
    """With what is said about its place."""
    if hit.id in query.first:
        hit = replace(hit, recommended=True)
    if hit.why is None:
        return hit
    return replace(hit, explained=explained(hit, weigher.of.get(hit.id), weigher.now))


def suggest(text: str, actor: Actor, limit: int = 8) -> Page:
    """Titles for what has been typed so far."""
    try:
        hits = _still_open(engine().suggest(text, reader_of(actor), limit, words.current()), actor)
        return Page(tuple(hits), len(hits), {}, 0.0, engine().name)
    except EngineUnavailable:
        return _from_database(Query(text, reader_of(actor), limit=limit), actor)


def _still_open(hits: Iterable[Hit], actor: Actor) -> list[Hit]:
    """Those that the database, too, lets this person read now, with what it says of them."""
    found = list(hits)
    if not found:
        return []
    asked = _asked.get(actor)
    if asked is None:
        asked = _what_is_now(actor)
        _asked.put(actor, asked)
    rows = session.execute(asked, {"ids": [int(hit.id) for hit in found]})
    known = {str(row.id): row for row in rows}
    return [_as_now(hit, known[hit.id]) for hit in found if hit.id in known]


def _what_is_now(actor: Actor) -> sa.Select[Any]:
    """Of the articles ``ids`` those that this person may read, with what `Now` tells. Putting the statement together
    takes longer than asking it."""
    columns: list[Any] = [Article.id, Article.provisional, Article.revision_id, Article.major, Article.minor]
    wanted = Article.id.in_(sa.bindparam("ids", expanding=True))
    return (
        sa.select(*columns, Article.updated_at, Category.name)
        .outerjoin(Category, Category.id == Article.category_id)
        .where(wanted, _checked(allowed(actor, P.READ)))
    )


def _checked(condition: sa.ColumnExpressionArgument[bool]) -> sa.ColumnElement[bool]:
    """The same condition, to be looked at row by row. SQLite takes an index on 'live' for selective – 10 rows – and
    would walk through all that is published instead of going to the few rows whose ids are known."""
    return sa.case((condition, 1), else_=0) == 1


def _as_now(hit: Hit, row: Any) -> Hit:
    now = Now(row.revision_id, f"{row.major}.{row.minor}", row.updated_at, row.name)
    return replace(hit, provisional=row.provisional.value if row.provisional else None, now=now)


def _from_database(query: Query, actor: Actor) -> Page:
    """Titles and texts that contain every word as typed: slower and plainer, and bound by the same rights."""
    began = time.perf_counter()
    found = (
        sa.select(Article)
        .join(Revision, Revision.id == Article.revision_id)
        .where(allowed(actor, P.READ))
        .options(joinedload(Article.revision), joinedload(Article.category))
    )
    first = [int(each) for each in query.first]
    found = found.where(sa.or_(sa.and_(sa.true(), *map(_written, query.text.split()[:8])), Article.id.in_(first)))
    for facet, values in query.filters.items():
        found = found.where(_narrowed(facet, values))
    if BLOCK not in query.filters.get(Facet.KIND, ()):
        found = found.where(Article.kind != BLOCK)
    total = session.scalar(sa.select(sa.func.count()).select_from(found.order_by(None).subquery())) or 0
    place = sa.case({each: number for number, each in enumerate(first)}, value=Article.id, else_=len(first))
    order = (place, Article.updated_at.desc(), Article.id) if first else (Article.updated_at.desc(), Article.id)
    rows = session.scalars(found.order_by(*order).limit(query.limit).offset(query.offset))
    hits = tuple(replace(_plain_hit(article), recommended=article.id in first) for article in rows)
    return Page(hits, total, {}, (time.perf_counter() - began) * 1000, FALLBACK, degraded=True)


def _written(word: str) -> sa.ColumnElement[bool]:
    """The word, or another word of this house for it, stands in the title or the text."""
    ways = [word, *words.current().others(word)]
    return sa.or_(*(text.icontains(way, autoescape=True) for way in ways for text in (Article.title, Revision.body)))


def _narrowed(facet: Facet, values: tuple[str, ...]) -> sa.ColumnElement[bool]:
    if facet is Facet.KIND:
        return Article.kind.in_(values)
    if facet is Facet.CATEGORY:
        return sa.or_(*(Article.category_id.in_(below(value)) for value in values))
    if facet is Facet.READERSHIP:
        return Article.audience.in_([value for value in values if value in list(Audience)])
    if facet is Facet.FRESH:
        return sa.or_(sa.false(), *(_dated(value) for value in values if value in list(Fresh)))
    if facet is Facet.TAG:
        return sa.exists().where(ArticleTag.article_id == Article.id, ArticleTag.tag.in_(values))
    return sa.exists().where(
        ArticleService.article_id == Article.id,
        ArticleService.service_id == Service.id,
        Service.code.in_(values),
    )


def _dated(value: str) -> sa.ColumnElement[bool]:
    first, last = (datetime.fromtimestamp(min(each, LAST), UTC) for each in common.spans()[value])
    return (Article.verify_due_at if value == Fresh.LOOK else Article.updated_at).between(first, last)


def _plain_hit(article: Article) -> Hit:
    revision = cast(Revision, article.revision)
    return Hit(
        id=str(article.id),
        external_id=article.external_id or "",
        slug=article.slug,
        title=revision.title,
        title_html=escape(revision.title),
        snippet=escape(plain(revision.body)[:90]),
        kind=article.kind,
        category=tuple(article.category.path.split("/")) if article.category else (),
        score=0.0,
        provisional=article.provisional.value if article.provisional else None,
        now=Now(revision.id, article.version, article.updated_at, article.category.name if article.category else None),
    )


# ── upkeep ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Differences(NamedTuple):
    """Ids of published articles the index lacks, of those it holds too many, and of those it holds as they were."""

    missing: list[str]
    surplus: list[str]
    stale: list[str]

    def __bool__(self) -> bool:
        return bool(self.missing or self.surplus or self.stale)


def bring(ids: Iterable[str]) -> None:
    """The index says of these articles what the database says now; asking twice is asking once.

    Two workers may be at the same article at once, and the one who read it first may write last: so each looks again.
    """
    wanted = sorted(set(ids))
    for _ in range(ROUNDS):
        with reading():
            found = documents(wanted)
        gone = set(wanted) - {one.id for one in found}
        if gone:
            engine().delete(gone)
        if found:
            engine().index(found)
        with reading():
            now = _stamps(wanted)
        told = {one.id: one.stamp for one in found}
        wanted = [each for each in wanted if now.get(each) != told.get(each)]
        if not wanted:
            return


def reindex() -> int:
    """Make the index anew from the database while the old one answers. How many articles it holds."""

    def again(ids: Iterable[str]) -> list[Document]:
        with reading():  # of its own: a transaction that began before the rebuild would not see what was written since
            return documents(list(ids))

    with alone("search.rebuild") as free:
        if not free:
            raise EngineUnavailable(State.DOWN, "the search index is being rebuilt already")
        return engine().rebuild(_everything(), again)


def _everything() -> Iterable[Document]:
    last = 0
    while True:
        with reading():
            ids = list(session.scalars(_live(after=last)))
            batch = documents([str(i) for i in ids])
        if not ids:
            return
        yield from batch
        last = ids[-1]


def _live(after: int) -> sa.Select[int]:
    return sa.select(Article.id).where(_checked(Article.live), Article.id > after).order_by(Article.id).limit(BATCH)


def _stamps(ids: Iterable[str]) -> dict[str, str]:
    """The stamps of the published ones among these."""
    found = (
        sa.select(Article)
        .where(_checked(Article.live), Article.id.in_([int(i) for i in ids]))
        .options(joinedload(Article.category), selectinload(Article.service_rows))
    )
    return {str(article.id): stamp(article) for article in session.scalars(found)}


def verify() -> Differences:
    """How the index differs from the database. What is being written meanwhile may be told as a difference."""
    with base.behind(engine()) as own:
        indexed = dict(own.stamps())
    published: dict[str, str] = {}
    last = 0
    while True:
        with reading():
            ids = list(session.scalars(_live(after=last)))
            published |= _stamps([str(i) for i in ids])
        if not ids:
            break
        last = ids[-1]
    return Differences(
        missing=sorted(published.keys() - indexed.keys(), key=int),
        surplus=sorted(indexed.keys() - published.keys()),
        stale=sorted((i for i in published.keys() & indexed.keys() if published[i] != indexed[i]), key=int),
    )


def compare() -> Differences:
    """The index is like the database; what differed."""
    found = verify()
    differing = [*found.missing, *found.surplus, *found.stale]
    for start in range(0, len(differing), BATCH):
        bring(differing[start : start + BATCH])
    return found


def published() -> int:
    """How many articles there are to be found."""
    return session.scalar(sa.select(sa.func.count()).select_from(Article).where(Article.live)) or 0
