"""Article pages: read, history, compare."""

from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import render_template, request, url_for

from core.db import session
from core.errors import NotFound
from core.i18n import _
from core.pages import kept, stamp_of
from core.permissions import can
from core.slots import stamps
from core.web import actor, blueprint, gate
from wiki.articles import presenting
from wiki.articles.approvers import approvers_of
from wiki.articles.content import of_revision
from wiki.articles.diff import changes
from wiki.articles.kinds import KINDS
from wiki.articles.link_table import changed
from wiki.articles.linking import Linker
from wiki.articles.models import Article, Audience, Publication
from wiki.articles.ops import readable_article
from wiki.articles.permissions import P
from wiki.articles.queries import version_of, versions

bp = blueprint("articles", __name__)


@bp.get("/articles/<slug>")
@gate(P.PROPOSE)
def show(slug: str) -> Any:
    """A published article, or the older version named by ``?rev=``."""
    who, statement = actor(), _stamp()
    if statement is None or "rev" in request.args:
        return _page(slug)
    stamp = stamp_of(who, slug, lambda: _asked(statement, slug, who.id))
    if stamp is None or stamp.audience is Audience.RESTRICTED or not can(who, P.READ, stamp):
        return _page(slug)  # it knows what to say, and who is of a closed circle
    return kept(who, tuple(stamp), lambda: _page(slug))


def _asked(statement: sa.Select[Any], slug: str, reader: int) -> sa.Row[Any] | None:
    return session.connection().execute(statement, {"slug": slug, "reader": reader}).one_or_none()


@cache
def _stamp() -> Any:
    """One row that changes whenever an article's page does: what the permission looks at, and the panels' stamps."""
    panels = stamps("article.foot", "article.side", "article.notice")
    if panels is None:
        return None
    row = Article.__table__.c
    facts = (
        row.id,
        row.live,
        row.audience,
        row.owner_id,
        row.revision_id,
        row.updated_at,
        row.verified_at,
        row.provisional,
    )
    return sa.select(*facts, changed(), *panels).where(row.slug == sa.bindparam("slug"))


def _page(slug: str) -> str:
    article = readable_article(actor(), slug)
    live = f"{article.major}.{article.minor}"
    wanted = request.args.get("rev", live)
    published = version_of(actor(), article, wanted)
    if published is None:
        raise NotFound(_("This article has no version %(version)s.", version=wanted[:20]))
    revision = published.revision
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


@bp.get("/articles/<slug>/history")
@gate(P.PROPOSE)
def history(slug: str) -> str:
    """Every version, newest first."""
    article = readable_article(actor(), slug)
    rows = versions(actor(), article)
    shown = [_version(article, row, names) for row, names in zip(rows, approvers_of(rows), strict=True)]
    return render_template("articles/history.html", article=_head(article), versions=shown)


def _head(article: Article) -> dict[str, Any]:
    return {
        "title": article.title,
        "url": url_for("articles.show", slug=article.slug),
        "slug": article.slug,
        "kind": article.kind,
        "version": article.version,
    }


def _version(article: Article, row: Publication, names: list[str]) -> dict[str, Any]:
    return {
        "version": row.version,
        "revision_id": row.version,
        "live": row.version == article.version and article.live,
        "author": row.revision.author.name,
        "approved_by": names,
        "published_at": row.published_at,
        "significance": row.significance.value,
        "reason": _("rolled back to the text of before") if row.restores else row.reason,
        "early": {"kind": row.provisional.kind.value, "state": row.provisional.state.value}
        if row.provisional
        else None,
        "url": url_for("articles.show", slug=article.slug, rev=row.version),
    }


@bp.get("/articles/<slug>/diff")
@gate(P.PROPOSE)
def diff(slug: str) -> str:
    """Two versions compared, field by field."""
    article = readable_article(actor(), slug)
    rows = versions(actor(), article)
    numbers = [row.version for row in rows]
    new = _pick(rows, request.args.get("to", numbers[0]))
    old = _pick(rows, request.args.get("from", numbers[min(numbers.index(new.version) + 1, len(numbers) - 1)]))
    names = approvers_of([old, new])
    kind = KINDS[article.kind]
    changed, same = changes(kind, of_revision(old.revision), of_revision(new.revision))
    return render_template(
        "articles/diff.html",
        article=_head(article),
        old=_version(article, old, names[0]),
        new=_version(article, new, names[1]),
        versions=numbers,
        changes=changed,
        unchanged=same,
        look=request.args.get("look", "inline"),
    )


def _pick(rows: list[Publication], version: str) -> Publication:
    for row in rows:
        if row.version == version:
            return row
    raise NotFound(_("This article has no version %(version)s.", version=version[:20]))
