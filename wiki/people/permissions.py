"""Who marks leavers and takes things over; who keeps paths and sees how far new hires are."""

import sqlalchemy as sa

from accounts.models import User
from accounts.rules import Role
from core.actors import Actor
from core.permissions import Permission, any_of, grant, holds
from wiki.people.leaving_models import Handover, Leaving
from wiki.people.path_models import Newcomer
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
    KEEP_PATHS = "build the path of new hires, and put people on it"
    SEE_COHORTS = "see how far new hires are"
    SEE_NEWCOMER = "see how far a new hire is"
    SIGN_STEP = "sign what a new hire has done"
    WALK = "walk one's own path"


def answers_for(actor: Actor, user: User | None = None) -> bool:
    """Manager and administrator for everybody, a supervisor for their team; nobody for themselves."""
    if user is None:
        return actor.holds(Role.SUPERVISOR, Role.MANAGER, Role.ADMIN)
    if actor.id == user.id:
        return False
    if actor.holds(Role.MANAGER, Role.ADMIN):
        return True
    return actor.holds(Role.SUPERVISOR) and actor.team_id is not None and actor.team_id == user.team_id


def may_shut_out(actor: Actor, user: User) -> bool:
    """End this sign-in at the last day: nobody for those who stand above them. Disabling people is the administrator's;
    without this a supervisor would disable the manager of their team by marking them."""
    if actor.holds(Role.ADMIN):
        return True
    above = {Role.ADMIN} if actor.holds(Role.MANAGER) else {Role.ADMIN, Role.MANAGER}
    return user.roles.isdisjoint(above)


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


def leads(actor: Actor, newcomer: Newcomer | None = None) -> bool:
    """Trainers and the manager; a supervisor the people of their team. Nobody signs for themselves."""
    if newcomer is None:
        return actor.holds(Role.TRAINING, Role.SUPERVISOR, Role.MANAGER)
    if newcomer.user_id == actor.id:
        return False
    if actor.holds(Role.TRAINING, Role.MANAGER):
        return True
    return actor.holds(Role.SUPERVISOR) and actor.team_id is not None and actor.team_id == newcomer.user.team_id


def is_newcomer(actor: Actor, newcomer: Newcomer | None = None) -> bool:
    """The new hire themselves; as a gate everybody may try."""
    return newcomer is None or newcomer.user_id == actor.id


def newcomers_of(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of SEE_NEWCOMER, over ``Newcomer``."""
    if actor.holds(Role.TRAINING, Role.MANAGER):
        return sa.true()
    mine = Newcomer.user_id == actor.id
    if actor.holds(Role.SUPERVISOR) and actor.team_id is not None:
        return sa.or_(mine, Newcomer.user_id.in_(sa.select(User.id).where(User.team_id == actor.team_id)))
    return mine


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
        P.KEEP_PATHS: holds(Role.TRAINING, Role.MANAGER),
        P.SEE_COHORTS: holds(Role.TRAINING, Role.SUPERVISOR, Role.MANAGER),
        P.SEE_NEWCOMER: any_of(leads, is_newcomer),
        P.SIGN_STEP: leads,
        P.WALK: is_newcomer,
    },
    lists={P.SEE_LEAVING: seen_by, P.SEE_NEWCOMER: newcomers_of},
)
