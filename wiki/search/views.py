"""The search page."""

from typing import Any

from flask import render_template, request, url_for
from werkzeug.datastructures import MultiDict

from core.actors import Actor
from core.i18n import _
from core.permissions import can, require
from core.web import actor, blueprint, gate
from wiki.articles.permissions import P
from wiki.articles.queries import services
from wiki.articles.titles import BLOCK
from wiki.feedback.queries import used_today
from wiki.feedback.rules import REASON_NAMES
from wiki.search import also, facets, log, own, pins, service, spelling
from wiki.search.engines.base import Facet, Page, Query
from wiki.search.presenting import shown

bp = blueprint("search", __name__)
PER_PAGE = 20
ALSO = 3  # results under which stands what else was opened


def ask(
    who: Actor,
    text: str,
    filters: facets.Filters,
    *,
    offset: int = 0,
    limit: int = PER_PAGE,
    counted: bool = False,
    explain: bool = False,
) -> Page:
    """The answer to a question and its filters, for this reader."""
    wanted = tuple(Facet) if counted else ()
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
    kept, args = own.kept_service(who), MultiDict(request.args)
    if "service" not in args and kept:
        args["service"] = kept  # until they take it off
    filters = facets.chosen(args)
    page = ask(who, text, filters, offset=(number - 1) * PER_PAGE, counted=True, explain=explain)
    asked = log.note(who, text, page.total) if text.strip() else ""
    manages = can(who, P.MANAGE_ARTICLES) and bool(text.strip())
    at_hand = number == 1 and not text.strip() and not set(filters) - {Facet.SERVICE}
    return render_template(
        "search/results.html",
        q=text,
        asked=asked,
        results=_marked(shown(page.hits), who),
        kept_service=kept,
        services=services(),
        at_hand=[(_("Pinned"), own.pinned(who)), (_("Read last"), own.recent(who))] if at_hand else [],
        reasons=REASON_NAMES,
        total=page.total,
        took_ms=page.took_ms,
        degraded=page.degraded,
        facets=facets.shown(page, filters),
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
