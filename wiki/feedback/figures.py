"""The kept figures of readership follow what readers do: within seconds where somebody did something, and each text
once in some hours, for time alone makes a text unread."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core import clock
from core.chores import chore
from core.db import database, session
from core.i18n import local
from wiki.articles.models import Article, Publication
from wiki.articles.open_models import ArticleOpen, ArticleOpenDay
from wiki.feedback.figure_models import ArticleFigures
from wiki.feedback.models import Feedback, Withdrawal, stands
from wiki.feedback.queries import counted_use

WINDOW = 90  # days
STALE = timedelta(hours=6)
SOME = 400  # articles in one turn
NAMES = ("opens", "last_day", "helpful", "not_helpful", "used")


@dataclass(slots=True)
class _Watch:
    """How far this process has followed; what happened while no worker ran is found by the age of the figures."""

    since: datetime | None = None
    feedback: int = 0
    withdrawn: int = 0
    opened: int = 0


_watch = _Watch()


def began() -> date | None:
    """The first day on which openings were counted; before it, nothing can be called unread."""
    return session.scalar(sa.select(sa.func.min(ArticleOpenDay.day)))


def refresh(ids: Iterable[int] | None = None) -> None:
    """The figures of these articles, or of all live ones, say what the sources say now."""
    wanted = sorted(set(ids)) if ids is not None else list(session.scalars(sa.select(Article.id).where(Article.live)))
    for start in range(0, len(wanted), SOME):
        _refresh(wanted[start : start + SOME])


def _refresh(ids: Sequence[int]) -> None:
    now = clock.now()
    found: dict[int, dict[str, Any]] = {
        key: {"opens": 0, "last_day": None, "helpful": 0, "not_helpful": 0, "used": 0} for key in ids
    }
    for source in (_opens(ids, local(now).date() - timedelta(days=WINDOW)), _votes(ids), _uses(ids)):
        for row in session.execute(source).mappings():
            found[row["article_id"]].update({name: row[name] for name in row if name != "article_id"})
    if not found:
        return
    insert: Any = sqlite.insert if database().sqlite else postgresql.insert
    row = insert(ArticleFigures).values([{"article_id": key, "at": now, **found[key]} for key in sorted(found)])
    new = {name: row.excluded[name] for name in ("at", *NAMES)}
    session.execute(row.on_conflict_do_update(index_elements=["article_id"], set_=new))


def _opens(ids: Sequence[int], since: date) -> Any:
    some = ArticleOpenDay.opens > 0
    recent = sa.func.sum(sa.case((ArticleOpenDay.day > since, ArticleOpenDay.opens), else_=0))
    return (
        sa.select(
            ArticleOpenDay.article_id,
            recent.label("opens"),
            sa.func.max(ArticleOpenDay.day, type_=sa.Date()).label("last_day"),
        )
        .where(ArticleOpenDay.article_id.in_(ids), some)
        .group_by(ArticleOpenDay.article_id)
    )


def _votes(ids: Sequence[int]) -> Any:
    """As ``queries.votes_in_force``, for many."""
    present = sa.exists().where(
        Publication.article_id == Article.id,
        Publication.revision_id == Feedback.revision_id,
        Publication.major == Article.major,
    )
    newest = (
        sa.select(sa.func.max(Feedback.id))
        .join(Article, Article.id == Feedback.article_id)
        .where(Feedback.article_id.in_(ids), Feedback.helpful.is_not(None), sa.not_(Feedback.own), present)
        .group_by(Feedback.article_id, Feedback.user_id)
    )
    return (
        sa.select(
            Feedback.article_id,
            sa.func.count().filter(Feedback.helpful.is_(True)).label("helpful"),
            sa.func.count().filter(Feedback.helpful.is_(False)).label("not_helpful"),
        )
        .where(Feedback.id.in_(newest), stands())
        .group_by(Feedback.article_id)
    )


def _uses(ids: Sequence[int]) -> Any:
    return (
        sa.select(Feedback.article_id, sa.func.count().label("used"))
        .where(Feedback.article_id.in_(ids), counted_use(), sa.not_(Feedback.own))
        .group_by(Feedback.article_id)
    )


@chore(every=20)
def follow() -> None:
    """Refresh what was voted on, used, taken back, opened or published since the last turn, and some of what is
    oldest."""
    now = clock.now()
    last_vote = session.scalar(sa.select(sa.func.max(Feedback.id))) or 0
    last_back = session.scalar(sa.select(sa.func.max(Withdrawal.id))) or 0
    last_open = session.scalar(sa.select(sa.func.max(ArticleOpen.id))) or 0
    if _watch.since is None:
        _watch.since = now
        _watch.feedback, _watch.withdrawn, _watch.opened = last_vote, last_back, last_open
    touched = set(session.scalars(sa.select(Feedback.article_id).where(Feedback.id > _watch.feedback).distinct()))
    back = sa.select(Withdrawal.article_id).where(Withdrawal.id > _watch.withdrawn).distinct()
    touched |= set(session.scalars(back))
    touched |= set(session.scalars(sa.select(ArticleOpen.article_id).where(ArticleOpen.id > _watch.opened).distinct()))
    refresh([*touched, *_due(max(_watch.since, now - STALE))])
    _watch.feedback, _watch.withdrawn, _watch.opened = last_vote, last_back, last_open


def _due(before: datetime) -> list[int]:
    """Published texts whose figures are missing, older than their text, or were made before a moment."""
    old = sa.or_(ArticleFigures.at.is_(None), ArticleFigures.at < before, ArticleFigures.at < Article.updated_at)
    found = sa.select(Article.id).outerjoin(ArticleFigures, ArticleFigures.article_id == Article.id)
    return list(session.scalars(found.where(Article.live, old).order_by(ArticleFigures.at, Article.id).limit(SOME)))
