"""What the tests of publication before review share."""

from datetime import UTC, datetime

import sqlalchemy as sa

from core.audit import trail
from core.db import session
from wiki.articles import ops, provisional
from wiki.articles.models import Article, ProvisionalPublication
from wiki.scoring.models import LedgerEntry

NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
WHY = "The network is down in the whole town."


def emergency(submission, two) -> ProvisionalPublication:
    supervisor, manager = two
    provisional.ask_emergency(submission, manager, WHY)
    return provisional.confirm_emergency(submission, supervisor)


def shown(submission) -> Article:
    return session.get_one(Article, submission.article_id)


def verbs(submission) -> list[str]:
    return [row.verb for row in session.scalars(trail(ops.SUBJECT, submission.id))]


def earned(submission, event: str = "%.accepted") -> list[str]:
    found = sa.select(LedgerEntry.event).where(
        LedgerEntry.event.like(event), LedgerEntry.source == f"submission:{submission.id}"
    )
    return list(session.scalars(found))
