"""What readers see has changed: the index is promised to follow. An index that cannot be used is promised anew."""

from collections.abc import Sequence

import sqlalchemy as sa

from core import outbox
from core.chores import chore
from core.db import reading, session
from core.events import on
from core.health import UnwellError, check
from core.outbox import Job, handler, promise
from wiki.articles.events import ArticlePublished, ArticleRetired, ArticleTouched
from wiki.articles.models import Article
from wiki.search import log, service
from wiki.search.engines.base import State

TOPIC = "search.index"
REBUILD = "search.rebuild"
BROKEN = (State.MISSING, State.OUTDATED, State.CORRUPT)


@on(ArticlePublished)
@on(ArticleRetired)
@on(ArticleTouched)
def follow(event: ArticlePublished | ArticleRetired | ArticleTouched) -> None:
    """Promise, in the same transaction, that the index will say what the database says.

    Also of what is published before its review, and of what a rollback brings back: readers find what readers see. The
    mark 'not yet validated' is read from the database with each answer, so a confirmation needs no new entry.
    """
    promise(TOPIC, str(event.article_id))


@handler(TOPIC)
def bring(jobs: Sequence[Job]) -> None:
    """Keep the promise for a batch with one commit of the index; one that cannot be used is made anew instead."""
    if service.engine().stats().state in BROKEN:
        rebuild(jobs)
    else:
        service.bring([job.key for job in jobs])


@handler(REBUILD)
def rebuild(jobs: Sequence[Job]) -> None:
    """Make the index anew, unless somebody else has done so meanwhile."""
    if service.engine().stats().state in BROKEN:
        with reading():
            service.reindex()


@chore(every=30)
def mend() -> None:
    """An index that is missing, damaged or of another version is rebuilt by the worker, without anybody asking."""
    asked = sa.select(outbox.OutboxJob.id).where(outbox.OutboxJob.topic == REBUILD)
    if service.engine().stats().state in BROKEN and session.scalar(asked.limit(1)) is None:
        promise(REBUILD, "index")


@chore(every=3600)
def forget() -> None:
    """Old questions leave the log."""
    log.sweep()


@check("search", ready=False)
def well() -> str:
    """The index can be asked."""
    stats = service.engine().stats()
    if stats.state is State.MISSING and not _anything_to_find():
        return "nothing is published yet"
    if stats.state is not State.READY:
        raise UnwellError(f"{stats.reason or stats.state.value}; the worker makes it anew, or: flask search reindex")
    return f"{stats.engine}, {stats.documents} articles"


def _anything_to_find() -> bool:
    with reading() as s:
        return s.scalar(sa.select(Article.id).where(Article.live).limit(1)) is not None
