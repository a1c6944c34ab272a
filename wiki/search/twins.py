"""Which published texts say almost the same as another one: asked of the index, judged by ``likeness``.

Each text is looked at once after it was published, the newest first. A chore hands over a few at a time, so that ten
thousand texts are looked at within hours and nobody waits for it.
"""

import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core import clock, outbox
from core.chores import chore
from core.db import database, reading, session, writing
from core.gently import LANE, gently
from core.outbox import Job, handler, promise_all
from wiki.articles.models import Article, Revision
from wiki.articles.similar import opening_of
from wiki.articles.titles import BLOCK
from wiki.search import service
from wiki.search.engines.base import Engine, EngineUnavailable, Query, behind
from wiki.search.likeness import ALMOST, percent
from wiki.search.listeners import AGAIN
from wiki.search.twin_models import Twin

TOPIC = "search.twins"
SOME = 30
LOOKED_AT = 6  # candidates of each text
EVERYBODY = frozenset({"public", "internal", service.EVERYTHING})
_FIGURE = re.compile(r"\d+(?:\.\d+)?")


def differing(one: str, other: str) -> bool:
    """Both name figures, and not the same ones."""
    a, b = set(_FIGURE.findall(one)), set(_FIGURE.findall(other))
    return bool(a) and bool(b) and a != b


def look(ids: Sequence[int]) -> None:
    """These texts' twins are known afterwards; needs no open transaction.

    Raises:
        EngineUnavailable.
    """
    found = []
    with behind(service.engine()) as engine:
        for each in gently(ids):
            with reading():
                found += [_twin(engine, row) for row in session.execute(_texts([each]))]
    if not found:
        return
    insert: Any = sqlite.insert if database().sqlite else postgresql.insert
    with writing() as s:
        row = insert(Twin).values(found)
        new = {name: row.excluded[name] for name in ("at", "other_id", "percent", "differs")}
        s.execute(row.on_conflict_do_update(index_elements=["article_id"], set_=new))


def _texts(ids: Sequence[int]) -> sa.Select[Any]:
    columns = (Article.id, Article.kind, Article.title, Revision.fields, Revision.body)
    found = sa.select(*columns).join(Revision, Revision.id == Article.revision_id)
    return found.where(Article.live, Article.id.in_(ids)).order_by(Article.id)


def _twin(engine: Engine, mine: Any) -> dict[str, Any]:
    asked = [text for text in (mine.title, opening_of(mine.fields)[:120]) if len(text.strip()) > 1]
    pages = [engine.search(Query(text, EVERYBODY, limit=LOOKED_AT)) for text in asked]
    near = {int(hit.id) for page in pages for hit in page.hits} - {mine.id}
    others = session.execute(_texts(sorted(near))).all()
    best, alike = None, 0
    for other in others:
        score = _likeness(mine, other)
        if score >= ALMOST and score > alike and other.kind == mine.kind:
            best, alike = other, score
    return {
        "article_id": mine.id,
        "at": clock.now(),
        "other_id": best.id if best is not None else None,
        "percent": alike,
        "differs": best is not None and differing(_answer(mine), _answer(best)),
    }


def _likeness(one: Any, other: Any) -> int:
    a, b = opening_of(one.fields), opening_of(other.fields)
    by_text = percent(a, b) if len(a) > 7 and len(b) > 7 else 0
    return max(percent(one.title, other.title), by_text)


def _answer(row: Any) -> str:
    """All that the text says but for what it is about."""
    about = opening_of(row.fields)
    told = [str(value) for value in row.fields.values() if isinstance(value, str) and value != about]
    return "\n".join([*told, row.body])


@handler(TOPIC, lane=LANE)
def keep(jobs: Sequence[Job]) -> None:
    """Look at the texts of a batch; an engine that is away is waited for."""
    try:
        look([int(job.key) for job in jobs])
    except EngineUnavailable as error:
        raise outbox.Postponed(error.reason, AGAIN) from error


@chore(every=30)
def hand_over() -> None:
    """Some of what was published since it was looked at, unless the last ones still wait."""
    ours, given_up = outbox.OutboxJob.topic == TOPIC, outbox.OutboxJob.parked_at.is_not(None)
    session.execute(sa.delete(outbox.OutboxJob).where(ours, given_up))  # it is handed over again below
    if session.scalar(sa.select(outbox.OutboxJob.id).where(ours).limit(1)) is not None:
        return
    new = sa.or_(Twin.at.is_(None), Twin.at < Article.updated_at)
    found = sa.select(Article.id).outerjoin(Twin, Twin.article_id == Article.id)
    ids = session.scalars(found.where(Article.live, Article.kind != BLOCK, new).order_by(Article.id.desc()).limit(SOME))
    promise_all(TOPIC, {str(each): {} for each in ids})
