"""What happened to a task between being seen and being decided: who came first, what they did, and when."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from accounts.models import User
from core import audit
from core.db import session
from core.errors import Conflict
from core.i18n import _, local
from workflows.models import Decision, Task
from workflows.rules import VERDICTS, TaskState, Verb

BACK = "back"  # trail: somebody is back, and what their deputy saw is theirs again
NAMED = "named"  # trail: a manager has said who decides a task


def moved(task: Task) -> Conflict:
    """409: what happened to the task since it was seen, naming who and when."""
    about: dict[str, Any] = {"version": task.version, "state": task.state.value, "task_id": task.id}
    found = _verdict_on(task) or _overtaken_by(task)
    if found is None:
        sentence = _("This has changed since you opened it. Look at it again before you decide.")
        return Conflict(sentence, code="moved", **about)
    name, at, verb = found
    time = f"{local(at):%H:%M:%S}"
    if verb == Verb.WITHDRAW:
        sentence = _("%(name)s withdrew this at %(time)s.", name=name, time=time)
    elif verb == BACK:
        sentence = _("%(name)s is back since %(time)s and decides this again.", name=name, time=time)
    elif verb == NAMED:
        sentence = _("%(name)s said at %(time)s who decides this. Look at it again.", name=name, time=time)
    elif verb == Verb.REVISE:
        sentence = _("%(name)s changed the text at %(time)s. Look at it again before you decide.", name=name, time=time)
    else:
        sentence = _("%(name)s was faster and decided this at %(time)s.", name=name, time=time)
    return Conflict(sentence, code="moved", decided_by=name, decided_at=at.isoformat(), verb=verb, **about)


def _verdict_on(task: Task) -> tuple[str, datetime, str] | None:
    """Who decided this very task."""
    if task.state is not TaskState.DONE:
        return None
    row = session.execute(
        sa.select(User.name, Decision.decided_at, Decision.verb)
        .join(User, User.id == Decision.actor_id)
        .where(Decision.task_id == task.id, Decision.verb != Verb.COMMENT)
        .order_by(Decision.id.desc())
        .limit(1)
    ).first()
    return (row.name, row.decided_at, row.verb.value) if row else None


def _overtaken_by(task: Task) -> tuple[str, datetime, str] | None:
    """Whose act closed the task without deciding it, or changed the text under it."""
    verbs = [*VERDICTS, Verb.WITHDRAW, Verb.REVISE] if task.closed_at else [Verb.REVISE, BACK, NAMED]
    entries = audit.trail(task.review.subject_kind, task.review.subject_id).where(
        audit.TrailEntry.verb.in_(verbs), audit.TrailEntry.at >= (task.closed_at or task.opened_at)
    )
    rows = list(session.scalars(entries))
    if not rows:
        return None
    entry = rows[0] if task.closed_at else rows[-1]
    return entry.actor_name, entry.at, entry.verb
