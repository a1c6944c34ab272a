"""Pages of single kinds: the card of a script, to print and to stand beside the screen."""

from typing import Any

from flask import render_template, request

from core.errors import NotFound
from core.i18n import _
from core.web import actor, blueprint, gate
from wiki.articles import presenting
from wiki.articles.ops import readable_article
from wiki.articles.permissions import P
from wiki.articles.queries import version_of

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
        texts=presenting.texts_of(published.revision),
    )
