"""The urgent banner: what an urgent text asks of a person stands on every page until it is confirmed.

Its check is part of every page: what a person is to read is kept for some seconds and forgotten at every write. Without
an urgent text, which is nearly always, it is one look into memory.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask import session as cookie

from core import clock
from core.actors import Actor
from core.caches import Cache
from core.db import has_session, session
from core.web import maybe_actor
from wiki.articles.models import Article
from wiki.training.acknowledging import answered, asked_about
from wiki.training.must_read_models import ReadingAsk
from wiki.training.must_read_rules import FOLD

FOLDED = "folded"  # in the cookie: {key of the ask: until, as a timestamp}
SECONDS = 5.0
_urgent: Cache[tuple[int, ...]] = Cache(1, seconds=SECONDS, until_write=True)
_mine: Cache[tuple["Urgent", ...]] = Cache(10_000, seconds=SECONDS, until_write=True)


@dataclass(frozen=True, slots=True)
class Urgent:
    """One line of the banner."""

    key: str
    slug: str
    title: str
    due_at: datetime


def urgent_for(actor: Actor) -> tuple[Urgent, ...]:
    """What this person is urgently to read and has not confirmed; at most some seconds old."""
    ids = _urgent.get(0)
    if ids is None:
        open_ones = sa.and_(ReadingAsk.closed_at.is_(None), ReadingAsk.urgent)
        ids = tuple(session.scalars(sa.select(ReadingAsk.article_id).where(open_ones).order_by(ReadingAsk.due_at)))
        _urgent.put(0, ids)
    if not ids:
        return ()
    found = _mine.get(actor)
    if found is None:
        found = _found(actor, ids)
        _mine.put(actor, found)
    return found


def _found(actor: Actor, ids: tuple[int, ...]) -> tuple[Urgent, ...]:
    articles = {row.id: row for row in session.scalars(sa.select(Article).where(Article.id.in_(ids), Article.live))}
    asks = [ask for key in ids if key in articles and (ask := asked_about(articles[key])) and ask.concerns(actor)]
    done = answered(asks, {actor.id})
    return tuple(
        Urgent(ask.key, ask.article.slug, ask.article.title, ask.due_at)
        for ask in asks
        if (ask.key, actor.id) not in done
    )


def _folded() -> dict[str, int]:
    now = clock.now().timestamp()
    return {key: until for key, until in (cookie.get(FOLDED) or {}).items() if until > now}


def fold(key: str) -> None:
    """The banner of this ask is a thin line for an hour, in this browser."""
    cookie[FOLDED] = {**_folded(), key: int((clock.now() + FOLD).timestamp())}


def frame(actor: Actor) -> Hashable:
    """Changes with what the banner shows: pages are kept under it."""
    found = urgent_for(actor)
    return (found, tuple(_folded())) if found else ()


def on_every_page(_context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Title, deadline and the way there; on the text's own page also the way to fold it for an hour."""
    who = maybe_actor()
    if who is None or not has_session():
        return None
    found = urgent_for(who)
    if not found:
        return None
    folded = _folded()
    rows = [
        {
            "title": one.title,
            "due_at": one.due_at,
            "late": one.due_at < clock.now(),
            "url": url_for("articles.show", slug=one.slug),
            "here": request.path == url_for("articles.show", slug=one.slug),
            "fold_url": url_for("training.fold_must_read", slug=one.slug),
            "folded": one.key in folded,
        }
        for one in found
    ]
    return "training/_urgent.html", {"urgent": rows}
