"""``/api/v1/articles/{slug}/links``."""

from typing import Any

import sqlalchemy as sa

from core.api import Api, Out
from core.db import session
from core.web import actor
from wiki.articles import dependants
from wiki.articles.link_models import Link
from wiki.articles.models import Article
from wiki.articles.ops import readable_article
from wiki.articles.permissions import P
from wiki.articles.rules import LinkKind
from wiki.articles.titles import Under, meant, under

api = Api("links")


class LinkOut(Out):
    """A title that the text names. ``state``: one, several, closed (there is one, for others) or missing; ``article``
    is the slug where there is one that the caller may read."""

    kind: str
    title: str
    words: str
    state: str
    article: str | None


class DependantOut(Out):
    """A text that names this one. ``kind`` is link or embed, ``of`` the kind of knowledge."""

    kind: str
    slug: str
    title: str
    of: str


class LinksOut(Out):
    """What an article names, and what names or needs it, as far as the caller may read it."""

    links: list[LinkOut]
    dependants: list[DependantOut]
    elsewhere: list[dict[str, Any]]


@api.get("/articles/<slug>/links", gate=P.PROPOSE, answer=LinksOut)
def links(slug: str) -> LinksOut:
    """What an article links to and shows; what links to it, shows it, teaches it."""
    who = actor()
    article = readable_article(who, slug)
    rows = session.scalars(sa.select(Link).where(Link.from_id == article.id).order_by(Link.id)).all()
    there = under((row.folded for row in rows), who)
    naming = [
        *((LinkKind.EMBED, one) for one in dependants.showing(article, who)),
        *((LinkKind.LINK, one) for one in dependants.linking_to(article, who)),
    ]
    return LinksOut(
        links=[_link(row, there.get(row.folded, [])) for row in rows],
        dependants=[_dependant(kind, one) for kind, one in naming],
        elsewhere=dependants.elsewhere(who, article),
    )


def _dependant(kind: LinkKind, article: Article) -> DependantOut:
    return DependantOut(kind=kind.value, slug=article.slug, title=article.title, of=article.kind)


def _link(row: Link, found: list[Under]) -> LinkOut:
    block = row.kind is LinkKind.EMBED
    there = meant(found, block=block)[: 1 if block else None]
    may = [one for one in there if one.open]
    state = "one" if len(may) == 1 else "several" if may else "closed" if there else "missing"
    slug = may[0].slug if len(may) == 1 else None
    return LinkOut(kind=row.kind.value, title=row.title, words=row.words, state=state, article=slug)
