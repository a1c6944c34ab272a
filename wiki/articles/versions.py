"""The texts of an article that somebody may read: its versions, and what was proposed and is not published."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload

from accounts.models import User
from core.actors import Actor
from core.db import session
from core.permissions import allowed
from wiki.articles.approvers import is_reviewed
from wiki.articles.models import Article, Publication, Revision, Submission
from wiki.articles.permissions import P
from wiki.articles.queries import versions
from workflows.blindness import blind_among
from workflows.presenting import stage_word
from workflows.queries import approvals_in, last_reviews

PROPOSALS = 20  # the last ones touched
REVISIONS = 60  # of all of them together


@dataclass(frozen=True, slots=True)
class Point:
    """One text to compare: ``key`` is a version number, or ``r`` and the number of a revision."""

    key: str
    revision: Revision
    publication: Publication | None = None
    submission: Submission | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody let a version pass; ``stage`` in words."""

    name: str
    stage: str
    at: datetime


def approvers(given: Sequence[Approval]) -> list[str]:
    """The names, each once, in the order in which they approved."""
    return list(dict.fromkeys(one.name for one in given))


def points_of(actor: Actor, article: Article) -> list[Point]:
    """Every text of an article this person may read: versions, newest first, then what is not published."""
    found = [Point(row.version, row.revision, row) for row in versions(actor, article)]
    return found + [
        Point(f"r{revision.id}", revision, None, submission)
        for submission, revisions in proposals_of(actor, article)
        for revision in revisions
    ]


def proposals_of(actor: Actor, article: Article) -> list[tuple[Submission, list[Revision]]]:
    """Submissions of an article that this person may read, with their revisions that were never published."""
    submissions = list(
        session.scalars(
            sa.select(Submission)
            .where(Submission.article_id == article.id, allowed(actor, P.READ_SUBMISSION))
            .options(joinedload(Submission.head))
            .options(joinedload(Submission.author).options(joinedload(User.team), lazyload(User.role_rows)))
            .order_by(Submission.updated_at.desc(), Submission.id.desc())
            .limit(PROPOSALS)
        )
    )
    if not submissions:
        return []
    shown = sa.exists().where(Publication.revision_id == Revision.id)
    revisions = session.scalars(
        sa.select(Revision)
        .where(Revision.submission_id.in_([row.id for row in submissions]), sa.not_(shown))
        .options(joinedload(Revision.author).options(joinedload(User.team), lazyload(User.role_rows)))
        .order_by(Revision.id.desc())
        .limit(REVISIONS)
    )
    of: dict[int, list[Revision]] = {}
    for revision in revisions:
        of.setdefault(revision.submission_id, []).append(revision)
    return [(row, of[row.id]) for row in submissions if row.id in of]


def approvals_for(actor: Actor, rows: Sequence[Publication]) -> list[list[Approval]]:
    """Who approved each of these versions, and when; the same few queries whatever their number.

    Nothing of a review on which this person may still give a second opinion.
    """
    ids = [row.submission_id for row in rows]
    reviews = last_reviews("submission", ids)
    given = approvals_in(list(reviews.values())) if reviews else {}
    blind = blind_among(actor, "submission", ids)
    found: dict[int, list[Approval]] = {}
    for subject, review in reviews.items():
        found[subject] = [
            Approval(name, stage_word(review, decision.stage), decision.decided_at)
            for decision, name in given.get(review.id, [])
            if subject not in blind
        ]
    return [found.get(row.submission_id, []) if is_reviewed(row) else [] for row in rows]
