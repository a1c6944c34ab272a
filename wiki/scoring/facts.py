"""Facts that were never recorded – brought in behind our back, or before a rule's type was known – told again."""

from collections.abc import Sequence

import sqlalchemy as sa

from core.audit import TrailEntry
from core.db import session
from wiki.articles.models import Publication, Submission
from wiki.articles.publishing import mean_score, told
from wiki.articles.queries import counts
from wiki.scoring import registry
from wiki.scoring.listeners import article_published, task_decided
from wiki.scoring.models import ScoringAct
from workflows.deciding import told_of
from workflows.models import Decision
from workflows.rules import VERDICTS


def _lacks_act(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.not_(sa.exists().where(*conditions))


def _unpublished_acts() -> Sequence[int]:
    imported = sa.exists().where(
        TrailEntry.subject_kind == "submission",
        TrailEntry.subject_id == Publication.submission_id,
        TrailEntry.verb == "imported",
    )
    recorded = _lacks_act(
        ScoringAct.source_kind == "submission",
        ScoringAct.source_id == Publication.submission_id,
        ScoringAct.event.in_(("article.accepted", "revision.accepted")),
    )
    found = sa.select(Publication.id).where(recorded, sa.not_(imported), counts()).order_by(Publication.id)
    return session.scalars(found).all()


def _tell_publication(publication_id: int) -> None:
    row = session.get_one(Publication, publication_id)
    submission = session.get_one(Submission, row.submission_id)
    at = row.provisional.closed_at or row.published_at if row.provisional else row.published_at
    article_published(told(row, submission, score=mean_score(submission.id), at=at))


def _unpaid_decisions() -> Sequence[int]:
    source = sa.literal("decision:") + sa.cast(Decision.id, sa.String)
    recorded = _lacks_act(ScoringAct.event == "review.decided", ScoringAct.source == source)
    return session.scalars(
        sa.select(Decision.id).where(Decision.verb.in_(VERDICTS), recorded).order_by(Decision.id)
    ).all()


def _tell_decision(decision_id: int) -> None:
    task_decided(told_of(session.get_one(Decision, decision_id)))


registry.tell_from(registry.Facts("publications", _unpublished_acts, _tell_publication))
registry.tell_from(registry.Facts("decisions", _unpaid_decisions, _tell_decision))
