"""The pages of an article's past: every version, any two compared, back to an old one, and who wrote what."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core.actors import Actor
from core.errors import Conflict, NotFound
from core.i18n import _, local
from core.web import actor, gate
from wiki.articles import blame_showing
from wiki.articles.comparing import Look
from wiki.articles.content import of_revision
from wiki.articles.diff import changes
from wiki.articles.kinds import KINDS
from wiki.articles.models import Article, Publication, Revision, Submission
from wiki.articles.ops import readable_article
from wiki.articles.permissions import P
from wiki.articles.queries import versions
from wiki.articles.restoring import restore
from wiki.articles.versions import Approval, Point, approvals_for, approvers, points_of, proposals_of
from wiki.articles.views import bp


@bp.get("/articles/<slug>/history")
@gate(P.PROPOSE)
def history(slug: str) -> str:
    """Every version, newest first, and what was proposed, for those who may read it."""
    who = actor()
    article = readable_article(who, slug)
    rows = versions(who, article)
    given = approvals_for(who, rows)
    return render_template(
        "articles/history.html",
        article=_head(article),
        versions=[_version(article, row, names) for row, names in zip(rows, given, strict=True)],
        proposals=[_proposal(row, revisions) for row, revisions in proposals_of(who, article)],
    )


def _head(article: Article) -> dict[str, Any]:
    return {
        "title": article.title,
        "url": url_for("articles.show", slug=article.slug),
        "slug": article.slug,
        "kind": article.kind,
        "version": article.version,
    }


def _version(article: Article, row: Publication, given: list[Approval]) -> dict[str, Any]:
    live = row.version == article.version and article.live
    return {
        "version": row.version,
        "revision_id": row.version,
        "live": live,
        "author": row.revision.author.name,
        "approvals": given,
        "published_at": row.published_at,
        "significance": row.significance.value,
        "reason": _("rolled back to the text of before") if row.restores else row.reason,
        "early": {"kind": row.provisional.kind.value, "state": row.provisional.state.value}
        if row.provisional
        else None,
        "url": url_for("articles.show", slug=article.slug, rev=row.version),
        "same": row.revision_id == article.revision_id,
    }


def _proposal(submission: Submission, revisions: list[Revision]) -> dict[str, Any]:
    return {
        "title": submission.head.title if submission.head else "",
        "state": submission.state.value,
        "author": submission.author.name,
        "reason": submission.reason,
        "url": url_for("submissions.show", submission_id=submission.id),
        "revisions": [
            {"key": f"r{row.id}", "number": row.number, "author": row.author.name, "at": row.created_at}
            for row in revisions
        ],
    }


@bp.get("/articles/<slug>/diff")
@gate(P.PROPOSE)
def diff(slug: str) -> str:
    """Two texts of an article compared, field by field."""
    who = actor()
    article = readable_article(who, slug)
    points = points_of(who, article)
    keys = [point.key for point in points]
    published = [point.key for point in points if point.publication]
    new = _pick(points, request.args.get("to", published[0]))
    at = keys.index(new.key)
    before = published[min(at + 1, len(published) - 1)] if new.publication else published[0]
    old = _pick(points, request.args.get("from", before))
    changed, same = changes(KINDS[article.kind], of_revision(old.revision), of_revision(new.revision))
    look = Look.of(request.args)
    return render_template(
        "articles/diff.html",
        article=_head(article),
        old=_end(who, old),
        new=_end(who, new),
        published=[(point.key, _label(point)) for point in points if point.publication],
        proposed=[(point.key, _label(point)) for point in points if point.submission],
        changes=[{"name": one.name, "label": one.label, "shown": one.shown(look)} for one in changed],
        unchanged=same,
        look=look,
    )


def _pick(points: list[Point], key: str) -> Point:
    for point in points:
        if point.key == key:
            return point
    raise NotFound(_("This article has no version %(version)s.", version=key[:20]))


def _label(point: Point) -> str:
    if point.publication:
        day = f"{local(point.publication.published_at):%Y-%m-%d}"
        return f"{point.key} · {day} · {point.revision.author.name}"
    day = f"{local(point.revision.created_at):%Y-%m-%d}"
    return f"{_('draft %(n)s', n=point.revision.number)} · {day} · {point.revision.author.name}"


def _end(who: Actor, point: Point) -> dict[str, Any]:
    """One end of a comparison, for the head of the page."""
    row = point.publication
    given = approvals_for(who, [row])[0] if row else []
    return {
        "key": point.key,
        "version": row.version if row else _("draft %(n)s", n=point.revision.number),
        "author": point.revision.author.name,
        "at": row.published_at if row else point.revision.created_at,
        "state": point.submission.state.value if point.submission else None,
        "approved_by": approvers(given),
        "reason": row.reason if row else point.submission.reason if point.submission else "",
    }


@bp.post("/articles/<slug>/restore")
@gate(P.PROPOSE)
def bring_back(slug: str) -> Any:
    """A proposal with the text of an old version, ready to be looked at and handed in."""
    article = readable_article(actor(), slug)
    try:
        submission = restore(actor(), article, request.form.get("version", ""))
    except Conflict as error:
        flash(error.sentence, "warning")
        return redirect(url_for(".history", slug=slug))
    flash(_("This is a proposal with the text of that version. Look at it, then submit it."), "success")
    return redirect(url_for("submissions.edit", submission_id=submission.id))


@bp.get("/articles/<slug>/blame")
@gate(P.PROPOSE)
def blame(slug: str) -> str:
    """Who wrote what: every passage with whom it came from, in which version, and who approved it."""
    article = readable_article(actor(), slug)
    return render_template(
        "articles/blame.html",
        article=_head(article),
        **blame_showing.shown(actor(), article),
    )
