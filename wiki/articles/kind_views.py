"""Pages of single kinds – the card of a script – and the way from a new piece to the one that is already there."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core.errors import Invalid, NotFound
from core.i18n import _
from core.web import actor, blueprint, gate
from wiki.articles import draft_ops, draft_views, forms, improving, ops, presenting
from wiki.articles.content import Content
from wiki.articles.kinds import KINDS, kind_of
from wiki.articles.linking import shown
from wiki.articles.models import EDITABLE
from wiki.articles.ops import readable_article
from wiki.articles.permissions import P
from wiki.articles.queries import version_of
from wiki.articles.submission_views import _editor as editor

bp = blueprint("kinds", __name__)


@bp.get("/articles/<slug>/card")
@gate(P.PROPOSE)
def card(slug: str) -> Any:
    """A script on one small page: what the customer says, what you say, the answers, the close.

    Raises:
        NotFound: there is no such article for this person, or it is no script.
    """
    article = readable_article(actor(), slug)
    wanted = request.args.get("rev", f"{article.major}.{article.minor}")
    published = version_of(actor(), article, wanted)
    if article.kind != "script" or published is None:
        raise NotFound(_("Only a script has a card."))
    return render_template(
        "articles/card.html",
        article=presenting.article_card(article, published, published.revision),
        texts=shown(presenting.texts_of(published.revision), actor()),
    )


@bp.post("/articles/<slug>/improve")
@gate(P.PROPOSE)
def improve(slug: str) -> Any:
    """Improve this article instead: what was typed in the editor for a new piece goes into a proposal to change it."""
    who, form = actor(), request.form
    article = ops.readable_article(who, slug)
    key, draft = form.get("key") or None, request.args.get("draft", type=int)
    old = improving.begun(who, key=key, draft=draft)
    typed_kind = KINDS[old.kind] if old is not None else kind_of(form.get("kind", ""))
    typed = forms.content_of(typed_kind, form)
    if old is not None and old.state in EDITABLE:
        document = {name: form.getlist(name) for name in form if name not in draft_views.ABOUT}
        draft_ops.autosave(old, who, document)  # what is withdrawn can be taken up again as it was left
    try:
        submission = improving.improve(who, article, typed_kind, typed, old=old)
    except Invalid as error:
        given = old if draft is not None else None
        return editor(typed_kind, Content(), submission=given, typed=form, errors=forms.errors_of(error.errors)), 422
    flash(_("You are improving «%(title)s» now. What you had typed is in it.", title=article.title), "success")
    return redirect(url_for("submissions.edit", submission_id=submission.id))
