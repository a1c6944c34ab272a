"""Tasks as lists show them: the inbox, home pages, the team board."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import url_for

from core import clock
from core.actors import Actor
from core.db import session
from core.permissions import allowed
from workflows import subjects
from workflows.models import Task
from workflows.permissions import P

SOON = timedelta(hours=4)


def counts_for(who: Actor) -> dict[str, int]:
    """All, overdue, and due within a day."""
    now = clock.now()
    everything = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.case((Task.due_at < now, 1), else_=0)), 0),
        sa.func.coalesce(sa.func.sum(sa.case((Task.due_at < now + timedelta(hours=24), 1), else_=0)), 0),
    ).where(allowed(who, P.DECIDE))
    total, overdue, today = session.execute(everything).one()
    return {"all": total, "overdue": overdue, "today": today}


def rows_of(tasks: list[Task]) -> list[dict[str, Any]]:
    """Tasks as the inbox lists them."""
    cards: dict[tuple[str, int], dict[str, Any]] = {}
    for kind in {task.review.subject_kind for task in tasks}:
        ids = [task.review.subject_id for task in tasks if task.review.subject_kind == kind]
        cards |= {(kind, key): value for key, value in subjects.subject(kind).cards(ids).items()}
    return [
        {
            "id": task.id,
            "url": url_for("reviews.show", task_id=task.id),
            "title": task.review.title,
            "kind": task.review.topic,
            "stage": task.stage,
            "role": task.role,
            "due_at": task.due_at,
            "due_look": look(task),
            "round": task.review.round_number,
            "submitted_at": task.opened_at,
            **cards.get((task.review.subject_kind, task.review.subject_id), {}),
        }
        for task in tasks
    ]


def look(task: Task) -> str:
    if task.due_at is None or task.due_at < clock.now():
        return ""
    return "soon" if task.due_at - clock.now() < SOON else ""
