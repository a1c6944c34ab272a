"""Who hears of work that is asked of somebody: texts to be written, tasks of a course to be signed off.

As in ``audiences``: each first line says in plain words who it is, and ``docs/notices.md`` prints it.
"""

from typing import Any

import sqlalchemy as sa

from accounts.models import User
from accounts.rules import Role
from core.db import session
from wiki.notifications.audiences import People, of_team
from wiki.search.gap_models import WritingTask
from wiki.search.writing_rules import LIVE
from wiki.training.practice_models import TaskReport
from wiki.training.practice_permissions import waits_for_a_word


def asked_writers(event: Any) -> People:
    """who took the writing task, else the person or the team that is asked"""
    task = session.get(WritingTask, event.task_id)
    if task is None:
        return set()
    if task.taken_by_id or task.user_id:
        return {task.taken_by_id or task.user_id or 0}
    return set(session.scalars(sa.select(User.id).where(User.team_id == task.team_id, User.active)))


def who_asked_for_text(event: Any) -> People:
    """who asked for the text"""
    task = session.get(WritingTask, event.task_id)
    return {task.asked_by_id} if task is not None else set()


def around_writing(event: Any) -> People:
    """who is asked to write it, and who asked for it"""
    task = session.get(WritingTask, event.task_id)
    return asked_writers(event) | {task.asked_by_id} if task is not None and task.state in LIVE else set()


# ── tasks of a course ────────────────────────────────────────────────────────────────────────────────────────────────


def signers(event: Any) -> People:
    """the supervisors of the learner's team, and the trainer whose course it is, while nobody has answered"""
    report = session.get(TaskReport, event.report_id)
    if report is None or report.verdict is not None or not waits_for_a_word(report):
        return set()
    return of_team(report.enrolment.user.team_id, (Role.SUPERVISOR,)) | {report.task.course.author_id}


def task_learner(event: Any) -> People:
    """who had said that it is done"""
    return {event.user_id}
