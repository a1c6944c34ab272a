"""The search page, and the piece of it that is fetched while somebody types."""

from typing import Any

import sqlalchemy as sa
from flask import render_template, request, url_for
from sqlalchemy.orm import joinedload, lazyload

from core.actors import Actor
from core.db import session
from core.i18n import _
from core.markup import marked
from core.web import actor, blueprint, gate
from wiki.articles.kinds import KINDS
from wiki.articles.linking import Linker
from wiki.articles.models import Article
from wiki.articles.permissions import P
from wiki.articles.presenting import texts_of
from wiki.articles.queries import services
from wiki.articles.titles import BLOCK
from wiki.search import log, service
from wiki.search.engines.base import Facet, Hit, Page, Query
from wiki.search.models import Source

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


def shown(hits: tuple[Hit, ...] | list[Hit]) -> list[dict[str, Any]]:
    """Results as pages show them, with the text to be read in place."""
    ids = [int(hit.id) for hit in hits]
    unseen = (lazyload(Article.readers), lazyload(Article.tag_rows), lazyload(Article.service_rows))
    found = (
        sa.select(Article)
        .where(Article.live, Article.id.in_(ids))
        .options(joinedload(Article.revision), joinedload(Article.category), *unseen)
    )
    rows = {row.id: row for row in session.scalars(found)} if ids else {}
    linker = Linker(actor())
    linker.gather([texts_of(row.revision) for row in rows.values() if row.revision])
    return [_row(hit, rows[int(hit.id)], linker) for hit in hits if int(hit.id) in rows]


def _row(hit: Hit, article: Article, linker: Linker) -> dict[str, Any]:
    revision = article.revision
    texts = texts_of(revision) if revision else {}
    first = next((name for name in ("say", "answer", "customer_text", "action") if texts.get(name)), "body")
    return {
        "id": hit.id,
        "url": url_for("articles.show", slug=hit.slug),
        "title": marked(hit.title_html),
        "plain_title": hit.title,
        "snippet": marked(hit.snippet),
        "kind": hit.kind,
        "category": article.category.name if article.category else None,
        "version": article.version,
        "updated_at": article.updated_at,
        "provisional": article.provisional.value if article.provisional else None,
        "wording": linker.shown(texts.get(first)),
        "copy": linker.copies(revision).get(first, "") if revision else "",
        "feedback_url": f"/articles/{hit.slug}/feedback",
    }


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
