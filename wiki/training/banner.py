"""The urgent banner: what an urgent text asks of a person stands on every page until it is confirmed.

Its check is part of every page: what a person is to read is kept for some seconds and forgotten at every write. Without
an urgent text, which is nearly always, it is one look into memory.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import unquote

import sqlalchemy as sa
from flask import request, url_for
from flask import session as cookie

from core import clock
from core.actors import Actor
from core.caches import Cache
from core.db import has_session, session
from core.web import maybe_actor
from wiki.articles.models import Article, Audience
from wiki.articles.rules import tokens_of
from wiki.training.acknowledging import concerns
from wiki.training.models import Acknowledgement
from wiki.training.must_read_models import ReadingAsk
from wiki.training.must_read_rules import FOLD

FOLDED = "folded"  # in the cookie: {key of the ask: until, as a timestamp}
SECONDS = 5.0
_urgent: Cache[tuple[Any, ...]] = Cache(1, seconds=SECONDS, until_write=True)
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
    rows = _urgent.get(0)
    if rows is None:
        rows = tuple(session.execute(_open_ones()))
        _urgent.put(0, rows)
    if not rows:
        return ()
    found = _mine.get(actor)
    if found is None:
        found = _found(actor, rows)
        _mine.put(actor, found)
    return found


@cache
def _open_ones() -> sa.Select[Any]:
    facts = (Article.id, Article.slug, Article.title, Article.kind, Article.revision_id, Article.audience)
    asked = (ReadingAsk.id.label("ask_id"), ReadingAsk.circle, ReadingAsk.due_at, ReadingAsk.created_at)
    return (
        sa.select(*facts, Article.provisional, *asked)
        .join(ReadingAsk, ReadingAsk.article_id == Article.id)
        .where(ReadingAsk.closed_at.is_(None), ReadingAsk.urgent, Article.live)
        .order_by(ReadingAsk.due_at, ReadingAsk.id)
    )


def _found(actor: Actor, rows: tuple[Any, ...]) -> tuple[Urgent, ...]:
    """The rows that concern this person; one statement, as long as no text is of a closed circle or under review."""
    tokens = tokens_of(actor)
    mine = [row for row in rows if (not row.circle or not tokens.isdisjoint(row.circle)) and _open_to(actor, row)]
    if not mine:
        return ()
    given = sa.select(Acknowledgement.article_id, Acknowledgement.revision_id, Acknowledgement.at).where(
        Acknowledgement.user_id == actor.id, Acknowledgement.article_id.in_([row.id for row in mine])
    )
    done = {
        row.id
        for article_id, revision_id, at in session.execute(given)
        for row in mine
        if row.id == article_id and (revision_id == row.revision_id or (row.kind != "notice" and at >= row.created_at))
    }
    return tuple(Urgent(f"q{row.ask_id}", row.slug, row.title, row.due_at) for row in mine if row.id not in done)


def _open_to(actor: Actor, row: Any) -> bool:
    if row.audience is not Audience.RESTRICTED and row.provisional is None:
        return True
    return concerns(actor, session.get_one(Article, row.id))


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
            "here": request.path == unquote(url_for("articles.show", slug=one.slug)),
            "fold_url": url_for("training.fold_must_read", slug=one.slug),
            "folded": one.key in folded,
        }
        for one in found
    ]
    return "training/_urgent.html", {"urgent": rows}
