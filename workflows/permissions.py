"""Who may look at a task and who may decide it – as predicates, and as the SQL that lists exactly the same."""

import sqlalchemy as sa

from accounts.rules import REVIEWERS
from core.actors import Actor
from core.db import session
from core.permissions import Permission, all_of, anybody, grant, holds, none_of
from workflows import subjects
from workflows.models import CarriedApproval, Decision, Review, ReviewAuthor, Task, TaskPerson
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


def is_visible(actor: Actor, task: Task) -> bool:
    """The subject may be known to the person, or they hold one of its seats."""
    review = task.review
    return subjects.subject(review.subject_kind).visible(actor, review.subject_id) or holds_the_seat(actor, task)


def wrote_it(actor: Actor, task: Task) -> bool:
    """Author or co-author."""
    return actor.id in task.review.author_ids


def holds_the_seat(actor: Actor, task: Task) -> bool:
    """Has the role, is in the team if the seat is a team's, is named if it names people."""
    if not actor.holds(task.role):
        return False
    if task.team_id is not None and task.team_id != actor.team_id:
        return False
    return not task.named or any(row.user_id == actor.id for row in task.people)


def is_open(actor: Actor, task: Task) -> bool:
    """Still waiting for a verdict."""
    return task.state is TaskState.OPEN


def acted_this_round(actor: Actor, task: Task) -> bool:
    """Has already judged in this round, or an approval of theirs was carried into it: nobody fills two seats."""
    return actor.id in who_acted(task.round_id)


def who_acted(round_id: int) -> frozenset[int]:
    """Everybody whose verdict counts in a round."""
    own = sa.select(Decision.actor_id).where(Decision.round_id == round_id, Decision.verb != Verb.COMMENT)
    carried = (
        sa.select(Decision.actor_id)
        .join(CarriedApproval, CarriedApproval.decision_id == Decision.id)
        .where(CarriedApproval.round_id == round_id)
    )
    return frozenset(session.scalars(sa.union(own, carried)))


def approvers(round_id: int) -> frozenset[int]:
    """Everybody whose approval stands in a round, given in it or carried into it."""
    carried = sa.select(CarriedApproval.decision_id).where(CarriedApproval.round_id == round_id)
    found = sa.select(Decision.actor_id).where(
        Decision.verb == Verb.APPROVE, sa.or_(Decision.round_id == round_id, Decision.id.in_(carried))
    )
    return frozenset(session.scalars(found))


def decidable(actor: Actor) -> sa.ColumnElement[bool]:
    """The twin of DECIDE, over ``Task``."""
    wrote = sa.exists().where(ReviewAuthor.review_id == Task.review_id, ReviewAuthor.user_id == actor.id)
    judged = sa.exists().where(
        Decision.round_id == Task.round_id, Decision.actor_id == actor.id, Decision.verb != Verb.COMMENT
    )
    earlier = sa.alias(Decision.__table__, "earlier")
    carried = sa.exists().where(
        CarriedApproval.round_id == Task.round_id,
        CarriedApproval.decision_id == earlier.c.id,
        earlier.c.actor_id == actor.id,
    )
    named = sa.exists().where(TaskPerson.task_id == Task.id, TaskPerson.user_id == actor.id)
    return sa.and_(
        Task.state == TaskState.OPEN,
        Task.role.in_(sorted(actor.roles)),
        sa.or_(Task.team_id.is_(None), Task.team_id == actor.team_id),
        sa.or_(sa.not_(Task.named), named),
        sa.not_(wrote),
        sa.not_(judged),
        sa.not_(carried),
    )


def judges(actor: Actor, thing: object = None) -> bool:
    """Holds a role that sits in pipelines, or is named for something that waits."""
    return actor.holds(*REVIEWERS) or session.scalar(sa.select(Task.id).where(decidable(actor)).limit(1)) is not None


def touched(actor: Actor) -> sa.ColumnElement[bool]:
    """Reviews in which the person gave a verdict or may give one now, over ``Review``. A comment opens no door."""
    mine = sa.exists().where(
        Decision.review_id == Review.id, Decision.actor_id == actor.id, Decision.verb != Verb.COMMENT
    )
    return sa.or_(mine, Review.id.in_(sa.select(Task.review_id).where(decidable(actor))))


grant(
    {
        P.ENTER_REVIEWS: anybody,  # a seat may name anybody, so the page is open and its list decides
        P.HOLD_SEATS: judges,
        P.SEE_TASK: is_visible,
        P.DECIDE: all_of(is_open, holds_the_seat, none_of(wrote_it, acted_this_round)),
        P.MANAGE_PIPELINES: holds("manager"),
        P.WATCH_TEAM: holds("supervisor", "manager"),
        P.WATCH_ALL: holds("manager"),
        P.SEE_CALIBRATION: holds(*REVIEWERS, "manager"),
        P.NAME_REVIEWERS: holds("manager"),
    },
    lists={P.DECIDE: decidable},
)
