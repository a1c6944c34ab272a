"""Who marks leavers and takes things over; who keeps paths and sees how far new hires are."""

import sqlalchemy as sa

from accounts.models import User
from accounts.rules import Role
from core.actors import Actor
from core.permissions import Permission, any_of, grant, holds
from wiki.people.leaving_models import Handover, Leaving
from wiki.search.gap_models import WritingTask


class P(Permission):
    """Permissions of coming and going."""

    SEE_LEAVERS = "see who leaves"
    MARK_LEAVING = "mark a person as leaving"
    SEE_LEAVING = "see what a leaver alone holds"
    STEER_LEAVING = "change or undo a leaving, and ask for the interview"
    HAND_ON = "choose who takes over what a leaver holds"
    INTERVIEW = "ask a leaver what is written nowhere"
    TAKE_OVER = "take over what a leaver holds"


def answers_for(actor: Actor, user: User | None = None) -> bool:
    """Manager and administrator for everybody, a supervisor for their team; nobody for themselves."""
    if user is None:
        return actor.holds(Role.SUPERVISOR, Role.MANAGER, Role.ADMIN)
    if actor.id == user.id:
        return False
    if actor.holds(Role.MANAGER, Role.ADMIN):
        return True
    return actor.holds(Role.SUPERVISOR) and actor.team_id is not None and actor.team_id == user.team_id


def steers(actor: Actor, leaving: Leaving | None = None) -> bool:
    """Whoever could mark this person."""
    return answers_for(actor, leaving.user if leaving else None)


def leaves(actor: Actor, leaving: Leaving | None = None) -> bool:
    """The leaver themselves; as a gate (no leaving yet) everybody may try."""
    return leaving is None or leaving.user_id == actor.id


def interviews(actor: Actor, leaving: Leaving | None = None) -> bool:
    """Who was asked to talk to them; as a gate everybody may try."""
    if leaving is None:
        return True
    task = leaving.interview
    return task is not None and actor.id == (task.taken_by_id or task.user_id)


def succeeds(actor: Actor, handover: Handover | None = None) -> bool:
    """Who is asked to take it over."""
    return handover is None or handover.successor_id == actor.id


def seen_by(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of SEE_LEAVING, over ``Leaving``."""
    mine = Leaving.user_id == actor.id
    if actor.holds(Role.MANAGER, Role.ADMIN):
        return sa.true()
    task = sa.exists().where(
        WritingTask.id == Leaving.interview_id,
        sa.func.coalesce(WritingTask.taken_by_id, WritingTask.user_id) == actor.id,
    )
    found = [mine, task]
    if actor.holds(Role.SUPERVISOR) and actor.team_id is not None:
        found.append(Leaving.user_id.in_(sa.select(User.id).where(User.team_id == actor.team_id)))
    return sa.or_(*found)


grant(
    {
        P.SEE_LEAVERS: holds(Role.SUPERVISOR, Role.TRAINING, Role.MANAGER, Role.ADMIN),
        P.MARK_LEAVING: answers_for,
        P.SEE_LEAVING: any_of(leaves, steers, interviews),
        P.STEER_LEAVING: steers,
        P.HAND_ON: any_of(leaves, steers),
        P.INTERVIEW: any_of(interviews, steers),
        P.TAKE_OVER: succeeds,
    },
    lists={P.SEE_LEAVING: seen_by},
)
