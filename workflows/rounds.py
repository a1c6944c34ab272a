"""The machinery below the verbs: rounds, the tasks of a stage, the votes that stand, and telling the others."""

import hashlib
from collections.abc import Iterable
from functools import cache

import sqlalchemy as sa

from accounts.models import Team, User
from core import clock
from core.actors import Actor
from core.db import session
from core.events import emit
from workflows import deadlines, routing
from workflows.definitions import ALL, Seat, Stage
from workflows.events import ReviewMoved, TaskBlocked, TaskOpened
from workflows.models import (
    AUTHOR,
    CarriedApproval,
    Decision,
    Review,
    ReviewAuthor,
    Round,
    RoundPerson,
    Task,
    TaskPerson,
)
from workflows.queries import count_eligible, eligible_for
from workflows.rules import Ask, Bar, Position, State, TaskState, Verb, Vote, complete

ENDED = (State.APPROVED, State.REJECTED, State.WITHDRAWN)


def set_authors(review: Review, author_ids: Iterable[int], part: str = AUTHOR) -> None:
    """These people may not judge here (any more)."""
    known = {row.user_id: row for row in review.authors}
    for user_id in dict.fromkeys(author_ids):
        if user_id not in known:
            review.authors.append(ReviewAuthor(user_id=user_id, part=part))
        elif part == AUTHOR:
            known[user_id].part = part


def current_round(review: Review) -> Round:
    """The newest round."""
    return session.scalars(
        sa.select(Round).where(Round.review_id == review.id).order_by(Round.number.desc()).limit(1)
    ).one()


def votes_of(current: Round) -> tuple[Vote, ...]:
    """Every verdict that counts in a round: given in it, or carried into it."""
    rows = session.execute(_counting(), {"round": current.id, "review": current.review_id})
    return tuple(
        Vote(stage, seat, verb, frozenset({actor_id, behalf_id or actor_id}), decision_id)
        for decision_id, stage, seat, verb, actor_id, behalf_id in rows
    )


@cache  # asked with every decision
def _counting() -> sa.Select[int, str, str, Verb, int, int | None]:
    here = sa.bindparam("round", type_=sa.Integer)
    carried = sa.select(CarriedApproval.decision_id).where(CarriedApproval.round_id == here)
    one = Decision
    return (
        sa.select(one.id, one.stage, one.seat, one.verb, one.actor_id, one.on_behalf_of_id)
        .where(
            one.review_id == sa.bindparam("review", type_=sa.Integer),
            one.verb != Verb.COMMENT,
            sa.not_(one.blind),
            sa.or_(one.round_id == here, one.id.in_(carried)),
        )
        .order_by(one.id)
    )


def sizes_of(review: Review) -> dict[tuple[str, str], int]:
    """How many approvals the seats that need everybody have to have, as when each opened last: an approval that was
    carried is one of them."""
    if all(seat.approvals != ALL for stage in review.definition.stages for seat in stage.seats):
        return {}
    rows = session.execute(
        sa.select(Task.stage, Task.seat, Task.needed)
        .where(Task.review_id == review.id, sa.not_(Task.blind))
        .order_by(Task.id)
    )
    return {(stage, seat): count for stage, seat, count in rows}


def ask(review: Review, current: Round, **about: object) -> Ask:
    """What the rules may look at, of a review as it stands."""
    return Ask(
        review.definition,
        review.position,
        votes_of(current),
        authors=frozenset(review.outsider_ids),
        sizes=sizes_of(review),
        **about,  # type: ignore[arg-type]
    )


def open_round(
    review: Review, actor: Actor | None, revision_id: int, at: Position, kept: tuple[Vote, ...], *, back: bool = False
) -> Round:
    """A new round at a position; the approvals that are kept stand in it and bar their givers from a second seat.

    ``back``: the text comes back from its author, and the clocks of the seats go on where they stood.
    """
    last = current_round(review) if review.round_number else None
    review.round_number += 1
    found = Round(
        review_id=review.id,
        number=review.round_number,
        revision_id=revision_id,
        opened_at=clock.now(),
        opened_by_id=actor.id if actor else None,
    )
    session.add(found)
    session.flush()
    session.add_all(CarriedApproval(round_id=found.id, decision_id=vote.id) for vote in kept)
    people = sorted({user_id for vote in kept for user_id in vote.people})
    session.add_all(RoundPerson(round_id=found.id, user_id=user_id, bar=Bar.CARRIED) for user_id in people)
    go(review, found, at, kept, resumes=last if back else None)
    return found


def go(
    review: Review, current: Round, to: Position, votes: tuple[Vote, ...] = (), *, resumes: Round | None = None
) -> None:
    """Put the review at a position and open the tasks of its stage, for the seats that are not full already."""
    review.state, review.stage = to.state, to.stage
    review.closed_at = clock.now() if to.state in ENDED else None
    if to.stage is None:
        session.flush()
        return
    stage = review.definition.stage(to.stage)
    whole = Ask(review.definition, to, votes, sizes=sizes_of(review))
    for seat in stage.seats:
        if not complete(whole, stage, seat.key):
            before = _before(resumes, stage, seat) if resumes is not None else None
            given = sum(1 for v in votes if (v.stage, v.seat, v.verb) == (stage.key, seat.key, Verb.APPROVE))
            _open(review, current, stage, seat, before, given)


def _before(last: Round, stage: Stage, seat: Seat) -> Task | None:
    """The seat's task of the round that ended with a return from this very stage."""
    returned = sa.exists().where(
        Decision.round_id == last.id, Decision.stage == stage.key, Decision.verb == Verb.SEND_BACK
    )
    found = sa.select(Task).where(
        Task.round_id == last.id, Task.stage == stage.key, Task.seat == seat.key, sa.not_(Task.blind), returned
    )
    return session.scalar(found)


def _open(review: Review, current: Round, stage: Stage, seat: Seat, before: Task | None, given: int) -> None:
    """``given``: approvals that stand in the seat already."""
    task = _stored(_task(review, current, stage, seat), before)
    _name_people(task, seat, given)
    mark_blocked(task, given)
    routing.assign(task)
    tell_opened(task)
    if _is_sampled(current, stage) and count_eligible(task) > task.needed - given:
        second = _stored(_task(review, current, stage, seat, blind=True))
        _name_people(second, seat)
        tell_opened(second)


def _stored(task: Task, before: Task | None = None) -> Task:
    """The same with its clock running. ``before``: the seat's task before the text went back to its author."""
    deadlines.set_deadline(task, before=before)
    session.add(task)
    session.flush()
    return task


def tell_opened(task: Task) -> None:
    """Say that a seat waits for those who may fill it."""
    review = task.review
    emit(TaskOpened(task.id, review.id, review.subject_kind, review.subject_id, task.stage, task.role, task.due_at))


def _task(review: Review, current: Round, stage: Stage, seat: Seat, *, blind: bool = False) -> Task:
    return Task(
        review=review,
        round_id=current.id,
        stage=stage.key,
        seat=seat.key,
        role=seat.role,
        team_id=_team_id(seat.team),
        category=routing.category_for(seat, review.category),
        named=bool(seat.people) or seat.approvals == ALL,
        needed=1 if blind else seat.needed,
        blind=blind,
        state=TaskState.OPEN,
        version=1,
        alarms=0,
        escalation=0,
        revision_id=current.revision_id,
        opened_at=clock.now(),
    )


def _team_id(slug: str | None) -> int | None:
    return session.scalar(sa.select(Team.id).where(Team.slug == slug)) if slug else None


def _name_people(task: Task, seat: Seat, given: int = 0) -> None:
    """The named people; and for a seat that needs everybody, the pool as it is on entry: beside the approvals that
    stand already, everybody's who can be waited for (no author, nobody who acted) – and at least one more."""
    if seat.people:
        ids = list(session.scalars(sa.select(User.id).where(User.username.in_(seat.people))))
        session.add_all(TaskPerson(task_id=task.id, user_id=user_id) for user_id in ids)
    if seat.approvals != ALL:
        return
    if not seat.people:
        task.named = False  # for a moment: who could sit here if nobody were named?
        session.flush()
        ids = [user.id for user in eligible_for(task)]
        task.named = True
        session.add_all(TaskPerson(task_id=task.id, user_id=user_id) for user_id in ids)
    session.flush()
    session.expire(task, ["people"])
    if not task.blind:
        task.needed = given + max(1, count_eligible(task))


def mark_blocked(task: Task, given: int = 0) -> None:
    """Say so, and tell the managers, when too few people are left for a seat that just opened."""
    if count_eligible(task) >= task.needed - given:
        return
    if task.blocked_at is None:
        task.blocked_at = clock.now()
        emit(TaskBlocked(task.id, task.review_id, task.blocked_at))


def _is_sampled(current: Round, stage: Stage) -> bool:
    """A share of the items, drawn so that nobody can guess it and a replay draws the same."""
    if stage.calibration <= 0:
        return False
    drawn = hashlib.sha256(f"{current.review_id}/{current.number}/{stage.key}".encode()).digest()
    return int.from_bytes(drawn[:4]) % 100 < stage.calibration


def close_tasks(review: Review, *, blind: bool = False) -> None:
    """What is still open is void; second opinions go on unless told otherwise: they judge the revision they saw."""
    found = sa.select(Task).where(Task.review_id == review.id, Task.state == TaskState.OPEN)
    for task in session.scalars(found if blind else found.where(sa.not_(Task.blind))):
        close(task, TaskState.VOID)


def close(task: Task, state: TaskState) -> None:
    """The task waits for nobody any more."""
    task.state, task.closed_at, task.version = state, clock.now(), task.version + 1
    task.alarm_at = task.blocked_at = None


def tell(review: Review, verb: Verb, before: Position, revision_id: int, actor: Actor | None) -> None:
    """Say that the review has moved. Whoever hears it and asks the database has what moved it written first."""
    emit(
        ReviewMoved(
            review_id=review.id,
            subject_kind=review.subject_kind,
            subject_id=review.subject_id,
            revision_id=revision_id,
            round=review.round_number,
            verb=verb,
            before=before,
            after=review.position,
            actor_id=actor.id if actor else None,
            author_ids=review.author_ids,
            at=clock.now(),
        )
    )
