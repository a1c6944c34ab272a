"""The verbs of a review: allow, change, remember, tell. They flush and never commit; the actor is an argument."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import lazyload

from accounts.models import User
from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import emit
from core.i18n import _
from core.permissions import can
from workflows import subjects
from workflows.events import TaskDecided
from workflows.models import Decision, Pipeline, Review, Task
from workflows.overtaken import moved
from workflows.permissions import P, acted_this_round, approvers, holds_the_seat, who_acted, wrote_it
from workflows.queries import active_pipeline, eligible_for, open_review
from workflows.rounds import close_tasks, current_round, go, open_round, sent_back_from, set_authors, tell
from workflows.rules import (
    Approvals,
    Ask,
    Definition,
    Position,
    State,
    TaskState,
    Verb,
    Vote,
    complete,
    move,
    score,
)

NOTE_LIMIT = 4000


def ensure_pipelines(defaults: dict[str, Definition]) -> None:
    """Every topic has an active definition afterwards; those that have one keep it."""
    for topic, definition in defaults.items():
        if active_pipeline(topic) is None:
            session.add(
                Pipeline(topic=topic, version=1, document=definition.model_dump(mode="json"), created_at=clock.now())
            )
    session.flush()


def submit(
    actor: Actor,
    *,
    subject_kind: str,
    subject_id: int,
    revision_id: int,
    topic: str,
    title: str,
    category: str | None,
    author_ids: tuple[int, ...],
) -> Review:
    """Begin a review of the subject, or go on with the one that was returned to its author."""
    review = hold(subject_kind, subject_id)
    if review is None:
        review = _begin(subject_kind, subject_id, topic)
        ask = Ask(review.definition, Position(State.NEW))
    else:
        last = current_round(review)
        ask = Ask(
            review.definition,
            review.position,
            changed=last.revision_id != revision_id,
            resume_at=sent_back_from(review, last),
            tainted=bool(approvers(last.id) & set(author_ids)),
        )
    before, after = ask.here, move(ask, Verb.SUBMIT)
    review.title, review.category = title[:300], category
    set_authors(review, author_ids)
    audit.record(
        actor, Verb.SUBMIT, subject_kind=subject_kind, subject_id=subject_id, revision_id=revision_id, stage=after.stage
    )
    open_round(review, actor, revision_id, after)
    tell(review, Verb.SUBMIT, before, revision_id, actor)
    return review


def _begin(subject_kind: str, subject_id: int, topic: str) -> Review:
    found = active_pipeline(topic)
    if found is None:
        raise Conflict(_("No pipeline is set up for this kind. Please tell a knowledge manager."), code="no-pipeline")
    review = Review(
        subject_kind=subject_kind,
        subject_id=subject_id,
        topic=topic,
        title="",
        pipeline_id=found.id,
        document=found.document,
        state=State.IN_REVIEW,
        stage=found.definition.stages[0].key,
        opened_at=clock.now(),
    )
    session.add(review)
    session.flush()
    return review


def find_task(task_id: int, actor: Actor, *, locked: bool = False) -> Task:
    """The task, if the person may know of it; ``locked`` holds its review until the transaction ends.

    Raises:
        NotFound: there is no such task, or this person may not know of it.
    """
    if locked:
        review_id = session.scalar(sa.select(Task.review_id).where(Task.id == task_id))
        if review_id is not None:
            lock(Review, review_id)  # and only then look at the task: it is as the last decision left it
        task = session.get(Task, task_id, populate_existing=True, options=[lazyload(Task.review)])
    else:
        task = session.get(Task, task_id)
    if task is None or not can(actor, P.SEE_TASK, task):
        raise NotFound(_("There is no such review, or you may not see it."))
    return task


def decide(
    task_id: int,
    actor: Actor,
    verb: Verb,
    *,
    seen: int,
    note: str = "",
    to_stage: str | None = None,
    checklist: dict[str, bool] | None = None,
) -> Decision:
    """Record one verdict on the revision the actor saw, and move the review on.

    Raises:
        NotFound, Forbidden, Conflict (``moved``), IllegalMove, Invalid: in the order settled in ``docs/model.md`` §2.
    """
    task = find_task(task_id, actor, locked=True)
    _forbid_own_work(actor, task)
    _must_still_be(task, seen)
    _require_seat(actor, task)
    checklist = checklist or {}
    to_stage = None if verb is not Verb.SEND_BACK or to_stage in {"", "author"} else to_stage
    _check_input(task, verb, note, checklist, to_stage)
    review, before = task.review, task.review.position
    decision = _record(task, actor, verb, note, to_stage, checklist)
    votes = _votes(task)
    after = move(Ask(review.definition, before, votes, decision.to_stage), verb)
    _settle(task, decision, after, actor, votes)
    audit.record(
        actor,
        verb,
        subject_kind=review.subject_kind,
        subject_id=review.subject_id,
        revision_id=task.revision_id,
        stage=task.stage,
        note=note,
        details={"to_stage": decision.to_stage} if verb is Verb.SEND_BACK else {},
    )
    emit(_decided(task, decision))
    if (after, review.round_number) != (before, task.round.number):
        tell(review, verb, before, task.revision_id, actor)
    return decision


def comment(task_id: int, actor: Actor, *, note: str) -> Decision:
    """Leave a remark without a verdict; nothing moves. Everybody who may read the text may comment, authors too."""
    task = find_task(task_id, actor, locked=True)
    if not subjects.subject(task.review.subject_kind).readable(actor, task.review.subject_id):
        raise Forbidden(_("Only who may read the text can comment on it."))
    if task.state is not TaskState.OPEN:
        raise moved(task)
    _check_input(task, Verb.COMMENT, note, {})
    decision = _record(task, actor, Verb.COMMENT, note, None, {})
    review = task.review
    audit.record(
        actor,
        Verb.COMMENT,
        subject_kind=review.subject_kind,
        subject_id=review.subject_id,
        revision_id=task.revision_id,
        stage=task.stage,
        note=note,
    )
    return decision


def _forbid_own_work(actor: Actor, task: Task) -> None:
    if wrote_it(actor, task):
        raise Forbidden(_("This is your own work; somebody else must judge it."), code="own-work")


def _must_still_be(task: Task, seen: int) -> None:
    if task.state is not TaskState.OPEN or task.version != seen:
        raise moved(task)


def _require_seat(actor: Actor, task: Task) -> None:
    if not holds_the_seat(actor, task):
        raise Forbidden(_("This decision belongs to another role."), code="not-your-seat")
    if acted_this_round(actor, task):
        raise Forbidden(_("You have already judged in this round; another person must take this seat."), code="acted")


def _check_input(task: Task, verb: Verb, note: str, checklist: dict[str, bool], to_stage: str | None = None) -> None:
    errors: dict[str, str] = {}
    if to_stage is not None and to_stage not in {stage.key for stage in task.review.definition.stages}:
        errors["to_stage"] = _("There is no stage %(stage)s in this review.", stage=to_stage[:64])
    if verb in {Verb.SEND_BACK, Verb.REJECT, Verb.COMMENT} and not note.strip():
        errors["note"] = _("Please write a remark: the author needs to know why.")
    if len(note) > NOTE_LIMIT:
        errors["note"] = _("A remark may have %(n)s characters at most.", n=NOTE_LIMIT)
    unknown = set(checklist) - {q.key for q in task.definition_stage.checklist}
    if unknown:
        errors["checklist"] = _("This checklist has no question %(key)s.", key=min(unknown))
    if errors:
        raise Invalid(errors)


def _record(
    task: Task, actor: Actor, verb: Verb, note: str, to_stage: str | None, checklist: dict[str, bool]
) -> Decision:
    decision = Decision(
        review_id=task.review_id,
        round_id=task.round_id,
        task=task,
        revision_id=task.revision_id,
        stage=task.stage,
        seat=task.seat,
        actor_id=actor.id,
        verb=verb,
        to_stage=to_stage,
        note=note.strip(),
        checklist=dict(checklist),
        score=score(task.definition_stage.checklist, checklist),
        decided_at=clock.now(),
    )
    session.add(decision)
    session.flush()
    return decision


def _votes(task: Task) -> tuple[Vote, ...]:
    rows = session.execute(
        sa.select(Decision.seat, Decision.verb).where(
            Decision.round_id == task.round_id, Decision.stage == task.stage, Decision.verb != Verb.COMMENT
        )
    )
    return tuple(Vote(seat, verb) for seat, verb in rows)


def _settle(task: Task, decision: Decision, after: Position, actor: Actor, votes: tuple[Vote, ...]) -> None:
    """Close the task if its seat is full, and carry the review to where the table says."""
    review, now = task.review, clock.now()
    seat = next(s for s in task.definition_stage.seats if s.key == task.seat)
    if decision.verb is not Verb.APPROVE or complete(seat, votes):
        task.state, task.closed_at, task.version = TaskState.DONE, now, task.version + 1
    if after == review.position:
        session.flush()
        return
    close_tasks(review)
    if decision.verb is Verb.SEND_BACK and after.state is State.IN_REVIEW:
        open_round(review, actor, task.revision_id, after)
    else:
        go(review, task.round, after)


def _decided(task: Task, decision: Decision) -> TaskDecided:
    review = task.review
    return TaskDecided(
        decision_id=decision.id,
        task_id=task.id,
        review_id=review.id,
        subject_kind=review.subject_kind,
        subject_id=review.subject_id,
        revision_id=decision.revision_id,
        round=task.round.number,
        stage=task.stage,
        role=task.role,
        verb=decision.verb,
        actor_id=decision.actor_id,
        in_time=_in_time(task, decision.decided_at),
        score=decision.score,
        at=decision.decided_at,
    )


def _in_time(task: Task, at: datetime) -> bool:
    return task.due_at is None or at <= task.due_at


def withdraw(subject_kind: str, subject_id: int, actor: Actor) -> Review:
    """The author takes the subject back; whoever decides afterwards gets 409."""
    review = _locked_open(subject_kind, subject_id)
    before, after = review.position, move(Ask(review.definition, review.position), Verb.WITHDRAW)
    current = current_round(review)
    close_tasks(review)
    go(review, current, after)
    audit.record(
        actor, Verb.WITHDRAW, subject_kind=subject_kind, subject_id=subject_id, revision_id=current.revision_id
    )
    tell(review, Verb.WITHDRAW, before, current.revision_id, actor)
    return review


def revise(subject_kind: str, subject_id: int, actor: Actor, *, revision_id: int, author_ids: tuple[int, ...]) -> None:
    """The text under review changed: open tasks get a new version, earlier approvals are kept or voided."""
    review = hold(subject_kind, subject_id)
    if review is None:
        return
    set_authors(review, author_ids)
    before, current = review.position, current_round(review)
    tainted = bool(approvers(current.id) & set(author_ids))
    after = move(Ask(review.definition, before, tainted=tainted), Verb.REVISE)
    if before.state is State.RETURNED:
        return  # the next submit opens the round
    if (review.definition.on_change is Approvals.KEPT and not tainted) or not who_acted(current.id):
        current.revision_id = revision_id
        for task in session.scalars(sa.select(Task).where(Task.review_id == review.id, Task.state == TaskState.OPEN)):
            task.revision_id, task.version = revision_id, task.version + 1
        session.flush()
        _record_revise(review, actor, revision_id, before)
        return
    close_tasks(review)
    open_round(review, actor, revision_id, after)
    _record_revise(review, actor, revision_id, before)
    tell(review, Verb.REVISE, before, revision_id, actor)


def _record_revise(review: Review, actor: Actor, revision_id: int, at: Position) -> None:
    audit.record(
        actor,
        Verb.REVISE,
        subject_kind=review.subject_kind,
        subject_id=review.subject_id,
        revision_id=revision_id,
        stage=at.stage,
    )


def hold(subject_kind: str, subject_id: int) -> Review | None:
    """The open review of a subject, locked until the transaction ends. Lock the subject itself only after it:
    a decision holds its review first, and two orders would be a deadlock."""
    review = open_review(subject_kind, subject_id)
    return lock(Review, review.id) if review is not None else None


def _locked_open(subject_kind: str, subject_id: int) -> Review:
    review = hold(subject_kind, subject_id)
    if review is None:
        raise Conflict(_("This is not under review any more."), code="illegal-move")
    return review


def claim(task_id: int, actor: Actor) -> Task:
    """Say 'I am on it'; optional, and it keeps nobody out of deciding."""
    task = find_task(task_id, actor, locked=True)
    _forbid_own_work(actor, task)
    if task.state is not TaskState.OPEN:
        raise moved(task)
    _require_seat(actor, task)
    if task.claimed_by_id not in {None, actor.id}:
        name = session.scalar(sa.select(User.name).where(User.id == task.claimed_by_id))
        raise Conflict(_("%(name)s is already on this.", name=name), code="claimed", claimed_by=name)
    if task.claimed_by_id is None:
        task.claimed_by_id, task.claimed_at = actor.id, clock.now()
        _note(task, actor, "claim")
    return task


def release(task_id: int, actor: Actor) -> Task:
    """Give a claimed task back to the pool."""
    task = find_task(task_id, actor, locked=True)
    if task.state is not TaskState.OPEN:
        raise moved(task)
    if task.claimed_by_id != actor.id:
        raise Conflict(_("You have not claimed this."), code="not-claimed")
    task.claimed_by_id = task.claimed_at = None
    _note(task, actor, "release")
    return task


def hand_over(task_id: int, actor: Actor, *, to: str) -> Task:
    """Pass the claim to another person who may sit in this seat; nobody chooses the judge of their own work."""
    task = find_task(task_id, actor, locked=True)
    _forbid_own_work(actor, task)
    if task.state is not TaskState.OPEN:
        raise moved(task)
    if not (actor.holds("supervisor", "manager") or task.claimed_by_id == actor.id or holds_the_seat(actor, task)):
        raise Forbidden(_("Only who holds this seat, or a supervisor, can hand it over."))
    found = next((user for user in eligible_for(task) if user.username == to), None)
    if found is None:
        raise Invalid({"to": _("This person cannot take this seat: role, own work, or already judged.")})
    task.claimed_by_id, task.claimed_at = found.id, clock.now()
    _note(task, actor, "hand_over", to=found.username)
    return task


def _note(task: Task, actor: Actor, verb: str, **details: str) -> None:
    """The trail tells who took what upon them; nothing moves."""
    audit.record(
        actor,
        verb,
        subject_kind=task.review.subject_kind,
        subject_id=task.review.subject_id,
        revision_id=task.revision_id,
        stage=task.stage,
        details=details,
    )
