"""What the worker does for reviews now and then: alarms, blocked seats, rounds that are over."""

from datetime import timedelta

import sqlalchemy as sa

from core import clock
from core.chores import chore
from core.db import session
from core.events import emit
from workflows import deadlines
from workflows.events import TaskBlocked
from workflows.models import RoundPerson, Task
from workflows.rounds import close
from workflows.rules import TaskState
from workflows.shortage import WAITING, blocked_tasks

FORGET_BLIND = timedelta(days=7)  # a second opinion that is so much overdue will not come


@chore(every=20)
def sound_alarms() -> None:
    """Reminders and escalations that are due have been told."""
    deadlines.sound_due()


@chore(every=300)
def find_blocked() -> None:
    """A task waits for nobody when too few people are left (somebody left, lost a role, or wrote in the text): the
    managers are told once; a task that somebody can take again is no longer shown as blocked."""
    now, blocked = clock.now(), blocked_tasks()
    marked = set(session.scalars(sa.select(Task.id).where(WAITING, Task.blocked_at.is_not(None))))
    for task_id in sorted(blocked ^ marked):
        task = session.get_one(Task, task_id)
        task.blocked_at = now if task_id in blocked else None
        if task_id in blocked:
            emit(TaskBlocked(task.id, task.review_id, now))
    session.flush()


@chore(every=3600)
def forget_what_is_over() -> None:
    """Second opinions that nobody gave are closed; who acted in a round without open tasks is told by decisions."""
    late = sa.select(Task).where(Task.state == TaskState.OPEN, Task.blind, Task.due_at < clock.now() - FORGET_BLIND)
    for task in session.scalars(late):
        close(task, TaskState.VOID)
    session.flush()
    # as one set: asked row by row, SQLite walks through all open tasks for each (14 s for 15,000 rows and 10,000 tasks)
    running = sa.select(Task.round_id).where(Task.state == TaskState.OPEN)
    over = RoundPerson.round_id.not_in(running)
    session.execute(sa.delete(RoundPerson).where(over).execution_options(synchronize_session=False))
