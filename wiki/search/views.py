"""The search page, which works without script; what is fetched while somebody types is in ``screen_views``."""

from typing import Any

from flask import render_template, request, url_for

from core.actors import Actor
from core.i18n import _
from core.web import actor, blueprint, gate
from wiki.articles.kinds import KINDS
from wiki.articles.permissions import P
from wiki.articles.queries import services
from wiki.articles.titles import BLOCK
from wiki.feedback.queries import used_today
from wiki.feedback.rules import REASON_NAMES
from wiki.search import log, own, service
from wiki.search.engines.base import Facet, Page, Query
from wiki.search.presenting import shown

bp = blueprint("search", __name__)
PER_PAGE = 20
FACETS = {"kind": Facet.KIND, "category": Facet.CATEGORY, "tag": Facet.TAG, "service": Facet.SERVICE}


def ask(
    who: Actor, text: str, chosen: dict[str, str], *, offset: int = 0, limit: int = PER_PAGE, facets: bool = False
) -> Page:
    """The answer to a question and its filters, for this reader."""
    filters = {facet: (chosen[name],) for name, facet in FACETS.items() if chosen[name]}
    wanted = (Facet.KIND, Facet.CATEGORY, Facet.SERVICE) if facets else ()
    tokens = service.reader_of(who, blocks=request.args.get("kind") == BLOCK)
    return service.search(Query(text[:500], tokens, filters=filters, facets=wanted, offset=offset, limit=limit), who)


@bp.get("/search")
@gate(P.PROPOSE)
def results() -> str:
    """Results with their filters; a script's wording is read in place."""
    who, text = actor(), request.args.get("q", "")
    number = max(1, min(request.args.get("page", 1, type=int) or 1, 50))
    filters = {name: request.args.get(name, "") for name in FACETS}
    kept = own.kept_service(who)
    if "service" not in request.args:
        filters["service"] = kept  # until they take it off
    page = ask(who, text, filters, offset=(number - 1) * PER_PAGE, facets=True)
    asked = log.note(who, text, page.total) if text.strip() else ""
    names = _names()
    first = number == 1 and not text.strip() and not any(value for name, value in filters.items() if name != "service")
    return render_template(
        "search/results.html",
        q=text,
        asked=asked,
        results=_marked(shown(page.hits), who),
        kept_service=kept,
        services=services(),
        at_hand=[(_("Pinned"), own.pinned(who)), (_("Read last"), own.recent(who))] if first else [],
        reasons=REASON_NAMES,
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


def _marked(rows: list[dict[str, Any]], who: Actor) -> list[dict[str, Any]]:
    """The same rows with what this person said of them: ``pinned``, ``used_today``."""
    ids = [int(row["id"]) for row in rows]
    pinned, used = own.pinned_ids(who, ids), used_today(who.id, ids)
    return [
        {
            **row,
            "pinned": int(row["id"]) in pinned,
            "used_today": int(row["id"]) in used,
            "pin_url": url_for("search.pin", slug=row["slug"]),
        }
        for row in rows
    ]


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
