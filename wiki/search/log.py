"""The query log: what was asked, whether it was found, and what was opened from it.

A question gets a key when it is answered; its owner says with the key what was opened. Everything is buffered, written
about once a second, and may be lost: reads never write. What is kept holds no number of a person (``log_rules``).
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from core import clock
from core.actors import Actor
from core.buffers import Buffer
from core.db import session, writing
from core.settings import Settings
from wiki.articles.models import Article
from wiki.search.likeness import flat
from wiki.search.log_rules import AGAIN, is_step, masked, worth_keeping
from wiki.search.models import SearchQuery, Source

TABLE = cast(sa.Table, SearchQuery.__table__)
LATE = timedelta(minutes=30)  # an opening that comes later belongs to no question any more
TURNS = 5  # flushes that an opening waits for its question, which another process may be about to write


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on its way into the log; of the keys of its steps the last one counts."""

    at: datetime
    user_id: int
    text: str
    found: int
    source: Source
    key: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody opened an article from the answer to a question of their own."""

    at: datetime
    user_id: int
    asked: str
    article_id: int
    turns: int = 0


def note(actor: Actor, text: str, found: int, source: Source = Source.PAGE) -> str:
    """Remember a question; the key under which its owner may say what was opened. Empty for what asks nothing."""
    kept = masked(text)
    if not worth_keeping(kept, typing=source in {Source.TYPING, Source.EMBED}):
        return ""
    key = secrets.token_urlsafe(12)
    _questions.add(Asked(clock.now(), actor.id, kept, found, source, key))
    return key


def opened(actor: Actor, asked: str, article_id: int) -> None:
    """Remember that this person opened an article from the answer to the question with this key."""
    _openings.add(Opening(clock.now(), actor.id, asked[:32], article_id))


def _write_questions(items: list[Asked]) -> None:
    with writing() as s:
        keep(s, items)


def keep(s: Session, items: Iterable[Asked]) -> None:
    """These questions are in the log, in this transaction; a further step of one is that one.

    It runs beside the answers of the next second: one statement asks for all, and one writes all.
    """
    questions = _merged(sorted(items, key=lambda item: item.at))
    last = _last_of_each(s, questions)
    fresh: list[dict[str, Any]] = []
    further: dict[int, dict[str, Any]] = {}
    for one in questions:
        row = last.get(one.user_id)
        if row is not None and _goes_on(row, one):  # an older key of it opens nothing any more
            row |= _told(one)
            if "id" in row:
                further[row["id"]] = {"row": row["id"], **_told(one)}
        else:
            last[one.user_id] = {"user_id": one.user_id, "opened_id": None, **_told(one)}
            fresh.append(last[one.user_id])
    if fresh:
        s.execute(sa.insert(TABLE), fresh)
    if further:
        s.execute(sa.update(TABLE).where(TABLE.c.id == sa.bindparam("row")), list(further.values()))


def _told(one: Asked) -> dict[str, Any]:
    """What the log says of a question."""
    said = {"at": one.at, "text": one.text, "flat": flat(one.text)[:200], "found": one.found}
    return {**said, "source": one.source, "asked": one.key}


def _merged(items: Iterable[Asked]) -> list[Asked]:
    """The steps of one question as one."""
    out: dict[int, list[Asked]] = {}
    for one in items:
        theirs = out.setdefault(one.user_id, [])
        if theirs and is_step(theirs[-1].text, theirs[-1].at, one.text, one.at):
            theirs[-1] = one
        else:
            theirs.append(one)
    return sorted((one for theirs in out.values() for one in theirs), key=lambda item: item.at)


def _last_of_each(s: Session, questions: list[Asked]) -> dict[int, dict[str, Any]]:
    """By person: the row of which their first question may be a further step."""
    if not questions:
        return {}
    newest = (
        sa.select(TABLE.c.user_id, sa.func.max(TABLE.c.at).label("at"))
        .where(TABLE.c.user_id.in_({one.user_id for one in questions}), TABLE.c.at >= questions[0].at - AGAIN)
        .group_by(TABLE.c.user_id)
        .subquery()
    )
    same = sa.and_(TABLE.c.user_id == newest.c.user_id, TABLE.c.at == newest.c.at)
    found = sa.select(*TABLE.c["id", "user_id", "at", "text", "opened_id"]).join(newest, same).order_by(TABLE.c.id)
    return {row["user_id"]: dict(row) for row in s.execute(found).mappings()}


def _goes_on(last: dict[str, Any], one: Asked) -> bool:
    """The question is what is being typed; from which nothing was opened yet, unless it is the same again."""
    if last["at"] > one.at or not is_step(last["text"], last["at"], one.text, one.at):
        return False
    return last["opened_id"] is None or flat(last["text"]) == flat(one.text)


def _write_openings(items: list[Opening]) -> None:
    with writing() as s:
        for one in keep_openings(s, items):
            if one.turns < TURNS:
                _openings.add(replace(one, turns=one.turns + 1))


def keep_openings(s: Session, items: Iterable[Opening]) -> list[Opening]:
    """These openings are in the log, in this transaction; those whose question is not there come back. The first one
    counts; keys of others, and things that are no published article, do nothing."""
    given = list(items)
    wanted = {one.article_id for one in given}
    articles = set(s.scalars(sa.select(Article.id).where(Article.id.in_(wanted), Article.live)))
    known = s.scalars(sa.select(SearchQuery).where(SearchQuery.asked.in_({one.asked for one in given})))
    rows = {row.asked: row for row in known}
    for one in given:
        row = rows.get(one.asked)
        theirs = row is not None and row.user_id == one.user_id and one.article_id in articles
        if row is not None and theirs and row.opened_id is None and one.at - row.at <= LATE:
            row.opened_id, row.opened_at = one.article_id, one.at
    return [one for one in given if one.asked not in rows]


_questions = Buffer("search queries", _write_questions)
_openings = Buffer("search openings", _write_openings, limit=5_000)


def kept_days() -> int:
    """For how long questions are kept (``SPIRAL_QUERY_LOG_DAYS``)."""
    settings: Settings = current_app.config["SPIRAL"]
    return settings.query_log_days


def sweep() -> None:
    """Forget what is older than that."""
    session.execute(sa.delete(SearchQuery).where(SearchQuery.at < clock.now() - timedelta(days=kept_days())))
