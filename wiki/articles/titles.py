"""What there is under a title: live articles that have it, else those that had it before.

Titles are compared folded (``core.folding``). An earlier title leads on only while no live article has it, and only if
it was not that of a closed circle; several articles of one title are a choice for the reader, never a guess.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from core.actors import Actor
from core.db import session
from core.folding import folded_title
from core.permissions import allowed
from wiki.articles.link_models import Redirect
from wiki.articles.models import Article, Audience
from wiki.articles.permissions import P
from wiki.articles.rules import ProvisionalKind

BLOCK = "block"
OFFERED = 10  # titles while typing


@dataclass(frozen=True, slots=True)
class Under:
    """An article under a title, which may be an ``earlier`` one. ``open``: the reader may read it."""

    id: int
    slug: str
    title: str
    kind: str
    version: str
    revision_id: int | None
    live: bool
    open: bool
    earlier: bool


def under(titles: Iterable[str], reader: Actor | None) -> dict[str, list[Under]]:
    """What there is under some folded titles, by title, in the order of publication; one statement. A title that
    several live articles have names all of them; the reader's rights are marked and change nothing else."""
    wanted = {title for title in titles if title}
    found: dict[str, list[Under]] = {title: [] for title in wanted}
    if not wanted:
        return found
    earlier = sa.select(Redirect.article_id).where(Redirect.folded.in_(wanted))
    may = allowed(reader, P.READ) if reader is not None else sa.and_(Article.live, Article.audience == Audience.PUBLIC)
    columns = (Article.id, Article.slug, Article.title, Article.kind, Article.major, Article.minor)
    rows = session.execute(
        sa.select(*columns, Article.revision_id, Article.live, Article.folded_title, Redirect.folded, may.label("may"))
        .outerjoin(Redirect, sa.and_(Redirect.article_id == Article.id, Redirect.folded.in_(wanted)))
        .where(sa.or_(Article.folded_title.in_(wanted), Article.id.in_(earlier)))
        .order_by(Article.id)
    )
    for row in rows:
        for title in {row.folded_title, row.folded} & wanted:
            one = Under(
                row.id, row.slug, row.title, row.kind, f"{row.major}.{row.minor}", row.revision_id, row.live,
                bool(row.may), title != row.folded_title,
            )  # fmt: skip
            if one not in found[title]:
                found[title].append(one)
    return found


def meant(found: Iterable[Under], *, block: bool = False) -> list[Under]:
    """The live ones that a mention means: by their present title before an earlier one; if asked, blocks only."""
    live = [one for one in found if one.live and (not block or one.kind == BLOCK)]
    return [one for one in live if not one.earlier] or live


def settled(found: Iterable[Under], *, block: bool = False) -> int | None:
    """The one article that a mention means: ``None`` for none and for several. Nothing live: the newest retired one.

    Of several blocks it is the oldest: a text cannot ask its reader which one to show.
    """
    rows = [one for one in found if not block or one.kind == BLOCK]
    live = meant(rows, block=block)
    if live:
        return live[0].id if block or len(live) == 1 else None
    return max((one.id for one in rows if not one.live and not one.earlier), default=None)


def offered(
    reader: Actor, typed: str, *, blocks: bool | None = None
) -> list[sa.Row[tuple[str, str, str, ProvisionalKind]]]:
    """(title, kind, slug, provisional) of what this person may read whose title holds what is typed; those that begin
    with it first, then the last changed. ``blocks``: only blocks, or everything else."""
    words = folded_title(typed)
    found = sa.select(Article.title, Article.kind, Article.slug, Article.provisional).where(allowed(reader, P.READ))
    if words:
        found = found.where(Article.folded_title.contains(words, autoescape=True))
    if blocks is not None:
        found = found.where((Article.kind == BLOCK) if blocks else (Article.kind != BLOCK))
    begins = sa.case((Article.folded_title.startswith(words, autoescape=True), 0), else_=1)
    order = (begins, Article.updated_at.desc(), Article.id)
    return list(session.execute(found.order_by(*order).limit(OFFERED)))
