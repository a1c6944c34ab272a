"""What the figures of one text were made from."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import aliased, joinedload

from core import clock
from core.actors import Actor
from core.db import session
from core.i18n import format_day, local
from core.permissions import can
from wiki.articles.link_models import Link
from wiki.articles.models import Article
from wiki.articles.open_models import ArticleOpenDay
from wiki.feedback.flag_models import Flag
from wiki.feedback.flag_rules import FlagState
from wiki.feedback.permissions import P
from wiki.feedback.rules import REASON_NAMES

WEEKS = 26


def opened_by_week(article_id: int) -> list[tuple[str, int]]:
    """Openings by people in each of the last weeks (Monday first), oldest first, with the Monday as label."""
    today = local(clock.now()).date()
    first = today - timedelta(days=today.weekday()) - timedelta(weeks=WEEKS - 1)
    days = sa.select(ArticleOpenDay.day, ArticleOpenDay.opens)
    counts = [0] * WEEKS
    for day, opens in session.execute(days.where(ArticleOpenDay.article_id == article_id, ArticleOpenDay.day >= first)):
        counts[min((day - first).days // 7, WEEKS - 1)] += opens
    return [(format_day(first + timedelta(weeks=n)), counts[n]) for n in range(WEEKS)]


def open_flags(reader: Actor, article_id: int) -> list[dict[str, Any]]:
    """Flags that wait; what was said in them, and the way there, for those who may see the flag."""
    found = sa.select(Flag).where(Flag.article_id == article_id, Flag.state != FlagState.ANSWERED)
    rows = session.scalars(found.options(joinedload(Flag.article)).order_by(Flag.due_at, Flag.id))
    return [
        {
            "reason": REASON_NAMES[row.reason],
            "due_at": row.due_at,
            "url": url_for("flags.show", flag_id=row.id) if can(reader, P.SEE_FLAG, row) else None,
        }
        for row in rows
    ]


def broken_links(article_id: int) -> list[str]:
    """Titles that the text names and that lead nowhere."""
    target = aliased(Article)
    found = (
        sa.select(Link.title)
        .outerjoin(target, target.id == Link.to_id)
        .where(Link.from_id == article_id, sa.or_(Link.to_id.is_(None), sa.not_(target.live)))
        .order_by(Link.id)
    )
    return list(dict.fromkeys(session.scalars(found)))
