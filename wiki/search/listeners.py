"""What readers see has changed: the index is promised to follow."""

from collections.abc import Sequence

from core.events import on
from core.outbox import Job, handler, promise
from wiki.articles.events import ArticlePublished, ArticleRetired, ArticleTouched
from wiki.search import service

TOPIC = "search.index"


@on(ArticlePublished)
@on(ArticleRetired)
@on(ArticleTouched)
def follow(event: ArticlePublished | ArticleRetired | ArticleTouched) -> None:
    """Promise, in the same transaction, that the index will say what the database says."""
    promise(TOPIC, str(event.article_id))


@handler(TOPIC)
def bring(jobs: Sequence[Job]) -> None:
    """Keep the promise for a batch with one commit of the index."""
    service.bring([job.key for job in jobs])
