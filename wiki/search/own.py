"""What everybody keeps of finding for themselves: texts pinned in an order, what they opened last, and the service they
work for. Shown to nobody else."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from accounts.models import User
from core import clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Invalid
from core.i18n import _
from core.permissions import allowed, require
from wiki.articles.models import Article, Service
from wiki.articles.open_models import ArticleOpen
from wiki.articles.permissions import P
from wiki.search.own_models import KeptService, PersonalPin

MOST = 50  # pins of one person
SHOWN_PINS = 12
SHOWN_RECENT = 8
RECENT = timedelta(days=30)

SHORT = (Article.id, Article.slug, Article.title, Article.kind, Article.provisional)


def pinned(who: Actor, *, limit: int = MOST) -> Sequence[Any]:
    """What this person pinned and may still read, in their order: id, slug, title, kind, provisional."""
    found = sa.select(*SHORT).join(PersonalPin, PersonalPin.article_id == Article.id)
    found = found.where(PersonalPin.user_id == who.id, allowed(who, P.READ))
    return session.execute(found.order_by(PersonalPin.position, Article.id).limit(limit)).all()


def recent(who: Actor, *, limit: int = SHOWN_RECENT, but: Sequence[int] = ()) -> Sequence[Any]:
    """What this person opened last and may still read, the last one first, each once."""
    last = (
        sa.select(ArticleOpen.article_id, sa.func.max(ArticleOpen.at).label("at"))
        .where(ArticleOpen.user_id == who.id, ArticleOpen.at > clock.now() - RECENT)
        .group_by(ArticleOpen.article_id)
        .subquery()
    )
    found = sa.select(*SHORT).join(last, last.c.article_id == Article.id)
    found = found.where(allowed(who, P.READ), Article.id.not_in(list(but)))
    return session.execute(found.order_by(last.c.at.desc(), Article.id).limit(limit)).all()


def pinned_ids(who: Actor, ids: Sequence[int]) -> set[int]:
    """Which of these articles this person pinned."""
    mine = sa.select(PersonalPin.article_id).where(PersonalPin.user_id == who.id, PersonalPin.article_id.in_(ids))
    return set(session.scalars(mine))


def pin(who: Actor, article: Article, *, on: bool) -> None:
    """The person's pin stands (below all others), or is gone; asking twice is asking once.

    Raises:
        Conflict: so many can nobody keep at hand (``too-many-pins``).
    """
    require(who, P.READ, article)
    rows = _mine(who)
    there = next((row for row in rows if row.article_id == article.id), None)
    if on and there is None:
        if len(rows) >= MOST:
            raise Conflict(_("You have pinned %(n)s texts already; take one off first.", n=MOST), code="too-many-pins")
        position = rows[-1].position + 1 if rows else 1
        session.add(PersonalPin(user_id=who.id, article_id=article.id, position=position))
    elif not on and there is not None:
        session.delete(there)
    session.flush()


def move_pin(who: Actor, article: Article, *, up: bool) -> None:
    """The pin stands one place higher or lower among what its person may read; at the end nothing changes."""
    rows = _mine(who)
    seen = {row.id for row in pinned(who)}
    order = [row for row in rows if row.article_id in seen]
    at = next((n for n, row in enumerate(order) if row.article_id == article.id), None)
    to = None if at is None else at - 1 if up else at + 1
    if at is None or to is None or not 0 <= to < len(order):
        return
    order[at].position, order[to].position = order[to].position, order[at].position
    session.flush()


def _mine(who: Actor) -> list[PersonalPin]:
    lock(User, who.id)  # two screens of one person at one instant
    found = sa.select(PersonalPin).where(PersonalPin.user_id == who.id)
    return list(session.scalars(found.order_by(PersonalPin.position, PersonalPin.article_id)))


_KEPT_SERVICE = (
    sa.select(Service.code)
    .join(KeptService, KeptService.service_id == Service.id)
    .where(KeptService.user_id == sa.bindparam("user_id"))
)


def kept_service(who: Actor) -> str:
    """The code of the service that this person narrows every search to; empty where they chose none."""
    return session.connection().scalar(_KEPT_SERVICE, {"user_id": who.id}) or ""


def keep_service(who: Actor, code: str) -> None:
    """Every search of this person is narrowed to the service from now on; to none when ``code`` is empty.

    Raises:
        Invalid: there is no such service.
    """
    lock(User, who.id)
    session.execute(sa.delete(KeptService).where(KeptService.user_id == who.id))
    if not code:
        return
    service_id = session.scalar(sa.select(Service.id).where(Service.code == code))
    if service_id is None:
        raise Invalid({"service": _("There is no service %(code)s.", code=code[:64])})
    session.add(KeptService(user_id=who.id, service_id=service_id))
    session.flush()
