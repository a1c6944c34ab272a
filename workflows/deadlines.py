"""When a task is due, and when somebody is reminded: worked out in working minutes when it opens, kept on its row.

A task carries one alarm time, the next of the reminders before its due time and the rungs of the ladder after it.
"""

from datetime import datetime

import sqlalchemy as sa

from accounts.models import Team
from core import clock
from core.db import lock, session
from core.events import emit, on
from workflows import calendars
from workflows.calendar_queries import calendar_of
from workflows.definitions import Stage
from workflows.events import CalendarChanged, TaskEscalated, TaskReminded
from workflows.models import Review, Task
from workflows.rules import TaskState

HOUR = 60  # minutes
Bell = tuple[int, int, str | None]
LEAST = 4  # a task that comes back after a return has at least a quarter of its time: the clock stood still meanwhile


def calendar_for(stage: Stage, team_id: int | None) -> calendars.Calendar:
    """The working time of a seat: the stage's calendar, else the one of the team's site, else the centre's."""
    site = session.scalar(sa.select(Team.site_id).where(Team.id == team_id)) if team_id is not None else None
    return calendar_of(stage.calendar, site)


def set_deadline(task: Task, *, before: Task | None = None) -> None:
    """The task has a due time and its first alarm. ``before``: the same seat before the text went back to its author –
    what was left of its time goes on."""
    stage = task.definition_stage
    calendar = calendar_for(stage, task.team_id)
    task.minutes = stage.due_hours * HOUR
    if before is not None and before.closed_at is not None:
        used = calendars.between(calendar, before.opened_at, before.closed_at)
        task.minutes = max((before.minutes or task.minutes) - used, task.minutes // LEAST)
    _reckon(task, stage, calendar)


def hurry(task: Task, until: datetime) -> None:
    """The task is due by ``until`` at the latest: what it judges is in use already. It never gets more time by this."""
    stage = task.definition_stage
    calendar = calendar_for(stage, task.team_id)
    left = max(1, calendars.between(calendar, task.opened_at, until))
    if left < (task.minutes or stage.due_hours * HOUR):
        task.minutes = left
        _reckon(task, stage, calendar)
        session.flush()


def _reckon(task: Task, stage: Stage, calendar: calendars.Calendar) -> None:
    task.due_at = calendars.add(calendar, task.opened_at, task.minutes or stage.due_hours * HOUR)
    bells = _bells(stage, task.minutes or 0)
    task.alarm_at = calendars.add(calendar, task.opened_at, bells[task.alarms][0]) if task.alarms < len(bells) else None


def _bells(stage: Stage, minutes: int) -> list[Bell]:
    """(working minutes after the opening, hours before due or rung, role told – none: a reminder), in order."""
    reminders: list[Bell] = [
        (minutes - hours * HOUR, hours, None)
        for hours in sorted(stage.remind_hours, reverse=True)
        if minutes > hours * HOUR
    ]
    ladder: list[Bell] = [
        (minutes + rung.after_hours * HOUR, number, rung.to) for number, rung in enumerate(stage.escalate, start=1)
    ]
    return reminders + ladder


def sound_due(limit: int = 500) -> int:
    """Every alarm that is due has sounded afterwards, once each and in order; how many did."""
    now, sounded = clock.now(), 0
    due = sa.select(Task.review_id, Task.id).where(Task.state == TaskState.OPEN, Task.alarm_at <= now)
    rows = session.execute(due.order_by(Task.alarm_at).limit(limit)).all()
    for review_id, task_id in sorted(tuple(row) for row in rows):  # who holds several reviews takes them in this order
        lock(Review, review_id)  # as a decision does: what is decided meanwhile is not complained about
        task = session.get(Task, task_id, populate_existing=True)
        while task is not None and task.state is TaskState.OPEN and task.alarm_at is not None and task.alarm_at <= now:
            _sound(task, now)
            sounded += 1
    return sounded


def _sound(task: Task, now: datetime) -> None:
    stage = task.definition_stage
    bells = _bells(stage, task.minutes or 0)
    if task.alarms < len(bells) and task.due_at is not None:
        _minutes, step, role = bells[task.alarms]
        if role is None:
            emit(TaskReminded(task.id, task.review_id, step, task.due_at, now))
        else:
            task.escalation = step
            emit(TaskEscalated(task.id, task.review_id, step, role, task.due_at, now))
    task.alarms += 1
    _reckon(task, stage, calendar_for(stage, task.team_id))
    session.flush()


@on(CalendarChanged)
def reckon_again(event: CalendarChanged) -> None:
    """A calendar changed: what is open is due when the new one says. Lists and versions stay as they are."""
    for task in session.scalars(sa.select(Task).where(Task.state == TaskState.OPEN)):
        stage = task.definition_stage
        _reckon(task, stage, calendar_for(stage, task.team_id))
    session.flush()
