"""Who keeps the words, who looks at what was asked, and who writes what is missing."""

import sqlalchemy as sa

from core.actors import Actor
from core.permissions import Permission, grant, holds
from wiki.search.gap_models import WritingTask
from wiki.search.writing_rules import LIVE


class P(Permission):
    """Permissions of search."""

    KEEP_WORDS = "keep the words of search"
    SEE_GAPS = "see what was asked and not found"
    SEE_WRITING = "see a writing task"
    WRITE = "write what a writing task asks for"
    STEER_WRITING = "hand over or drop a writing task"


def asked_of(actor: Actor, task: WritingTask | None = None) -> bool:
    """It lies with this person, or waits for somebody of their team. As a gate (no task yet) everybody may try."""
    if task is None:
        return True
    if task.state not in LIVE:
        return False
    if task.taken_by_id is not None:
        return task.taken_by_id == actor.id
    return task.user_id == actor.id or (task.team_id is not None and task.team_id == actor.team_id)


def wrote(actor: Actor, task: WritingTask) -> bool:
    """Whose task it is, or was."""
    return actor.id in {task.user_id, task.taken_by_id} or (task.team_id is not None and task.team_id == actor.team_id)


def steers(actor: Actor, task: WritingTask | None = None) -> bool:
    """The manager, and who asked for the text."""
    return task is None or actor.holds("manager") or task.asked_by_id == actor.id


sees_gaps = holds("manager", "training", "supervisor")


def seen(actor: Actor, task: WritingTask | None = None) -> bool:
    """Those whom it concerns, and those who look at gaps."""
    return task is None or sees_gaps(actor, task) or wrote(actor, task)


def writable(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of WRITE, over ``WritingTask``."""
    free = sa.and_(
        WritingTask.taken_by_id.is_(None),
        sa.or_(
            WritingTask.user_id == actor.id,
            WritingTask.team_id == actor.team_id if actor.team_id is not None else sa.false(),
        ),
    )
    return sa.and_(WritingTask.state.in_(LIVE), sa.or_(WritingTask.taken_by_id == actor.id, free))


grant(
    {
        P.KEEP_WORDS: holds("manager"),
        P.SEE_GAPS: sees_gaps,
        P.SEE_WRITING: seen,
        P.WRITE: asked_of,
        P.STEER_WRITING: steers,
    },
    lists={P.WRITE: writable},
)
