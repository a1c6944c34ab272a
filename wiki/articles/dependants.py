"""What links to an article and what depends on it, as far as a reader may see it; and links that lead nowhere.

Courses teach articles from a package above: they come through a slot.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, lazyload

from core.actors import Actor
from core.db import session
from core.permissions import allowed
from wiki.articles.blocks import shown_in
from wiki.articles.link_models import Link
from wiki.articles.models import Article
from wiki.articles.permissions import P
from wiki.articles.rules import LinkKind
from wiki.articles.titles import BLOCK

Finder = Callable[[Actor, int], list[dict[str, Any]]]
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Somebody above depends on articles: ``finder(reader, article id)`` gives ``{title, url, what}`` rows."""
    if finder not in _finders:
        _finders.append(finder)


def elsewhere(reader: Actor, article: Article) -> list[dict[str, Any]]:
    """What depends on an article outside this package, as far as this person may see it."""
    return [row for finder in _finders for row in finder(reader, article.id)]


def linking_to(article: Article, reader: Actor) -> list[Article]:
    """The published articles whose text links to this one, by title."""
    return _naming(article, reader, LinkKind.LINK)


def showing(article: Article, reader: Actor) -> list[Article]:
    """The published articles that show this block, themselves or in another block, by title."""
    return shown_in(article, reader) if article.kind == BLOCK else []


def _naming(article: Article, reader: Actor, kind: LinkKind) -> list[Article]:
    one_of_several = sa.and_(Link.to_id.is_(None), Link.folded == article.folded_title)
    found = sa.select(Link.from_id).where(
        Link.kind == kind, sa.or_(Link.to_id == article.id, one_of_several), Link.from_id != article.id
    )
    light = (lazyload(Article.readers), lazyload(Article.tag_rows), lazyload(Article.service_rows))
    rows = sa.select(Article).where(Article.id.in_(found), allowed(reader, P.READ)).options(*light)
    return list(session.scalars(rows.order_by(Article.title, Article.id)))


# ── links that lead nowhere ──────────────────────────────────────────────────────────────────────────────────────────


class Trouble(StrEnum):
    """What is wrong with a link, worst first."""

    RETIRED = "retired"  # readers used to get there
    MISSING = "missing"
    SEVERAL = "several"  # readers must choose


@dataclass(slots=True)
class Broken:
    """A title that leads nowhere, and the live articles that name it: (title, slug, words)."""

    title: str
    kind: LinkKind
    trouble: Trouble
    articles: list[tuple[str, str, str]] = field(default_factory=list)


def broken(reader: Actor) -> list[Broken]:
    """Every title that is named and leads nowhere, as far as this person may read what names it; what stands in the
    most articles first."""
    namer, target = aliased(Article), aliased(Article)
    same = sa.select(sa.func.count()).where(Article.live, Article.folded_title == Link.folded)
    rows = session.execute(
        sa.select(Link, namer.title, namer.slug, target.id, same.correlate(Link).scalar_subquery())
        .join(namer, namer.id == Link.from_id)
        .outerjoin(target, target.id == Link.to_id)
        .where(sa.or_(Link.to_id.is_(None), sa.not_(target.live)))
        .where(namer.id.in_(sa.select(Article.id).where(allowed(reader, P.READ))))
        .order_by(Link.folded, namer.title, Link.id)
    )
    found: dict[tuple[str, LinkKind], Broken] = {}
    for link, title, slug, retired, others in rows:
        several = others > 1 and link.kind is LinkKind.LINK
        trouble = Trouble.RETIRED if retired else Trouble.SEVERAL if several else Trouble.MISSING
        one = found.setdefault((link.folded, link.kind), Broken(link.title, link.kind, trouble))
        one.articles.append((title, slug, link.words))
    return sorted(found.values(), key=_badness)


def _badness(one: Broken) -> tuple[int, int, str]:
    return -len({slug for _title, slug, _words in one.articles}), list(Trouble).index(one.trouble), one.title


def by_kind(articles: Iterable[Article]) -> list[tuple[str, Sequence[Article]]]:
    """Articles by their kind, scripts first: they are what is said aloud."""
    found: dict[str, list[Article]] = defaultdict(list)
    for article in articles:
        found[article.kind].append(article)
    return sorted(found.items(), key=lambda item: (item[0] != "script", item[0]))
