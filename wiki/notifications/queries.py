"""Reads of notices, choices and mails."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import clock
from core.actors import Actor
from core.db import session
from wiki.notifications.models import DigestTime, MailEntry, NoticeChoice, NoticeEntry
from wiki.notifications.permissions import mine
from wiki.notifications.rules import KEEP_READ, MORNING, Group, Mail, Rhythm
from workflows.models import Task
from workflows.rules import TaskState

LIMIT_OF_BADGE = 100  # beyond it the badge says '99+', and counting on would be for nobody


def notices_of(actor: Actor, *, unread: bool = False, urgent: bool = False) -> sa.Select[NoticeEntry]:
    """A person's notices, the newest first."""
    found = sa.select(NoticeEntry).where(mine(actor))
    if unread:
        found = found.where(NoticeEntry.read_at.is_(None))
    if urgent:
        found = found.where(NoticeEntry.urgent)
    return found.order_by(NoticeEntry.created_at.desc(), NoticeEntry.id.desc())


def count_unread(actor: Actor) -> int:
    """How many a person has not read; counted to ``LIMIT_OF_BADGE``."""
    some = sa.select(NoticeEntry.id).where(mine(actor), NoticeEntry.read_at.is_(None)).limit(LIMIT_OF_BADGE).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def choices_of(user_ids: list[int]) -> dict[tuple[int, Group], Mail]:
    """What these people chose, by person and group; what is not there they left as recommended."""
    rows = session.scalars(sa.select(NoticeChoice).where(NoticeChoice.user_id.in_(user_ids)))
    return {(row.user_id, row.topic): row.mail for row in rows}


def digest_time(user_id: int) -> tuple[Rhythm, int]:
    """When a person wants the digest."""
    row = session.get(DigestTime, user_id)
    return (row.rhythm, row.hour) if row is not None else (Rhythm.DAILY, MORNING)


def pending(user_id: int) -> sa.Select[NoticeEntry]:
    """What waits for a person's next digest, oldest first."""
    return (
        sa.select(NoticeEntry)
        .where(NoticeEntry.user_id == user_id, waits_for_digest())
        .order_by(NoticeEntry.created_at, NoticeEntry.id)
    )


def waits_for_digest() -> sa.ColumnElement[bool]:
    """Chosen for the digest, not in one yet, and not read meanwhile."""
    return sa.and_(NoticeEntry.way == Mail.DIGEST, NoticeEntry.mailed_at.is_(None), NoticeEntry.read_at.is_(None))


def closed_tasks(task_ids: sa.Select[int]) -> sa.ColumnElement[bool]:
    """Unread notices that say 'do something' about tasks that are closed, over ``NoticeEntry``."""
    done = sa.select(Task.id).where(Task.id.in_(task_ids), Task.state != TaskState.OPEN)
    return sa.and_(NoticeEntry.subject_kind == "task", NoticeEntry.subject_id.in_(done), NoticeEntry.read_at.is_(None))


def forgettable() -> sa.ColumnElement[bool]:
    """Notices that were read long ago."""
    return NoticeEntry.read_at < clock.now() - KEEP_READ


def mails() -> sa.Select[MailEntry]:
    """Every mail, the newest first."""
    return sa.select(MailEntry).options(joinedload(MailEntry.user)).order_by(MailEntry.id.desc())
