"""``/api/v1/search`` and ``/api/v1/suggest``, as the contract says."""

from typing import Any

from flask import url_for
from pydantic import Field

from core.api import Api, In, Out, PageIn, cursor, offset_of
from core.web import actor
from wiki.articles.permissions import P
from wiki.articles.titles import BLOCK
from wiki.search import log, service
from wiki.search.engines.base import Facet, Hit, Query
from wiki.search.models import Source

api = Api("search")


class SearchIn(PageIn):
    """A question with filters."""

    q: str = Field("", max_length=500)
    kind: str | None = None
    category: str | None = None
    tag: str | None = None
    service: str | None = None


class SuggestIn(In):
    """What has been typed so far."""

    q: str = Field("", max_length=200)


class HitOut(Out):
    """One result; ``snippet`` is safe HTML with ``<mark>``."""

    id: str
    external_id: str | None
    slug: str
    title: str
    snippet: str
    kind: str
    score: float
    url: str
    provisional: str | None = None  # 'emergency' or 'workaround' while its review goes on


class SearchOut(Out):
    """A page of results."""

    items: list[HitOut]
    next: str | None
    total: int
    took_ms: float
    asked: str = ""  # the key of this question, for POST /search/opened
    engine: str
    degraded: bool = False  # the engine could not be asked, and the database answered, word by word


class OpenedIn(In):
    """Which result of which question of one's own was opened."""

    asked: str = Field(max_length=32)
    article: int = Field(ge=1, le=2**31 - 1)


class SuggestOut(Out):
    """Titles."""

    items: list[dict[str, str | None]]
    degraded: bool = False


def _hit(hit: Hit) -> HitOut:
    return HitOut(
        id=hit.id,
        external_id=hit.external_id or None,
        slug=hit.slug,
        title=hit.title,
        snippet=hit.snippet,
        kind=hit.kind,
        score=round(hit.score, 4),
        url=url_for("articles.show", slug=hit.slug),
        provisional=hit.provisional,
    )


@api.get("/search", gate=P.PROPOSE, query=SearchIn, answer=SearchOut)
def search(query: SearchIn) -> dict[str, Any]:
    """Find published articles the caller may read, best first."""
    start = offset_of(query)
    filters = {facet: (value,) for facet in Facet if (value := getattr(query, facet.value))}
    who = actor()
    tokens = service.reader_of(who, blocks=query.kind == BLOCK)
    page = service.search(Query(query.q, tokens, filters=filters, offset=start, limit=query.limit), who)
    asked = log.note(who, query.q, page.total, Source.API) if start == 0 else ""
    following = start + len(page.hits)
    return {
        "items": [_hit(hit).model_dump(mode="json") for hit in page.hits],
        "next": cursor(following) if page.hits and following < page.total else None,
        "total": page.total,
        "took_ms": round(page.took_ms, 2),
        "asked": asked,
        "engine": page.engine,
        "degraded": page.degraded,
    }


@api.post("/search/opened", gate=P.PROPOSE, body=OpenedIn, status=202, transaction=False)
def opened(body: OpenedIn) -> dict[str, Any]:
    """Say that a result of one's own question was opened"""
    log.opened(actor(), body.asked, body.article)
    return {}


@api.get("/suggest", gate=P.PROPOSE, query=SuggestIn, answer=SuggestOut)
def suggest(query: SuggestIn) -> dict[str, Any]:
    """Titles while typing."""
    if not query.q.strip():
        return {"items": []}
    page = service.suggest(query.q, actor())
    names = ("title", "slug", "kind", "provisional")
    return {"items": [{name: getattr(hit, name) for name in names} for hit in page.hits], "degraded": page.degraded}
