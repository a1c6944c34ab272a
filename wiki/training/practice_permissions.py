"""Who signs off what somebody says they have done – as predicates, and as the SQL that lists exactly the same."""

import sqlalchemy as sa

from accounts.models import User
from accounts.rules import Role
from core.actors import Actor
from core.db import session
from core.permissions import Permission, all_of, any_of, can, grant, holds, none_of
from wiki.training.models import Enrolment
from wiki.training.permissions import teaches
from wiki.training.practice_models import CourseTask, TaskReport
from wiki.training.version_models import VersionStep


class Practice(Permission):
    """Permissions around tasks."""

    SIGN_OFFS = "see which tasks wait to be signed off"
    SIGN_OFF = "sign off a task or send it back"


supervises = holds(Role.SUPERVISOR)


def is_of_my_team(actor: Actor, report: TaskReport) -> bool:
    """The learner belongs to the actor's team now."""
    return actor.team_id is not None and report.enrolment.user.team_id == actor.team_id


def is_mine(actor: Actor, report: TaskReport) -> bool:
    """The actor is the learner: nobody signs for themselves."""
    return report.enrolment.user_id == actor.id


def to_sign(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of SIGN_OFF, over ``TaskReport``."""
    people = sa.select(Enrolment.id).where(Enrolment.user_id != actor.id)
    if not teaches(actor, None):
        if not supervises(actor, None) or actor.team_id is None:
            return sa.false()
        people = people.join(User, User.id == Enrolment.user_id).where(User.team_id == actor.team_id)
    return TaskReport.enrolment_id.in_(people)


def still_asked() -> sa.ColumnElement[bool]:
    """The task is in its course, or in the version that the learner is in; over ``CourseTask`` and ``Enrolment``."""
    mine = sa.exists().where(
        VersionStep.version_id == Enrolment.version_id, VersionStep.kind == "task", VersionStep.ref_id == CourseTask.id
    )
    return sa.or_(CourseTask.removed_at.is_(None), mine.correlate(CourseTask, Enrolment))


def waits_for_a_word(report: TaskReport) -> bool:
    """The same of one report."""
    found = sa.select(TaskReport.id).join(TaskReport.task).join(TaskReport.enrolment)
    return session.scalar(found.where(TaskReport.id == report.id, still_asked())) is not None


def waiting(actor: Actor) -> sa.Select[TaskReport]:
    """What this person may sign off and nobody has answered."""
    return (
        sa.select(TaskReport)
        .join(TaskReport.task)
        .join(TaskReport.enrolment)
        .where(TaskReport.verdict.is_(None), still_asked(), to_sign(actor))
    )


def count_to_sign(actor: Actor) -> int:
    """How many tasks wait for this person; no statement for those who never sign."""
    if not can(actor, Practice.SIGN_OFFS):
        return 0
    return session.scalar(sa.select(sa.func.count()).select_from(waiting(actor).subquery())) or 0


grant(
    {
        Practice.SIGN_OFFS: any_of(supervises, teaches),
        Practice.SIGN_OFF: all_of(any_of(teaches, all_of(supervises, is_of_my_team)), none_of(is_mine)),
    },
    lists={Practice.SIGN_OFF: to_sign},
)
