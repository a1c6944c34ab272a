"""The machinery below the verbs: rounds, the tasks of a stage, approvals carried over, and telling the others."""

from datetime import timedelta

import sqlalchemy as sa

from accounts.models import Team, User
from core import clock
from core.actors import Actor
from core.db import session
from core.events import emit
from workflows.events import ReviewMoved, TaskOpened
from workflows.models import CarriedApproval, Decision, Review, ReviewAuthor, Round, Task, TaskPerson
from workflows.rules import Position, State, TaskState, Verb, kept_stages


def set_authors(review: Review, author_ids: tuple[int, ...]) -> None:
    known = set(review.author_ids)
    review.authors.extend(ReviewAuthor(user_id=user_id) for user_id in author_ids if user_id not in known)


def current_round(review: Review) -> Round:
    return session.scalars(
        sa.select(Round).where(Round.review_id == review.id).order_by(Round.number.desc()).limit(1)
    ).one()


def sent_back_from(review: Review, last: Round) -> str | None:
    return session.scalar(
        sa.select(Decision.stage)
        .where(Decision.round_id == last.id, Decision.verb == Verb.SEND_BACK)
        .order_by(Decision.id.desc())
        .limit(1)
    )


def open_round(review: Review, actor: Actor | None, revision_id: int, at: Position) -> Round:
    """A new round at a position; approvals of the stages before it are carried over with their people."""
    stage = at.stage or review.definition.stages[0].key
    kept = kept_stages(review.definition, stage)
    carried = list(session.scalars(_standing_approvals(review, kept))) if kept and review.round_number else []
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
    session.add_all(CarriedApproval(round_id=found.id, decision_id=decision_id) for decision_id in carried)
    go(review, found, at)
    return found


def _standing_approvals(review: Review, stages: tuple[str, ...]) -> sa.Select[int]:
    last = current_round(review)
    carried = sa.select(CarriedApproval.decision_id).where(CarriedApproval.round_id == last.id)
    return sa.select(Decision.id).where(
        Decision.verb == Verb.APPROVE,
        Decision.stage.in_(stages),
        sa.or_(Decision.round_id == last.id, Decision.id.in_(carried)),
    )


def go(review: Review, current: Round, to: Position) -> None:
    """Put the review at a position and open the tasks of its stage."""
    review.state, review.stage = to.state, to.stage
    review.closed_at = clock.now() if to.state in {State.APPROVED, State.REJECTED, State.WITHDRAWN} else None
    session.flush()
    if to.stage is not None:
        _open_tasks(review, current, to.stage)


def _open_tasks(review: Review, current: Round, key: str) -> None:
    stage = review.definition.stage(key)
    now = clock.now()
    for seat in stage.seats:
        task = Task(
            review=review,
            round_id=current.id,
            stage=key,
            seat=seat.key,
            role=seat.role,
            team_id=_team_id(seat.team),
            named=bool(seat.people),
            state=TaskState.OPEN,
            revision_id=current.revision_id,
            opened_at=now,
            due_at=now + timedelta(hours=stage.due_hours),
        )
        session.add(task)
        session.flush()
        if seat.people:
            ids = session.scalars(sa.select(User.id).where(User.username.in_(seat.people)))
            session.add_all(TaskPerson(task_id=task.id, user_id=user_id) for user_id in ids)
        emit(TaskOpened(task.id, review.id, review.subject_kind, review.subject_id, key, seat.role, task.due_at))


def _team_id(slug: str | None) -> int | None:
    return session.scalar(sa.select(Team.id).where(Team.slug == slug)) if slug else None


def close_tasks(review: Review, state: TaskState = TaskState.VOID) -> None:
    now = clock.now()
    for task in session.scalars(sa.select(Task).where(Task.review_id == review.id, Task.state == TaskState.OPEN)):
        task.state, task.closed_at, task.version = state, now, task.version + 1


def tell(review: Review, verb: Verb, before: Position, revision_id: int, actor: Actor | None) -> None:
    session.flush()
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
