"""What readers see has changed: the index is promised to follow. An index that cannot be used is promised anew."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

import sqlalchemy as sa
from flask import current_app

from core import clock, hosts, outbox
from core.addresses import search_server
from core.chores import chore
from core.db import reading, session, writing
from core.events import on
from core.i18n import _l
from core.outbox import Job, handler, promise
from core.settings import Settings
from wiki.articles.events import ArticlePublished, ArticleRetired, ArticleTouched, ArticleVerified
from wiki.search import log as questions
from wiki.search import service
from wiki.search.engines.base import EngineUnavailable, State

log = logging.getLogger(__name__)

TOPIC = "search.index"
REBUILD = "search.rebuild"
LOOK = "search.look"
LANE = "search"  # the engine may be a machine that does not answer
BROKEN = (State.MISSING, State.OUTDATED, State.CORRUPT)
AGAIN = 5.0  # seconds until an engine that is away is asked again


@on(ArticlePublished)
@on(ArticleRetired)
@on(ArticleTouched)
@on(ArticleVerified)
def follow(event: ArticlePublished | ArticleRetired | ArticleTouched | ArticleVerified) -> None:
    """Promise, in the same transaction, that the index will say what the database says.

    Also of what is published before its review, and of what a rollback brings back: readers find what readers see. The
    mark 'not yet validated' is read from the database with each answer, so a confirmation needs no new entry.
    """
    promise(TOPIC, str(event.article_id))


@contextmanager
def _waiting() -> Iterator[None]:
    """An engine that is away is waited for, however long; what it refuses is tried ten times, and then shown."""
    try:
        yield
    except EngineUnavailable as error:
        raise outbox.Postponed(error.reason, AGAIN) from error


@handler(TOPIC, lane=LANE)
def bring(jobs: Sequence[Job]) -> None:
    """Keep the promise for a batch with one commit of the index; one that cannot be used is made anew instead."""
    with _waiting():
        if service.engine().stats().state in BROKEN:
            _anew()
        else:
            service.bring([job.key for job in jobs])


def _anew() -> None:
    """The index is made anew, and so every promise is kept that could be seen before: what it is about was read later.

    By number and not by time: one that was committed meanwhile may be about a text that had been read already.
    """
    free = sa.and_(outbox.OutboxJob.parked_at.is_(None), outbox.OutboxJob.leased_until.is_(None))
    with reading() as s:
        seen = list(s.scalars(sa.select(outbox.OutboxJob.id).where(outbox.OutboxJob.topic == TOPIC, free)))
    service.reindex()
    for start in range(0, len(seen), 500):
        with writing() as s:
            some = outbox.OutboxJob.id.in_(seen[start : start + 500])
            s.execute(sa.delete(outbox.OutboxJob).where(some, free))


@handler(REBUILD, lane=LANE)
def rebuild(jobs: Sequence[Job]) -> None:
    """Make the index anew, unless somebody else has done so meanwhile."""
    with _waiting():
        if service.engine().stats().state in BROKEN:
            _anew()


@handler(LOOK, lane=LANE)
def look(jobs: Sequence[Job]) -> None:
    """The index is there and, unless it is being written anyway, like the database.

    It is compared article by article where the numbers differ or a rebuild was cut off, and once an hour.
    """
    with _waiting():
        stats = service.engine().stats()
        with reading() as s:
            busy = s.scalar(_asked(TOPIC)) is not None
            expected = service.published()
        if stats.state in BROKEN and expected:
            _anew()
        elif stats.state is State.READY and not busy:
            cut_off = service.engine().tidy()
            if cut_off or stats.documents != expected or any(job.payload.get("whole") for job in jobs):
                _mended(service.compare())


def _mended(found: service.Differences) -> None:
    if found:
        log.warning(
            "the search index was behind: %s missing, %s too many, %s out of date; it is right now",
            *map(len, found),
        )


def _asked(topic: str, **of: str) -> sa.Select[int]:
    return sa.select(outbox.OutboxJob.id).filter_by(topic=topic, parked_at=None, **of).limit(1)


@chore(every=30)
def mend() -> None:
    """Somebody looks after the index now and then, without anybody asking; in its own lane, for it may not answer."""
    given_up = outbox.OutboxJob.parked_at.is_not(None)
    session.execute(sa.delete(outbox.OutboxJob).where(outbox.OutboxJob.topic == LOOK, given_up))  # begun anew below
    if session.scalar(_asked(LOOK, key="index")) is None:
        promise(LOOK, "index")


@chore(every=3600)
def mend_all() -> None:
    """Once an hour article by article; not while the server starts."""
    if session.scalar(_asked(LOOK, key="whole")) is None:
        promise(LOOK, "whole", {"whole": True}, at=clock.now() + timedelta(minutes=10))


@chore(every=3600)
def forget() -> None:
    """Old questions leave the log."""
    questions.sweep()


@hosts.alike(
    "search",
    _l("%(who)s finds with another index; the embedded one is for one machine: set SPIRAL_SEARCH_URL alike"),
)
def index_mark() -> str:
    """An embedded index belongs to its folder; where Meilisearch stands may be called differently by each machine."""
    url = cast(Settings, current_app.config["SPIRAL"]).search_url
    return f"meilisearch/{search_server(url)[2]}" if url else f"embedded/{hosts.place()}"
