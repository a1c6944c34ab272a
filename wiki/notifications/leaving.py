"""Who hears that somebody leaves, and what is said of it.

As in ``audiences``: each first line says in plain words who it is, and ``docs/notices.md`` prints it.
"""

from typing import Any

import sqlalchemy as sa

from accounts.models import User
from accounts.rules import Role
from core.actors import Actor
from core.db import session
from core.permissions import can
from wiki.notifications.audiences import FURTHER, People, managers, of_team
from wiki.notifications.facts import Fact, name_of, path_to
from wiki.notifications.rules import shortened
from wiki.people.leaving_models import Handover, Leaving
from wiki.people.permissions import P
from wiki.search.gap_models import WritingTask
from wiki.search.writing_rules import Wanted


def knows_of(actor: Actor, leaving_id: int) -> bool:
    """Those whom a leaving concerns, and who was to take something over."""
    row = session.get(Leaving, leaving_id)
    asked = sa.select(Handover.id).where(Handover.leaving_id == leaving_id, Handover.successor_id == actor.id)
    return row is not None and (can(actor, P.SEE_LEAVING, row) or session.scalar(asked.limit(1)) is not None)


FURTHER["leaving"] = knows_of
FURTHER["handovers"] = lambda actor, user_id: actor.id == user_id


def is_for_gap(event: Any) -> bool:
    """people looked for it and did not find it"""
    task = session.get(WritingTask, event.task_id)
    return task is not None and task.wanted is Wanted.GAP


def is_interview(event: Any) -> bool:
    """it is the interview of somebody who leaves"""
    task = session.get(WritingTask, event.task_id)
    return task is not None and task.wanted is Wanted.INTERVIEW


def leaver(event: Any) -> People:
    """who leaves"""
    return {event.user_id}


def successor(event: Any) -> People:
    """who is asked to take it over"""
    return {event.successor_id}


def successors(event: Any) -> People:
    """who was asked to take something over and had not answered"""
    return set(event.successor_ids)


def who_asked(event: Any) -> People:
    """who asked for it, else who noted the leaving"""
    row = session.get(Handover, event.handover_id)
    if row is None:
        return set()
    asked = session.get(User, row.asked_by_id)
    return {row.asked_by_id if asked is not None and asked.active else row.leaving.marked_by_id}


def left_behind(event: Any) -> People:
    """who noted it, the supervisors of the team, and the knowledge managers when something has nobody"""
    row = session.get(Leaving, event.leaving_id)
    found = of_team(event.team_id, (Role.SUPERVISOR,)) | ({row.marked_by_id} if row else set())
    if event.left_over:
        found |= managers(event)
    return found - {event.user_id}


def leaving(event: Any) -> Fact | None:
    """Somebody's last day; the page of what they hold."""
    row = session.get(Leaving, event.leaving_id)
    if row is None:
        return None
    params = {
        "title": row.user.name,
        "who": name_of(getattr(event, "actor_id", None)) or row.user.name,
        "due_on": row.last_day.isoformat(),
        "count": getattr(event, "count", None) or getattr(event, "left_over", 0),
    }
    return Fact("leaving", row.id, path_to("leaving.show", leaving_id=row.id), event.at, params)


def called_off(event: Any) -> Fact | None:
    """That somebody stays; the page of what else is to be taken over."""
    found = leaving(event)
    return Fact("leaving", found.subject_id, path_to("leaving.handovers"), event.at, found.params) if found else None


def handover(event: Any) -> Fact | None:
    """What is to be taken over, and the page where it is answered."""
    found = leaving(event)
    if found is None:
        return None
    return Fact("handovers", event.successor_id, path_to("leaving.handovers"), event.at, found.params)


def declined(event: Any) -> Fact | None:
    """What was declined, and why."""
    row, found = session.get(Handover, event.handover_id), leaving(event)
    if row is None or found is None:
        return None
    params = {**found.params, "who": name_of(event.successor_id), "note": shortened(row.note)}
    return Fact("leaving", row.leaving_id, found.url, event.at, params)
