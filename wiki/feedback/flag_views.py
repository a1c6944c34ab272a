"""Pages of flags: what waits for me, what I said, and one flag with its answers."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest

from core.errors import Invalid
from core.i18n import _
from core.web import actor, blueprint, gate, paginate
from wiki.articles.models import Article
from wiki.feedback import flag_showing, flagging
from wiki.feedback.permissions import P
from wiki.feedback.views import find, reason_choices

bp = blueprint("flags", __name__)
VIEWS = {"waiting": flag_showing.waiting, "mine": flag_showing.mine, "answered": flag_showing.answered}


@bp.get("/flags")
@gate(P.SAY)
def index() -> str:
    """Flags that wait for this person, that they raised, or that are answered."""
    who, view = actor(), request.args.get("view", "waiting")
    view = view if view in VIEWS else "waiting"
    page = paginate(VIEWS[view](who), per=30)
    rows = [flag_showing.row_of(row, who) for row in page.items]
    return render_template("feedback/flags.html", view=view, rows=rows, page=page)


@bp.get("/flags/<int:flag_id>")
@gate(P.SAY)
def show(flag_id: int) -> str:
    """One flag, and what may be done."""
    return _page(flag_id)


def _page(flag_id: int, errors: dict[str, str] | None = None) -> str:
    found = flagging.find(flag_id, actor())
    return render_template(
        "feedback/flag.html", flag=flag_showing.page_of(found, actor()), errors=errors or {}, typed=request.form
    )


@bp.post("/articles/<slug>/flags")
@gate(P.SAY)
def raise_one(slug: str) -> Any:
    """Something is the matter with what readers see."""
    article, given = find(slug), {name: request.form.get(name, "") for name in ("reason", "comment", "quote")}
    try:
        made = flagging.flag(article, actor(), **given)
    except Invalid as error:
        return _again(article, given, error.errors), 422
    flash(_("Thank you. Whoever keeps this text true will answer you; you hear of it."), "success")
    return redirect(url_for(".show", flag_id=made.id), 303)


def _again(article: Article, given: dict[str, str], wrong: dict[str, str]) -> str:
    return render_template(
        "feedback/flag_again.html",
        article={"title": article.title, "url": url_for("articles.show", slug=article.slug)},
        flag_url=url_for(".raise_one", slug=article.slug),
        flag_reasons=reason_choices(),
        given=given,
        wrong=wrong,
    )


@bp.post("/flags/<int:flag_id>")
@gate(P.SAY)
def move(flag_id: int) -> Any:
    """Ask, reply, answer, or open again."""
    row, who, form = flagging.find(flag_id, actor(), locked=True), actor(), request.form
    act, text = form.get("act"), form.get("text", "")
    try:
        if act == "answer":
            flagging.answer(row, who, outcome=form.get("outcome", ""), text=text)
        elif act == "ask":
            flagging.ask(row, who, text)
        elif act == "reply":
            flagging.reply(row, who, text)
        elif act == "reopen":
            flagging.reopen(row, who, text)
        else:
            raise BadRequest
    except Invalid as error:
        return _page(flag_id, error.errors), 422
    flash(_("Sent."), "success")
    return redirect(url_for(".show", flag_id=flag_id), 303)
