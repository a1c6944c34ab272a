"""Who may look at a task and who may decide it – as predicates, and as the SQL that lists exactly the same.

A seat is held in one's own right, or as the deputy of somebody who is away: the deputy must have the role, and gains
what the seat is narrowed to – a team, a category, named people. Nobody fills two seats of one round, and whoever was
stood in for counts as having acted too (``RoundPerson``).
"""

from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa

from accounts.absences import Principal, principals
from accounts.rules import REVIEWERS
from core.actors import Actor
from core.db import session
from core.permissions import Permission, all_of, anybody, grant, holds, none_of
from workflows import subjects
from workflows.caretaker_models import Caretaker
from workflows.models import Decision, ExpertRequest, Review, ReviewAuthor, RoundPerson, Task, TaskPerson
from workflows.rules import TaskState, Verb


class P(Permission):
    """Permissions of reviewing."""

    ENTER_REVIEWS = "open the inbox"
    HOLD_SEATS = "have an inbox in the menu"
    SEE_TASK = "know that a task exists"
    DECIDE = "decide a task"
    MANAGE_PIPELINES = "edit pipelines"
    WATCH_TEAM = "see the load of a team"
    WATCH_ALL = "see every open review"
    SEE_CALIBRATION = "see how far reviewers agree"
    NAME_REVIEWERS = "see whose verdicts were compared"


@dataclass(frozen=True, slots=True)
class Capacity:
    """In whose right somebody fills a seat: their own, or that of ``on_behalf_of``, who is away."""

    on_behalf_of: int | None = None


def is_visible(actor: Actor, task: Task) -> bool:
    """The subject may be known to the person, or they hold one of its seats."""
    review = task.review
    return holds_the_seat(actor, task) or subjects.subject(review.subject_kind).visible(actor, review.subject_id)


def wrote_it(actor: Actor, task: Task) -> bool:
    """Author or co-author – or one of the two who published it before the review."""
    return actor.id in task.review.outsider_ids


def holds_the_seat(actor: Actor, task: Task) -> bool:
    """Has the role, and fits what the seat is narrowed to – also as the deputy of somebody who does."""
    return actor.holds(task.role) and (
        _fits(actor.id, actor.team_id, task) or any(_fits(p.id, p.team_id, task) for p in _principals(actor, task))
    )


def _principals(actor: Actor, task: Task) -> list[Principal]:
    """The people who are away, hold the seat's role, and named this person to judge for them."""
    return [person for person in principals(actor.id) if task.role in person.roles]


def _fits(user_id: int, team_id: int | None, task: Task) -> bool:
    if task.team_id is not None and task.team_id != team_id:
        return False
    if task.category is not None and not _looks_after(user_id, task.category):
        return False
    return not task.named or any(row.user_id == user_id for row in task.people)


def _looks_after(user_id: int, category: str) -> bool:
    return session.get(Caretaker, (user_id, category)) is not None


def capacity(actor: Actor, task: Task) -> Capacity | None:
    """In whose right this person would decide now; ``None`` when in nobody's.

    What lies with somebody who is away is decided for them; everything else in one's own right if one has it.
    """
    if not actor.holds(task.role):
        return None
    barred = who_acted(task.round_id) | set(task.review.outsider_ids)
    if actor.id in barred:
        return None
    for_others = [p for p in _principals(actor, task) if p.id not in barred and _fits(p.id, p.team_id, task)]
    holder = next((p for p in for_others if p.id == task.claimed_by_id), None)
    if holder is None and _fits(actor.id, actor.team_id, task):
        return Capacity()
    chosen = holder or (for_others[0] if for_others else None)
    return Capacity(chosen.id) if chosen else None


def may_fill_it(actor: Actor, task: Task) -> bool:
    """Somebody in whose right they may decide has not acted yet."""
    return capacity(actor, task) is not None


def is_open(actor: Actor, task: Task) -> bool:
    """Still waiting for a verdict."""
    return task.state is TaskState.OPEN


def acted_this_round(actor: Actor, task: Task) -> bool:
    """Has already judged in this round, or a deputy did for them, or an approval of theirs was carried into it."""
    return actor.id in who_acted(task.round_id)


def who_acted(round_id: int) -> frozenset[int]:
    """Everybody who counts as having filled a seat of a running round (0: of none that has begun, see ``seating``)."""
    if round_id == 0:
        return frozenset()
    return frozenset(session.scalars(_acted(), {"round": round_id}))


@cache  # asked several times with every decision
def _acted() -> sa.Select[int]:
    return sa.select(RoundPerson.user_id).where(RoundPerson.round_id == sa.bindparam("round", type_=sa.Integer))


def seats_of(actor: Actor) -> sa.ColumnElement[bool]:
    """Tasks, open or past, in seats that this person holds now, over ``Task``: the twin of ``holds_the_seat``."""
    mine = _fitting(actor.id, actor.team_id)
    theirs = [sa.and_(Task.role.in_(_codes(p.roles)), _fitting(p.id, p.team_id)) for p in principals(actor.id)]
    return sa.and_(Task.role.in_(_codes(actor.roles)), sa.or_(mine, *theirs))


def fits_alone(actor: Actor) -> sa.ColumnElement[bool]:
    """Tasks in seats whose narrowing this person fits in their own right, over ``Task``."""
    return _fitting(actor.id, actor.team_id)


def _codes(roles: frozenset[str]) -> list[str]:
    return sorted(str(role) for role in roles)


def _fitting(user_id: int, team_id: int | None) -> sa.ColumnElement[bool]:
    named = sa.exists().where(TaskPerson.task_id == Task.id, TaskPerson.user_id == user_id)
    looked_after = sa.select(Caretaker.category).where(Caretaker.user_id == user_id)
    return sa.and_(
        sa.or_(Task.team_id.is_(None), Task.team_id == team_id),
        sa.or_(Task.category.is_(None), Task.category.in_(looked_after)),
        sa.or_(sa.not_(Task.named), named),
    )


def _not_barred(user_id: int) -> sa.ColumnElement[bool]:
    """Is no author and has not acted. As sets, which are small, and not row by row over thousands of open tasks."""
    return sa.and_(
        Task.review_id.not_in(sa.select(ReviewAuthor.review_id).where(ReviewAuthor.user_id == user_id)),
        Task.round_id.not_in(sa.select(RoundPerson.round_id).where(RoundPerson.user_id == user_id)),
    )


def decidable(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of DECIDE, over ``Task``."""
    rights = [_fitting(actor.id, actor.team_id)]
    for person in principals(actor.id):
        theirs = sa.and_(_fitting(person.id, person.team_id), _not_barred(person.id))
        rights.append(sa.and_(Task.role.in_(_codes(person.roles)), theirs))
    return sa.and_(
        Task.state == TaskState.OPEN, Task.role.in_(_codes(actor.roles)), _not_barred(actor.id), sa.or_(*rights)
    )


def judges(actor: Actor, thing: object = None) -> bool:
    """Holds a role that sits in pipelines, or is named for something that waits."""
    return actor.holds(*REVIEWERS) or session.scalar(sa.select(Task.id).where(decidable(actor)).limit(1)) is not None


def touched(actor: Actor) -> sa.ColumnElement[bool]:
    """Reviews in which the person gave a verdict, was asked for an opinion, or may give a verdict now, over
    ``Review``. A comment opens no door."""
    mine = sa.exists().where(
        Decision.review_id == Review.id, Decision.actor_id == actor.id, Decision.verb != Verb.COMMENT
    )
    asked = sa.exists().where(
        ExpertRequest.review_id == Review.id, ExpertRequest.user_id == actor.id, ExpertRequest.revoked_at.is_(None)
    )
    return sa.or_(mine, asked, Review.id.in_(sa.select(Task.review_id).where(decidable(actor))))


grant(
    {
        P.ENTER_REVIEWS: anybody,  # a seat may name anybody, so the page is open and its list decides
        P.HOLD_SEATS: judges,
        P.SEE_TASK: is_visible,
        P.DECIDE: all_of(is_open, none_of(wrote_it, acted_this_round), may_fill_it),
        P.MANAGE_PIPELINES: holds("manager"),
        P.WATCH_TEAM: holds("supervisor", "manager"),
        P.WATCH_ALL: holds("manager"),
        P.SEE_CALIBRATION: holds(*REVIEWERS, "manager"),
        P.NAME_REVIEWERS: holds("manager"),
    },
    lists={P.DECIDE: decidable},
)
