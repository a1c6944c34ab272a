"""What people also opened: from the openings, by at least three people, and only what the reader may read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import url_for

from core import clock
from core.actors import Actor
from core.caches import Cache
from core.db import session
from core.permissions import allowed
from wiki.articles.models import Article, Publication
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

_found: Cache[tuple[int, ...]] = Cache(5_000, seconds=EVERY)
Span = tuple[int, datetime, datetime]


def opened_with(ids: Iterable[str], actor: Actor) -> dict[str, list[dict[str, Any]]]:
    """By article: {title, url} of what was opened with it that this person may read, most often first; no numbers."""
    together = {each: _together(int(each)) for each in ids}
    wanted = {other for others in together.values() for other in others}
    if not wanted:
        return {}
    rows = session.execute(
        sa.select(Article.id, Article.title, Article.slug).where(
            Article.id.in_(wanted), Article.kind != BLOCK, allowed(actor, P.READ)
        )
    )
    known = {row.id: {"title": row.title, "url": url_for("articles.show", slug=row.slug)} for row in rows}
    return {
        each: shown
        for each, others in together.items()
        if (shown := [known[other] for other in others if other in known][:SHOWN])
    }


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


def stamp() -> sa.ColumnElement[Any]:
    """Changes every few minutes, and when somebody may read something that they might not before, or the reverse."""
    window = sa.bindparam("also_window", callable_=lambda: int(clock.now().timestamp()) // EVERY, type_=sa.BigInteger)
    published = sa.select(sa.func.coalesce(sa.func.max(Publication.id), 0)).scalar_subquery()
    return window * 1_000_000_000 + published
