"""What people also opened: from the openings, by at least three people, and only what the reader may read."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import url_for

from core import clock
from core.actors import Actor
from core.caches import Cache
from core.db import session
from core.permissions import can
from wiki.articles.models import Article, ArticleReader, Audience
from wiki.articles.open_models import ArticleOpen
from wiki.articles.permissions import P
from wiki.articles.titles import BLOCK

TOGETHER = timedelta(minutes=30)
SINCE = timedelta(days=90)
PEOPLE = 3  # at least so many different ones
LATEST = 120  # openings of a text that are looked around
KEPT = 12
SHOWN = 4
EVERY = 300  # seconds

_found: Cache[tuple[int, ...]] = Cache(10_000, seconds=EVERY)
_texts: Cache["_Text"] = Cache(5_000, seconds=1.0, until_write=True)
Span = tuple[int, datetime, datetime]


@dataclass(frozen=True, slots=True)
class _Text:
    """What is to be known of a text to name it to those who may read it: the words of ``Article``."""

    id: int
    kind: str
    title: str
    slug: str
    live: bool
    audience: Audience
    owner_id: int | None
    readers: tuple[sa.Row[int, str], ...]


def opened_with(ids: Iterable[str], actor: Actor) -> dict[str, list[dict[str, Any]]]:
    """By article: {title, url} of what was opened with it that this person may read, most often first; no numbers."""
    together = {each: _together(int(each)) for each in ids}
    known = _known({other for others in together.values() for other in others})
    return {
        each: [{"title": one.title, "url": url_for("articles.show", slug=one.slug)} for one in shown]
        for each, others in together.items()
        if (shown := _readable(actor, [known[other] for other in others if other in known]))
    }


def _readable(actor: Actor, texts: Iterable[_Text]) -> list[_Text]:
    return [one for one in texts if one.kind != BLOCK and can(actor, P.READ, one)][:SHOWN]


def _known(ids: set[int]) -> dict[int, _Text]:
    """These texts as the database has them, at most a second ago; asked for readers alike, who look at the same."""
    known = {one: text for one in ids if (text := _texts.get(one)) is not None}
    if missing := ids - known.keys():
        rows = session.connection().execute(_ROWS, {"ids": list(missing)}).all()
        closed = [row.id for row in rows if row.audience is Audience.RESTRICTED]
        tokens = session.connection().execute(_TOKENS, {"ids": closed}).all() if closed else []
        for row in rows:
            text = known[row.id] = _Text(*row, tuple(one for one in tokens if one.article_id == row.id))
            _texts.put(row.id, text)
    return known


_IDS: sa.BindParameter[list[int]] = sa.bindparam("ids", expanding=True)
_ROWS = sa.select(
    Article.id, Article.kind, Article.title, Article.slug, Article.live, Article.audience, Article.owner_id
).where(Article.id.in_(_IDS))
_TOKENS = sa.select(ArticleReader.article_id, ArticleReader.token).where(ArticleReader.article_id.in_(_IDS))


def _together(article_id: int) -> tuple[int, ...]:
    found = _found.get(article_id)
    if found is None:
        found = _looked_up(article_id)
        _found.put(article_id, found)
    return found


def _looked_up(article_id: int) -> tuple[int, ...]:
    openings = session.execute(
        sa.select(ArticleOpen.user_id, ArticleOpen.at)
        .where(ArticleOpen.article_id == article_id, ArticleOpen.at >= clock.now() - SINCE)
        .order_by(ArticleOpen.at.desc())
        .limit(LATEST)
    ).all()
    spans = list(_spans([(user_id, at) for user_id, at in openings]))
    if len({user_id for user_id, _first, _last in spans}) < PEOPLE:
        return ()
    near = [
        sa.and_(ArticleOpen.user_id == user_id, ArticleOpen.at.between(first, last)) for user_id, first, last in spans
    ]
    pairs = session.execute(
        sa.select(ArticleOpen.article_id, ArticleOpen.user_id)
        .where(ArticleOpen.article_id != article_id, sa.or_(*near))
        .distinct()
    )
    people = Counter(other for other, _user in pairs)
    often = [(count, other) for other, count in people.items() if count >= PEOPLE]
    return tuple(other for _count, other in sorted(often, key=lambda each: (-each[0], each[1]))[:KEPT])


def _spans(openings: Sequence[tuple[int, datetime]]) -> Iterable[Span]:
    """Half an hour around each opening, those of one person that touch as one."""
    last: Span | None = None
    for user_id, at in sorted(openings):
        if last is not None and last[0] == user_id and at - TOGETHER <= last[2]:
            last = (user_id, last[1], at + TOGETHER)
            continue
        if last is not None:
            yield last
        last = (user_id, at - TOGETHER, at + TOGETHER)
    if last is not None:
        yield last


def beside_article(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The panel on an article's page, where there is something to show."""
    from core.web import actor

    article: Article = context["row"]
    found = opened_with([str(article.id)], actor()).get(str(article.id))
    return ("search/_also_panel.html", {"opened": found}) if found else None


def shown(reader: Actor, article_id: int) -> Hashable:
    """What the panel beside an article shows this person now: a kept page lasts as long as this is the same, and no
    publication of another text changes it."""
    others = _together(article_id)
    if not others:
        return ()
    known = _known(set(others))
    return tuple((one.title, one.slug) for one in _readable(reader, [known[one] for one in others if one in known]))
