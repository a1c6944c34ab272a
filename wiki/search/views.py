"""The search page, and the piece of it that is fetched while somebody types."""

from typing import Any

from flask import render_template, request, url_for

from core.actors import Actor
from core.permissions import can, require
from core.web import actor, blueprint, gate
from wiki.articles.permissions import P
from wiki.articles.titles import BLOCK
from wiki.search import also, facets, log, pins, service, spelling
from wiki.search.engines.base import Facet, Page, Query
from wiki.search.models import Source
from wiki.search.presenting import shown

bp = blueprint("search", __name__)
PER_PAGE = 20
TYPING = 8  # results while typing
ALSO = 3  # results under which stands what else was opened


def ask(
    who: Actor, text: str, *, offset: int = 0, limit: int = PER_PAGE, counted: bool = False, explain: bool = False
) -> Page:
    """The answer to the address's question and filters, for this reader."""
    filters, wanted = facets.chosen(request.args), tuple(Facet) if counted else ()
    tokens = service.reader_of(who, blocks=BLOCK in filters.get(Facet.KIND, ()))
    query = Query(text[:500], tokens, filters=filters, facets=wanted, offset=offset, limit=limit, explain=explain)
    return service.search(query, who)


@bp.get("/search")
@gate(P.PROPOSE)
def results() -> str:
    """Results with their filters; a script's wording is read in place."""
    who, text = actor(), request.args.get("q", "")
    number = max(1, min(request.args.get("page", 1, type=int) or 1, 50))
    explain = request.args.get("explain") == "1"
    if explain:
        require(who, P.MANAGE_ARTICLES)
    page = ask(who, text, offset=(number - 1) * PER_PAGE, counted=True, explain=explain)
    asked = log.note(who, text, page.total) if text.strip() else ""
    manages = can(who, P.MANAGE_ARTICLES) and bool(text.strip())
    return render_template(
        "search/results.html",
        q=text,
        asked=asked,
        results=shown(page.hits),
        total=page.total,
        took_ms=page.took_ms,
        degraded=page.degraded,
        facets=facets.shown(page, facets.chosen(request.args)),
        meant=spelling.meant(text, who, page) if number == 1 else None,
        also=also.opened_with([hit.id for hit in page.hits[:ALSO]], who),
        pinned=pins.pinned_as(text) if manages else None,
        explain=explain,
        may_explain=manages,
        page={
            "number": number,
            "pages": max(1, -(-page.total // PER_PAGE)),
            "total": page.total,
            "has_next": number * PER_PAGE < page.total,
        },
    )


@bp.get("/search/typing")
@gate(P.PROPOSE)
def typing() -> str:
    """The first results as a piece of HTML, for the overlay."""
    who, text = actor(), request.args.get("q", "")
    page = ask(who, text, limit=TYPING)
    return render_template(
        "search/_typing.html",
        q=text,
        asked=log.note(who, text, page.total, Source.TYPING) if text.strip() else "",
        results=shown(page.hits),
        total=page.total,
        degraded=page.degraded,
        all_url=url_for(".results", q=text),
    )


@bp.post("/search/opened")
@gate(P.PROPOSE, transaction=False)
def opened() -> Any:
    """A result of one's own question was opened, or read in place; ``asked`` is the question's key."""
    article = request.form.get("article", type=int)
    if article and request.form.get("asked"):
        log.opened(actor(), request.form["asked"], article)
    return "", 204
