"""Reads of what readers said."""

from dataclasses import dataclass
from datetime import datetime, time
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
    Significance,
    Submission,
    SubmissionAuthor,
)
from wiki.articles.rules import ProvisionalState
from wiki.feedback.models import Feedback


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
    return sa.select(Feedback).where(Feedback.id.in_(newest)).order_by(Feedback.id.desc())


def standing(article: Article, user_id: int) -> Standing:
    """What is said of an article, in two queries."""
    votes = votes_in_force(article).order_by(None).subquery()
    used = sa.select(sa.func.count()).where(
        Feedback.article_id == article.id, Feedback.used_in_call, sa.not_(Feedback.own)
    )
    row = session.execute(
        sa.select(
            sa.func.count().filter(votes.c.helpful),
            sa.func.count().filter(sa.not_(votes.c.helpful)),
            used.scalar_subquery(),
            used.where(Feedback.at >= _first_of_month()).scalar_subquery(),
        ).select_from(votes)
    ).one()
    mine = session.execute(
        sa.select(Feedback.helpful, Feedback.used_in_call, Feedback.at)
        .where(Feedback.article_id == article.id, Feedback.revision_id.in_(present(article)))
        .where(Feedback.user_id == user_id)
        .order_by(Feedback.id)
    ).all()
    votes_of_mine = [said for said, _used, _at in mine if said is not None]
    midnight = _midnight()
    return Standing(
        helpful=row[0],
        not_helpful=row[1],
        used=row[2],
        used_this_month=row[3],
        mine=votes_of_mine[-1] if votes_of_mine else None,
        used_today=any(was_used and at >= midnight for _said, was_used, at in mine),
    )


def stamp() -> sa.ColumnElement[int | None]:
    """Changes with every vote and mark on ``Article``: rows are only ever added."""
    return sa.select(sa.func.max(Feedback.id)).where(Feedback.article_id == Article.id).scalar_subquery()


def _midnight() -> datetime:
    zone = ZoneInfo(choose_zone())
    return datetime.combine(clock.now().astimezone(zone).date(), time(), zone)


def _first_of_month() -> datetime:
    return _midnight().replace(day=1)


def last_vote(user_id: int, revision_id: int) -> Feedback | None:
    """The vote of this person on this revision that counts now."""
    return session.scalar(
        sa.select(Feedback)
        .where(Feedback.user_id == user_id, Feedback.revision_id == revision_id, Feedback.turn.is_not(None))
        .order_by(Feedback.turn.desc())
        .limit(1)
    )


def authors_of(article: Article) -> tuple[int, ...]:
    """Whose work readers judge, the author first: those of the newest *major* publication; nobody for imported text.

    Not of the newest of all: whoever corrects a comma of a much-used script would take its readers' thanks away. What
    was rolled back counts no more, nor does the number under which it brought back an earlier text.
    """
    gone = sa.exists().where(
        ProvisionalPublication.state == ProvisionalState.ROLLED_BACK,
        sa.or_(
            ProvisionalPublication.publication_id == Publication.id,
            ProvisionalPublication.restored_id == Publication.id,
        ),
    )
    major = sa.case((Publication.significance == Significance.MAJOR, 1), else_=0)
    base = session.scalar(
        sa.select(Publication.submission_id)
        .join(Submission, Submission.id == Publication.submission_id)
        .where(Publication.article_id == article.id, sa.not_(gone.correlate(Publication)))
        .order_by(major.desc(), Publication.id.desc())
        .limit(1)
    )
    imported = sa.exists().where(
        TrailEntry.subject_kind == "submission",
        TrailEntry.subject_id == SubmissionAuthor.submission_id,
        TrailEntry.verb == "imported",
    )
    rows = session.scalars(
        sa.select(SubmissionAuthor.user_id)
        .where(SubmissionAuthor.submission_id == base, sa.not_(imported))
        .order_by(SubmissionAuthor.position, SubmissionAuthor.user_id)
    )
    return tuple(rows)
