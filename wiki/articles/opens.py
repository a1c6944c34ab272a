"""Readership: that a published text was opened. Reads only remember it; it is written about once a second.

One person opening one text again within half an hour is one opening, also through another door. Whoever wrote a version
of the text, proposes one, or keeps it, works on it and is no reader of it: that is not written at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import request
from sqlalchemy.dialects import postgresql, sqlite

from core import clock
from core.actors import Actor
from core.buffers import Buffer
from core.caches import Cache
from core.chores import chore
from core.db import database, session, writing
from core.i18n import local
from wiki.articles.models import Article, Submission, SubmissionAuthor
from wiki.articles.open_models import ArticleOpen, ArticleOpenDay, OpenSource

KEEP = timedelta(days=180)  # who opened what is forgotten then; the sums of the days name nobody
AGAIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody opened what readers saw at that moment."""

    at: datetime
    user_id: int
    article_id: int
    revision_id: int
    source: OpenSource


_seen: Cache[datetime] = Cache(20_000)  # spares the buffer most reloads; another process knows only the database


def note(actor: Actor, article_id: int, revision_id: int | None, source: OpenSource = OpenSource.PAGE) -> None:
    """Remember that this person opened what readers see; a browser that only fetches ahead has not."""
    if revision_id is None or request.method != "GET" or "prefetch" in request.headers.get("Sec-Purpose", ""):
        return
    remember(actor.id, article_id, revision_id, source)


def remember(user_id: int, article_id: int, revision_id: int, source: OpenSource) -> None:
    """The same for what is told afterwards: a result read in place, or a text read in the frame beside the CRM."""
    now, key = clock.now(), (user_id, article_id)
    last = _seen.get(key)
    if last is None or not now - last < AGAIN:
        _seen.put(key, now)
        _buffer.add(Opened(now, user_id, article_id, revision_id, source))


def _write(items: list[Opened]) -> None:
    with writing():
        keep(items)


_buffer = Buffer("article opens", _write)


def keep(items: Iterable[Opened]) -> int:
    """Write what counts, with the sums of its days; returns how much that was."""
    if not database().sqlite:  # two processes must not both take a reload for the first; also keeps them in order
        session.execute(sa.text("LOCK TABLE article_opens IN SHARE ROW EXCLUSIVE MODE"))
    found = sorted(items, key=lambda one: one.at)
    last, own = _last(found), _own(found)
    new: list[Opened] = []
    for one in found:
        key = (one.user_id, one.article_id)
        before = last.get(key)
        if key not in own and (before is None or one.at - before >= AGAIN):
            last[key] = one.at
            new.append(one)
    if new:
        columns = ("at", "user_id", "article_id", "revision_id", "source")
        session.execute(sa.insert(ArticleOpen), [{name: getattr(one, name) for name in columns} for one in new])
        _add_up(new)
    return len(new)


def _last(items: list[Opened]) -> dict[tuple[int, int], datetime]:
    """When each of these people last opened each of these texts, if it was within half an hour before."""
    if not items:
        return {}
    rows = session.execute(
        sa.select(ArticleOpen.user_id, ArticleOpen.article_id, sa.func.max(ArticleOpen.at, type_=ArticleOpen.at.type))
        .where(ArticleOpen.at > items[0].at - AGAIN, ArticleOpen.at <= items[-1].at)
        .where(ArticleOpen.user_id.in_({one.user_id for one in items}))
        .where(ArticleOpen.article_id.in_({one.article_id for one in items}))
        .group_by(ArticleOpen.user_id, ArticleOpen.article_id)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _own(items: list[Opened]) -> set[tuple[int, int]]:
    """(person, article) of those who work on the text: authors of any proposal for it, and its owner."""
    people, articles = {one.user_id for one in items}, {one.article_id for one in items}
    wrote = (
        sa.select(SubmissionAuthor.user_id, Submission.article_id)
        .join(Submission, Submission.id == SubmissionAuthor.submission_id)
        .where(SubmissionAuthor.user_id.in_(people), Submission.article_id.in_(articles))
    )
    owns = sa.select(Article.owner_id, Article.id).where(Article.id.in_(articles), Article.owner_id.in_(people))
    found: Any = session.execute(sa.union(wrote, owns))
    return {(row[0], row[1]) for row in found}


def _add_up(items: list[Opened]) -> None:
    sums: dict[tuple[int, date], list[int]] = {}
    for one in items:
        both = sums.setdefault((one.article_id, local(one.at).date()), [0, 0])
        both[one.source is OpenSource.API] += 1
    insert: Any = sqlite.insert if database().sqlite else postgresql.insert
    row: Any = insert(ArticleOpenDay).values(
        [
            {"article_id": article_id, "day": day, "opens": opens, "fetched": fetched}
            for (article_id, day), (opens, fetched) in sorted(sums.items())
        ]
    )
    more = {name: getattr(ArticleOpenDay, name) + row.excluded[name] for name in ("opens", "fetched")}
    session.execute(row.on_conflict_do_update(index_elements=["article_id", "day"], set_=more))


@chore(every=24 * 3600)
def sweep() -> None:
    """Forget who opened what longer than ``KEEP`` ago."""
    session.execute(sa.delete(ArticleOpen).where(ArticleOpen.at < clock.now() - KEEP))
