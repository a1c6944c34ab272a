"""The page on which an article is read."""

from collections.abc import Hashable
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import render_template, request, url_for

from core import clock
from core.actors import Actor
from core.db import session
from core.errors import NotFound
from core.i18n import _
from core.pages import kept, stamp_of
from core.permissions import can
from core.slots import Shows, stamps
from core.web import actor, blueprint, gate
from wiki.articles import opens, presenting
from wiki.articles.link_table import changed
from wiki.articles.linking import Linker
from wiki.articles.models import Article, Audience
from wiki.articles.ops import readable_article
from wiki.articles.permissions import P
from wiki.articles.queries import version_of

bp = blueprint("articles", __name__)


@bp.get("/articles/<slug>")
@gate(P.PROPOSE)
def show(slug: str) -> Any:
    """A published article, or the older version named by ``?rev=``."""
    who, stamping = actor(), _stamping()
    if stamping is None or "rev" in request.args:
        return _page(slug)
    stamp = stamp_of(who, slug, lambda: _asked(*stamping, slug, who))
    if stamp is None or stamp[0].audience is Audience.RESTRICTED or not can(who, P.READ, stamp[0]):
        return _page(slug)  # it knows what to say, and who is of a closed circle
    row = stamp[0]
    opens.note(who, row.id, row.revision_id)  # also when the page is kept, and when the browser has it already
    minute = clock.now().replace(second=0, microsecond=0) if row.kind == "notice" else None  # it says whether it holds
    return kept(who, (stamp, minute), lambda: _page(slug))


def _asked(
    statement: sa.Select[Any], shows: list[Shows], slug: str, reader: Actor
) -> tuple[sa.Row[Any], tuple[Hashable, ...]] | None:
    """The row of an article's page, and what the panels beside it would show this person; ``None``: no such article."""
    row = session.connection().execute(statement, {"slug": slug, "reader": reader.id}).one_or_none()
    return None if row is None else (row, tuple(told(reader, row.id) for told in shows))


@cache
def _stamping() -> tuple[sa.Select[Any], list[Shows]] | None:
    """One row that changes whenever an article's page does – what the permission looks at, and the panels' stamps –
    and the panels that say themselves what they show."""
    panels = stamps("article.foot", "article.side", "article.notice")
    if panels is None:
        return None
    row = Article.__table__.c
    facts = (
        row.id,
        row.kind,
        row.live,
        row.audience,
        row.owner_id,
        row.revision_id,
        row.updated_at,
        row.verified_at,
        row.provisional,
    )
    return sa.select(*facts, changed(), *panels[0]).where(row.slug == sa.bindparam("slug")), panels[1]


def _page(slug: str) -> str:
    article = readable_article(actor(), slug)
    live = f"{article.major}.{article.minor}"
    wanted = request.args.get("rev", live)
    published = version_of(actor(), article, wanted)
    if published is None:
        raise NotFound(_("This article has no version %(version)s.", version=wanted[:20]))
    revision = published.revision
    if wanted == live:
        opens.note(actor(), article.id, article.revision_id)
    linker = Linker(actor())
    texts = linker.shown(presenting.texts_of(revision))
    return render_template(
        "articles/show.html",
        article=presenting.article_card(article, published, revision),
        fields=presenting.fields_of(revision),
        texts=texts,
        copies=linker.copies(revision),
        shown={"version": published.version, "live_url": url_for(".show", slug=slug)} if wanted != live else None,
        may={
            "propose": True,
            "edit_url": url_for("submissions.change", slug=slug),
            "retire": can(actor(), P.MANAGE_ARTICLES),
        },
        row=article,
        revision=revision,
    )
