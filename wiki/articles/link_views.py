"""Pages about links: titles while typing, what is called so, what depends on an article, and what leads nowhere."""

from typing import Any

from flask import Response, jsonify, make_response, redirect, render_template, request, url_for

from core.db import session
from core.folding import folded_title
from core.i18n import _
from core.mentions import as_written
from core.tables import TYPES, Sheet, as_csv
from core.texts import one_line
from core.web import actor, blueprint, gate, maybe_actor
from wiki.articles import dependants
from wiki.articles.blocks import impact
from wiki.articles.content import TITLE_LIMIT
from wiki.articles.dependants import Broken, Trouble
from wiki.articles.kinds import KINDS
from wiki.articles.models import Article, Submission
from wiki.articles.ops import readable_article
from wiki.articles.permissions import P
from wiki.articles.presenting import provisional_word
from wiki.articles.rules import LinkKind
from wiki.articles.titles import BLOCK, meant, offered, under

bp = blueprint("links", __name__)
SHOWN = 200  # titles on the page of broken links; the file has all


@bp.get("/articles/titles")
@gate(P.PROPOSE)
def titles() -> Any:
    """What this person may read whose title holds ``?q=``; ``blocks=1`` only blocks, ``blocks=0`` everything else.

    ``insert`` is the title as it stands between ``[[`` and ``]]``.
    """
    wanted = {"1": True, "0": False}.get(request.args.get("blocks", ""))
    rows = offered(actor(), request.args.get("q", "")[:TITLE_LIMIT], blocks=wanted)
    items = [
        {
            "title": row.title,
            "insert": as_written(row.title),
            "kind": row.kind,
            "kind_label": str(KINDS[row.kind].label),
            "url": url_for("articles.show", slug=row.slug),
            "note": provisional_word(row.provisional) if row.provisional else None,
        }
        for row in rows
    ]
    return jsonify(items=items)


@bp.get("/articles/named")
@gate(P.PROPOSE)
def named() -> Any:
    """The article of a title: straight on when there is one, a choice of several, an offer to write what is not there.

    An earlier title is answered with 301: the article has moved on to another one.
    """
    title = one_line(request.args.get("title", ""))[:TITLE_LIMIT]
    folded = folded_title(title)
    found = [one for one in meant(under([folded], actor()).get(folded, [])) if one.open]
    if len(found) == 1:
        answer = redirect(url_for("articles.show", slug=found[0].slug), 301 if found[0].earlier else 302)
        answer.headers["Cache-Control"] = "private, no-cache"  # another article may take the title any day
        return answer
    page = render_template("links/named.html", title=title, found=found, kinds=_kinds())
    return page, 200 if found else 404


def _kinds() -> list[tuple[str, Any, Any]]:
    return [(kind.code, kind.label, kind.hint) for kind in KINDS.values()]


@bp.get("/articles/<slug>/dependants")
@gate(P.PROPOSE)
def depends(slug: str) -> str:
    """What links here, what shows this block, and what else depends on the article."""
    who, article = actor(), readable_article(actor(), slug)
    return render_template(
        "links/dependants.html",
        article={
            "title": article.title,
            "slug": slug,
            "kind": article.kind,
            "url": url_for("articles.show", slug=slug),
        },
        showing=dependants.showing(article, who),
        linking=dependants.by_kind(dependants.linking_to(article, who)),
        elsewhere=dependants.elsewhere(who, article),
    )


def trouble_word(trouble: Trouble) -> str:
    """What is wrong with a link, in the reader's language."""
    return {
        Trouble.RETIRED: _("retired"),
        Trouble.MISSING: _("not written yet"),
        Trouble.SEVERAL: _("several articles have this title"),
    }[trouble]


@bp.get("/admin/links")
@gate(P.MANAGE_ARTICLES)
def broken() -> Any:
    """Titles that are named and lead nowhere, worst first; ``?form=csv`` gives all as a file."""
    found = dependants.broken(actor())
    if request.args.get("form") == "csv":
        return _file(found)
    return render_template("links/broken.html", found=found[:SHOWN], total=len(found), trouble_word=trouble_word)


def _file(found: list[Broken]) -> Response:
    head = [_("Title"), _("Trouble"), _("Block"), _("Stands in"), _("Words"), _("Address")]
    rows = [
        (
            one.title,
            trouble_word(one.trouble),
            _("yes") if one.kind is LinkKind.EMBED else "",
            title,
            words,
            url_for("articles.show", slug=slug),
        )
        for one in found
        for title, slug, words in one.articles
    ]
    answer = make_response(as_csv(Sheet("links", head, rows)))
    answer.headers["Content-Type"] = TYPES["csv"]
    answer.headers["Content-Disposition"] = 'attachment; filename="links.csv"'
    return answer


def beside_review(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Beside a review or a submission of a block: the articles in which its change will be seen."""
    who, about = maybe_actor(), context.get("submission")
    submission = session.get(Submission, about["id"]) if who is not None and about else None
    if who is None or submission is None or submission.kind != BLOCK:
        return None
    return "links/_impact.html", {"impact": _cards(impact(submission, who))}


def _cards(articles: list[Article] | None) -> list[dict[str, Any]] | None:
    if articles is None:
        return None
    return [{"title": one.title, "kind": one.kind, "url": url_for("articles.show", slug=one.slug)} for one in articles]
