"""How hits become the rows of a page: what the database says of each, and the wording to be read in place."""

from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload, lazyload

from core.db import session
from core.markup import marked
from core.web import actor
from wiki.articles.linking import Linker
from wiki.articles.models import Article
from wiki.articles.presenting import texts_of
from wiki.search.engines.base import Hit


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
        "slug": hit.slug,
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
        "recommended": hit.recommended,
        "explained": hit.explained,
    }
