"""The search page, and the piece of it that is fetched while somebody types."""

from typing import Any

from flask import render_template, request, url_for

from core.actors import Actor
from core.i18n import _
from core.web import actor, blueprint, gate
from wiki.articles.kinds import KINDS
from wiki.articles.permissions import P
from wiki.articles.queries import services
from wiki.articles.titles import BLOCK
from wiki.search import log, service
from wiki.search.engines.base import Facet, Page, Query
from wiki.search.models import Source
from wiki.search.presenting import shown

bp = blueprint("search", __name__)
PER_PAGE = 20
TYPING = 8  # results while typing
FACETS = {"kind": Facet.KIND, "category": Facet.CATEGORY, "tag": Facet.TAG, "service": Facet.SERVICE}


def ask(who: Actor, text: str, *, offset: int = 0, limit: int = PER_PAGE, facets: bool = False) -> Page:
    """The answer to the address's question and filters, for this reader."""
    filters = {facet: (request.args[name],) for name, facet in FACETS.items() if request.args.get(name)}
    wanted = (Facet.KIND, Facet.CATEGORY, Facet.SERVICE) if facets else ()
    tokens = service.reader_of(who, blocks=request.args.get("kind") == BLOCK)
    return service.search(Query(text[:500], tokens, filters=filters, facets=wanted, offset=offset, limit=limit), who)


@bp.get("/search")
@gate(P.PROPOSE)
def results() -> str:
    """Results with their filters; a script's wording is read in place."""
    who, text = actor(), request.args.get("q", "")
    number = max(1, min(request.args.get("page", 1, type=int) or 1, 50))
    page = ask(who, text, offset=(number - 1) * PER_PAGE, facets=True)
    asked = log.note(who, text, page.total) if text.strip() else ""
    names, filters = _names(), {name: request.args.get(name, "") for name in FACETS}
    return render_template(
        "search/results.html",
        q=text,
        asked=asked,
        results=shown(page.hits),
        total=page.total,
        took_ms=page.took_ms,
        degraded=page.degraded,
        filters=filters,
        chosen_labels={name: names.get(facet, {}).get(filters[name], filters[name]) for name, facet in FACETS.items()},
        facets=_facets(page, names),
        page={
            "number": number,
            "pages": max(1, -(-page.total // PER_PAGE)),
            "total": page.total,
            "has_next": number * PER_PAGE < page.total,
        },
        kinds=[(kind.code, kind.label) for kind in KINDS.values()],
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


def _names() -> dict[Facet, dict[str, str]]:
    """What a filter's values are called."""
    return {
        Facet.KIND: {code: str(kind.label) for code, kind in KINDS.items()},
        Facet.CATEGORY: service.category_names(),
        Facet.SERVICE: {row.code: row.name for row in services()},
    }


def _facets(page: Page, names: dict[Facet, dict[str, str]]) -> list[dict[str, Any]]:
    labels = {Facet.KIND: _("Kind"), Facet.CATEGORY: _("Category"), Facet.SERVICE: _("Service")}
    return [
        {
            "name": facet.value,
            "label": labels[facet],
            "values": [(value, names[facet].get(value, value), count) for value, count in values[:8]],
        }
        for facet, values in page.facets.items()
        if values
    ]
