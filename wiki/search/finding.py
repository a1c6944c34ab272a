"""The pieces of the rep's screen: results while typing, what is at hand before, a text read in place, and the marks.

The same for the overlay of every page and for the frame beside the customer's file; who asks is the caller's affair.
"""

from typing import Any

from flask import Response, jsonify, render_template, request

from core.actors import Actor
from core.db import session
from core.errors import NotFound
from core.i18n import _
from core.markup import marked
from wiki.articles import opens
from wiki.articles.kinds import KINDS
from wiki.articles.models import Article
from wiki.articles.open_models import OpenSource
from wiki.articles.queries import by_slug, services
from wiki.feedback import views as feedback
from wiki.search import log, own, reading, service
from wiki.search.engines.base import Facet, Page, Query
from wiki.search.models import Source

TYPING = 8  # results while typing


def typing(who: Actor, source: Source = Source.TYPING) -> str:
    """The answer to what is typed, as a short piece of HTML: the wording is fetched for the row that is chosen.

    ``?service=`` narrows it; without it the person's own service does, and with an empty one nothing.
    """
    text = request.args.get("q", "")[:500]
    chosen = request.args.get("service")
    if chosen is None:
        chosen = own.kept_service(who)
    if not text.strip():
        return at_hand(who, chosen)
    page = find(who, text, chosen)
    return render_template(
        "search/_typing.html",
        q=text,
        asked=log.note(who, text, page.total, source),
        service=chosen,
        rows=[{"hit": hit, "title": marked(hit.title_html), "snippet": marked(hit.snippet)} for hit in page.hits],
        kinds=_kinds({hit.kind for hit in page.hits}),
        total=page.total,
        degraded=page.degraded,
    )


def find(who: Actor, text: str, chosen: str) -> Page:
    """The first results for this reader."""
    filters = {Facet.SERVICE: (chosen,)} if chosen else {}
    return service.search(Query(text, service.reader_of(who), filters=filters, limit=TYPING), who)


def at_hand(who: Actor, chosen: str) -> str:
    """What this person pinned, and what they opened last."""
    pinned = own.pinned(who, limit=own.SHOWN_PINS)
    recent = own.recent(who, but=[row.id for row in pinned])
    return render_template(
        "search/_at_hand.html",
        groups=[group for group in ((_("Pinned"), pinned), (_("Read last"), recent)) if group[1]],
        kinds=_kinds({row.kind for row in (*pinned, *recent)}),
        service=chosen,
    )


def narrowing() -> Response:
    """What a search can be narrowed to: [[code, name]]; a browser may keep it for some minutes."""
    answer = jsonify([[one.code, one.name] for one in services()])
    answer.headers["Cache-Control"] = "private, max-age=300"
    return answer


def _kinds(codes: set[str]) -> dict[str, str]:
    return {code: str(KINDS[code].label) for code in codes if code in KINDS}


def article_of(who: Actor, slug: str) -> Article:
    """The article of this address.

    Raises:
        NotFound: there is none, or this person may not read it.
    """
    found = by_slug(slug)
    if found is None or not reading.readable(found, who):
        raise NotFound(_("There is no such article, or you may not see it."))
    return found


def read(who: Actor, slug: str) -> str:
    """A text to be read in place. That it was fetched is not yet that it was read: see ``opened``."""
    return render_template("search/_reading.html", r=reading.piece(article_of(who, slug), who))


def mark(who: Actor, slug: str) -> tuple[dict[str, Any], int]:
    """A mark or vote is taken; the answer says what the buttons must show."""
    article = feedback.find(slug)
    feedback.take(article, who)
    return feedback.mine(article, who), 201


def pin(who: Actor, slug: str) -> dict[str, Any]:
    """The pin is set, removed or moved, as the form says; whether it stands."""
    article = article_of(who, slug)
    move = request.form.get("move", "")
    if move:
        own.move_pin(who, article, up=move == "up")
    else:
        own.pin(who, article, on=request.form.get("on") == "1")
    return {"pinned": bool(own.pinned_ids(who, [article.id]))}


def opened(who: Actor, source: OpenSource) -> None:
    """A result was read in place; ``asked`` is the key of the question, where there was one."""
    asked = request.form.get("asked", "")
    article = session.get(Article, request.form.get("article", 0, type=int))
    if article is None or not reading.readable(article, who) or article.revision_id is None:
        return
    if asked:
        log.opened(who, asked, article.id)
    opens.remember(who.id, article.id, article.revision_id, source)
