"""The query log: what was asked and not found shows where knowledge is missing."""

import re
from datetime import datetime, timedelta

import sqlalchemy as sa

from core import clock
from core.actors import Actor
from core.buffers import Buffer
from core.db import session, writing
from wiki.search.models import SearchQuery

KEEP = timedelta(days=180)
_PERSONAL = re.compile(r"\d{7,}")  # phone, card and identity numbers have no place in a log


def _write(items: list[tuple[datetime, int, str, int]]) -> None:
    with writing() as s:
        s.add_all(SearchQuery(at=at, user_id=user_id, text=text, found=found) for at, user_id, text, found in items)


_buffer = Buffer("search queries", _write)


def note(actor: Actor, text: str, found: int) -> None:
    """Remember a question; long numbers are masked."""
    asked = _PERSONAL.sub("***", " ".join(text.split()))[:200]
    if asked:
        _buffer.add((clock.now(), actor.id, asked, found))


def gaps(since: datetime, *, limit: int = 8) -> list[tuple[str, int]]:
    """(question, times) of what was asked and found nothing, most asked first."""
    asked = sa.func.lower(SearchQuery.text)
    rows = session.execute(
        sa.select(asked, sa.func.count())
        .where(SearchQuery.at >= since, SearchQuery.found == 0)
        .group_by(asked)
        .order_by(sa.func.count().desc(), asked)
        .limit(limit)
    )
    return [(text, times) for text, times in rows]


def sweep() -> None:
    """Forget what is older than ``KEEP``."""
    session.execute(sa.delete(SearchQuery).where(SearchQuery.at < clock.now() - KEEP))
