"""The form beside an article, which works without script."""

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.db import session
from core.errors import NotFound
from core.i18n import _
from core.permissions import can
from core.web import Page, actor, blueprint, gate, maybe_actor, page_number, wants_json
from wiki.articles.models import Article
from wiki.articles.permissions import P as Articles
from wiki.articles.queries import by_slug
from wiki.feedback import remarks
from wiki.feedback.flag_rules import KINDS
from wiki.feedback.ops import say
from wiki.feedback.permissions import P
from wiki.feedback.queries import standing
from wiki.feedback.rules import REASON_NAMES

bp = blueprint("feedback", __name__)


def find(slug: str) -> Article:
    """The article of this address.

    Raises:
        NotFound: there is none, or this person may not read it.
    """
    article = by_slug(slug)
    if article is None or not article.live or not can(actor(), Articles.READ, article):
        raise NotFound(_("There is no such article, or you may not see it."))
    return article


@bp.post("/articles/<slug>/feedback")
@gate(P.SAY)
def give(slug: str) -> Response | tuple[dict[str, Any], int]:
    """Take a vote or a mark and go back to the article."""
    article = find(slug)
    said = request.form.get("helpful", "")
    say(
        article,
        actor(),
        helpful={"1": True, "0": False}.get(said),
        used_in_call=request.form.get("used_in_call") == "1",
        reason=request.form.get("reason", ""),
        comment=request.form.get("comment", ""),
    )
    if wants_json():
        return {"ok": True}, 201
    flash(_("Thank you – the next reader profits from it."), "success")
    return redirect(url_for("articles.show", slug=slug), 303)


PER_PAGE = 30


@bp.get("/articles/<slug>/feedback")
@gate(P.SAY)
def show(slug: str) -> str:
    """Where the figures beside an article come from; who keeps the text reads what was written, too."""
    article, who = find(slug), actor()
    version, how = request.args.get("version", ""), request.args.get("said", "")
    how = how if how in remarks.SAID else ""
    keeps, rows = remarks.may_read_them(article, who), remarks.by_version(article, who)
    return render_template(
        "feedback/list.html",
        article={"title": article.title, "slug": slug, "url": url_for("articles.show", slug=slug)},
        standing=standing(article, who.id),
        versions=rows,
        choices=[("", _("all versions")), *((row.version, row.version) for row in rows)],
        keeps=keeps,
        chosen={"version": version, "said": how},
        page=_said(article, version, how) if keeps else None,
    )


def _said(article: Article, version: str, how: str) -> Page:
    found, number = remarks.said(article, version=version, how=how), page_number()
    total = session.scalar(sa.select(sa.func.count()).select_from(found.order_by(None).subquery())) or 0
    rows = session.execute(found.limit(PER_PAGE).offset((number - 1) * PER_PAGE)).all()
    numbers, counting = remarks.versions_of(article), remarks.in_force(article)
    return Page([remarks.row_of(row, actor(), numbers, counting) for row in rows], number, PER_PAGE, total)


@bp.post("/articles/<slug>/feedback/<int:feedback_id>/flag")
@gate(P.READ_COMMENTS)
def turn(slug: str, feedback_id: int) -> Response:
    """What a reader wrote becomes their flag; with ``improve`` the change is begun at once."""
    flag = remarks.turn(find(slug), feedback_id, actor())
    if request.form.get("improve") == "1":
        flash(_("The reader waits for your answer: publish the change, then answer the flag."), "success")
        return redirect(url_for("submissions.change", slug=slug), 303)
    flash(_("It is a flag now, and waits for your answer."), "success")
    return redirect(url_for("flags.show", flag_id=flag.id), 303)


def reason_choices() -> list[tuple[str, Any]]:
    """What may be the matter with a text, for a select."""
    return [(one.value, REASON_NAMES[one]) for one in KINDS]


def beside_article(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The panel beside an article: did it help, did you use it?"""
    article, who = context.get("row"), maybe_actor()
    if who is None or not isinstance(article, Article) or not article.live:
        return None
    return "feedback/_panel.html", {
        "standing": standing(article, who.id),
        "feedback_url": url_for("feedback.give", slug=article.slug),
        "source_url": url_for("feedback.show", slug=article.slug),
        "reasons": REASON_NAMES,
        "flag_url": url_for("flags.raise_one", slug=article.slug),
        "flag_reasons": reason_choices(),
    }
