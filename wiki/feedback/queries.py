"""Reads of what readers said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import clock
from core.audit import TrailEntry
from core.db import session
from core.i18n import choose_zone
from wiki.articles.models import (
    Article,
    ProvisionalPublication,
    Publication,
    Revision,
    Significance,
    SubmissionAuthor,
)
from wiki.articles.rules import ProvisionalState
from wiki.feedback.models import Feedback, Withdrawal, stands


@dataclass(frozen=True, slots=True)
class Standing:
    """What readers said of an article: votes that count now, uses ever and since the first of this month, and the
    asker's own last vote and use today."""

    helpful: int
    not_helpful: int
    used: int
    used_this_month: int
    mine: bool | None
    used_today: bool


def counted_use() -> sa.ColumnElement[bool]:
    """Used in a call, and not taken back; over ``Feedback``."""
    return sa.and_(Feedback.used_in_call, stands())


def uses_today(user_id: int, article: Article) -> sa.Select[Feedback]:
    """A person's uses of the present major version that count today, on the centre's clock; the last one first."""
    return (
        sa.select(Feedback)
        .where(Feedback.user_id == user_id, Feedback.revision_id.in_(present(article)))
        .where(Feedback.at >= _midnight(), counted_use())
        .order_by(Feedback.id.desc())
    )


def used_today(user_id: int, article_ids: Sequence[int]) -> set[int]:
    """Which of these articles this person used today, on the centre's clock."""
    found = sa.select(Feedback.article_id).where(Feedback.user_id == user_id, Feedback.article_id.in_(article_ids))
    return set(session.scalars(found.where(Feedback.at >= _midnight(), counted_use())))


def use_of_call(article_id: int, call_ref: str) -> Feedback | None:
    """The use of an article in a call, taken back or not."""
    return session.scalar(sa.select(Feedback).where(Feedback.article_id == article_id, Feedback.call_ref == call_ref))


def present(article: Article) -> sa.Select[int]:
    """Ids of the revisions under the article's present major number: what earlier ones were told counts no more."""
    return sa.select(Publication.revision_id).where(
        Publication.article_id == article.id, Publication.major == article.major
    )


def votes_in_force(article: Article) -> sa.Select[Feedback]:
    """The newest vote of each person on the present major version, own work left out, newest first."""
    newest = (
        sa.select(sa.func.max(Feedback.id))
        .where(Feedback.article_id == article.id, Feedback.helpful.is_not(None), sa.not_(Feedback.own))
        .where(Feedback.revision_id.in_(present(article)))
        .group_by(Feedback.user_id)
    )
    return sa.select(Feedback).where(Feedback.id.in_(newest), stands()).order_by(Feedback.id.desc())


def standing(article: Article, user_id: int) -> Standing:
    """What is said of an article, in two queries."""
    votes = votes_in_force(article).order_by(None).subquery()
    used = sa.select(sa.func.count()).where(Feedback.article_id == article.id, counted_use(), sa.not_(Feedback.own))
    row = session.execute(
        sa.select(
            sa.func.count().filter(votes.c.helpful),
            sa.func.count().filter(sa.not_(votes.c.helpful)),
            used.scalar_subquery(),
            used.where(Feedback.at >= _first_of_month()).scalar_subquery(),
        ).select_from(votes)
    ).one()
    mine = session.execute(
        sa.select(Feedback.helpful, counted_use(), Feedback.at, stands())
        .where(Feedback.article_id == article.id, Feedback.revision_id.in_(present(article)))
        .where(Feedback.user_id == user_id)
        .order_by(Feedback.id)
    ).all()
    votes_of_mine = [said if counts else None for said, _used, _at, counts in mine if said is not None]
    midnight = _midnight()
    return Standing(
        helpful=row[0],
        not_helpful=row[1],
        used=row[2],
        used_this_month=row[3],
        mine=votes_of_mine[-1] if votes_of_mine else None,
        used_today=any(was_used and counts and at >= midnight for _said, was_used, at, counts in mine),
    )


def stamp() -> sa.ColumnElement[int | None]:
    """Changes with every vote and mark on ``Article``, and when one is taken back: rows are only ever added."""
    said = sa.select(sa.func.max(Feedback.id)).where(Feedback.article_id == Article.id).scalar_subquery()
    back = sa.select(sa.func.count()).where(Withdrawal.article_id == Article.id).scalar_subquery()
    return said + back


def _midnight() -> datetime:
    zone = ZoneInfo(choose_zone())
    return datetime.combine(clock.now().astimezone(zone).date(), time(), zone)


def vote_of(article: Article, user_id: int) -> Feedback | None:
    """The newest vote of this person on the present major version, also when it was taken back."""
    return session.scalar(
        sa.select(Feedback)
        .where(Feedback.article_id == article.id, Feedback.revision_id.in_(present(article)))
        .where(Feedback.user_id == user_id, Feedback.turn.is_not(None))
        .order_by(Feedback.id.desc())
        .limit(1)
    )


def turns(article: Article, user_id: int) -> int:
    """The highest turn of this person's votes on the present major version, none: 0. After a rollback the votes on the
    text that is back are among them, older than the last."""
    mine = Feedback.user_id == user_id, Feedback.revision_id.in_(present(article))
    return session.scalar(sa.select(sa.func.max(Feedback.turn)).where(Feedback.article_id == article.id, *mine)) or 0


def is_taken_back(row: Feedback) -> bool:
    """The reader took it back."""
    return session.scalar(sa.select(Withdrawal.id).where(Withdrawal.feedback_id == row.id)) is not None


def _first_of_month() -> datetime:
    return _midnight().replace(day=1)


def authors_of(article: Article) -> tuple[int, ...]:
    """Whose work readers judge, the author first: those of the newest *major* publication; nobody for imported text.

    Not of the newest of all: whoever corrects a comma of a much-used script would take its readers' thanks away. Where
    the words of an earlier version are back, it is those whose words they were. What was rolled back counts no more,
    nor does the number under which it brought back an earlier text.
    """
    base: int | None = None
    last, whose = "", dict[str, int | None]()
    for submission_id, significance, text in session.execute(_versions(), {"article": article.id}):
        if text in whose and text != last:
            base = whose[text]
        elif base is None or significance is Significance.MAJOR:
            base = submission_id
        last = text
        whose.setdefault(text, base)
    return tuple(session.scalars(_authors(), {"submission": base}))


@cache  # asked with every vote and every use in a call
def _versions() -> sa.Select[int | None, Significance, str]:
    gone = sa.exists().where(
        ProvisionalPublication.state == ProvisionalState.ROLLED_BACK,
        sa.or_(
            ProvisionalPublication.publication_id == Publication.id,
            ProvisionalPublication.restored_id == Publication.id,
        ),
    )
    article = sa.bindparam("article", type_=sa.Integer)
    return (
        sa.select(Publication.submission_id, Publication.significance, Revision.digest)
        .join(Revision, Revision.id == Publication.revision_id)
        .where(Publication.article_id == article, sa.not_(gone.correlate(Publication)))
        .order_by(Publication.id)
    )


@cache
def _authors() -> sa.Select[int]:
    imported = sa.exists().where(
        TrailEntry.subject_kind == "submission",
        TrailEntry.subject_id == SubmissionAuthor.submission_id,
        TrailEntry.verb == "imported",
    )
    return (
        sa.select(SubmissionAuthor.user_id)
        .where(SubmissionAuthor.submission_id == sa.bindparam("submission", type_=sa.Integer), sa.not_(imported))
        .order_by(SubmissionAuthor.position, SubmissionAuthor.user_id)
    )
