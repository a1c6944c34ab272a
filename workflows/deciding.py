"""The verbs of a reviewer: decide, decide many, comment. Allow, change, remember, tell – in that order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload

from accounts.models import User
from core import audit, clock
from core.actors import Actor
from core.db import database, lock, session
from core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from core.events import emit
from core.i18n import _
from core.permissions import can
from workflows import subjects
from workflows.events import Commented, TaskDecided
from workflows.models import AUTHOR, Decision, Remark, Review, RoundPerson, Task
from workflows.overtaken import moved
from workflows.permissions import Capacity, P, acted_this_round, capacity, holds_the_seat
from workflows.rounds import ask, close, close_tasks, go, open_round, tell
from workflows.rules import REFUSALS, Ask, Bar, Move, Reason, TaskState, Verb, complete, move, score

NOTE_LIMIT = 4000
REMARKS_LIMIT = 50
QUOTE_LIMIT = 500
BULK_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """A remark on a passage: the field, the words it is about (none: the whole field), and what is said of them."""

    field: str
    quote: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody decides. ``to_stage`` ``None``: where the stage's definition says; ``author``: to the author."""

    verb: Verb
    note: str = ""
    to_stage: str | None = None
    checklist: Mapping[str, bool] = field(default_factory=dict)
    reason: str | None = None
    remarks: Sequence[Passage] = ()


def find_task(task_id: int, actor: Actor, *, locked: bool = False) -> Task:
    """The task, if the person may know of it; ``locked`` holds its review until the transaction ends.

    Raises:
        NotFound: there is no such task, or this person may not know of it.
    """
    task = _locked(task_id) if locked else session.get(Task, task_id)
    if task is None or not can(actor, P.SEE_TASK, task):
        raise NotFound(_("There is no such review, or you may not see it."))
    return task


def _locked(task_id: int) -> Task | None:
    """The review is locked first, and only then looked at: it is as the last decision left it."""
    if not database().sqlite:  # there, the transaction is the lock
        review_id = session.scalar(sa.select(Task.review_id).where(Task.id == task_id))
        if review_id is not None:
            lock(Review, review_id)
    around = [joinedload(Task.review), joinedload(Task.round), lazyload(Task.people)]
    return session.get(Task, task_id, populate_existing=True, options=around)


def decide(
    task_id: int,
    actor: Actor,
    verb: Verb,
    *,
    seen: int,
    note: str = "",
    to_stage: str | None = None,
    checklist: Mapping[str, bool] | None = None,
    reason: str | None = None,
    remarks: Sequence[Passage] = (),
) -> Decision:
    """Record one verdict on the revision the actor saw, and move the review on.

    Raises:
        NotFound, Forbidden, Conflict (``moved``), IllegalMove, Invalid: in the order settled in ``docs/model.md`` §2.
    """
    task = find_task(task_id, actor, locked=True)
    forbid_own_work(actor, task)
    must_still_be(task, seen)
    right = require_seat(actor, task)
    _must_be_claimed(task, actor, right)
    verdict = _checked(task, Verdict(verb, note, to_stage, checklist or {}, reason, remarks))
    decision = _record(task, actor, verdict, right)
    if task.blind:
        close(task, TaskState.DONE)
        note_act(task, actor, "second_opinion")  # what it says is told to nobody before the seat is full
    else:
        _move_on(task, decision, actor)
    emit(told_of(decision))
    return decision


def _move_on(task: Task, decision: Decision, actor: Actor) -> None:
    review, before = task.review, task.review.position
    asked = ask(review, task.round, to_stage=decision.to_stage)
    found = move(asked, decision.verb)
    _settle(task, decision, found, asked, actor)
    _remember(task, decision, actor)
    if found.kept is not None or found.to != before:
        tell(review, decision.verb, before, task.revision_id, actor)


def _settle(task: Task, decision: Decision, found: Move, asked: Ask, actor: Actor) -> None:
    """Close the task if its seat is full, and carry the review to where the table says."""
    review = task.review
    if decision.verb in REFUSALS or complete(asked, task.definition_stage, task.seat):
        close(task, TaskState.DONE)
    elif task.claimed_by_id in {decision.actor_id, decision.on_behalf_of_id}:
        unclaim(task)  # theirs is given; the seat waits for others
    if found.kept is not None:
        close_tasks(review)
        open_round(review, actor, task.revision_id, found.to, found.kept)
    elif found.to != review.position:
        if len(task.definition_stage.seats) > 1:
            close_tasks(review)
        go(review, task.round, found.to, asked.votes)
    session.flush()


def unclaim(task: Task) -> None:
    """The task is with nobody."""
    task.claimed_by_id = task.claimed_at = task.claim_kind = None


def _remember(task: Task, decision: Decision, actor: Actor) -> None:
    details = {"to_stage": decision.to_stage} if decision.verb is Verb.SEND_BACK else {}
    if decision.reason is not None:
        details["reason"] = decision.reason.value
    audit.record(
        actor,
        decision.verb,
        subject_kind=task.review.subject_kind,
        subject_id=task.review.subject_id,
        revision_id=task.revision_id,
        stage=task.stage,
        note=decision.note,
        on_behalf_of_id=decision.on_behalf_of_id,
        details=details,
    )


def note_act(task: Task, actor: Actor | None, verb: str, **details: object) -> audit.TrailEntry:
    """The trail tells what was done about a task; nothing moves."""
    session.flush()
    return audit.record(
        actor,
        verb,
        subject_kind=task.review.subject_kind,
        subject_id=task.review.subject_id,
        revision_id=task.revision_id,
        stage=task.stage,
        details=dict(details),
    )


def decide_many(seen: Mapping[int, int], actor: Actor, *, note: str = "") -> tuple[list[Decision], dict[int, str]]:
    """Approve several tasks of stages that allow it, each as if alone: what was approved, and a sentence for each that
    was not. ``seen``: version by task.

    Raises:
        Invalid: nothing or too much was chosen.
    """
    if not seen or len(seen) > BULK_LIMIT:
        raise Invalid({"tasks": _("Choose 1 to %(n)s items.", n=BULK_LIMIT)})
    done, refused = [], {}
    for task_id in _in_order(seen):
        point = session.begin_nested()
        try:
            task = find_task(task_id, actor)
            if not task.definition_stage.bulk:
                raise Conflict(_("This has to be opened and read before it is decided."), code="not-in-bulk")
            done.append(decide(task_id, actor, Verb.APPROVE, seen=seen[task_id], note=note))
            point.commit()
        except DomainError as error:
            point.rollback()
            refused[task_id] = error.sentence
    return done, refused


def _in_order(task_ids: Iterable[int]) -> list[int]:
    """By review: whoever holds several takes them in one order, else two would wait for each other."""
    found = sa.select(Task.review_id, Task.id).where(Task.id.in_(list(task_ids)))
    reviews = {task_id: review_id for review_id, task_id in session.execute(found)}
    return sorted(task_ids, key=lambda task_id: (reviews.get(task_id, 0), task_id))


def comment(task_id: int, actor: Actor, *, note: str, remarks: Sequence[Passage] = ()) -> Decision:
    """Leave a remark without a verdict; nothing moves. Everybody who may read the text may comment, authors too."""
    task = find_task(task_id, actor, locked=True)
    if not subjects.subject(task.review.subject_kind).readable(actor, task.review.subject_id):
        raise Forbidden(_("Only who may read the text can comment on it."))
    if task.state is not TaskState.OPEN:
        raise moved(task)
    verdict = _checked(task, Verdict(Verb.COMMENT, note, remarks=remarks))
    decision = _record(task, actor, verdict, Capacity())
    _remember(task, decision, actor)
    emit(Commented(decision.id, task.id, task.review_id, actor.id, decision.decided_at))
    return decision


def forbid_own_work(actor: Actor, task: Task) -> None:
    """Raise for authors, and for the two who published before the review."""
    if (why := own_work(actor, task)) is not None:
        raise Forbidden(why, code="own-work")


def own_work(actor: Actor, task: Task) -> str | None:
    """The sentence for those who may not judge it because it is theirs; ``None`` for everybody else."""
    for row in task.review.authors:
        if row.user_id == actor.id and row.part == AUTHOR:
            return _("This is your own work; somebody else must judge it.")
        if row.user_id == actor.id:
            return _("You published this in an emergency; somebody else must review it.")
    return None


def must_still_be(task: Task, seen: int | None = None) -> None:
    """Raise 409 when the task is closed, or no longer what was ``seen``."""
    if task.state is not TaskState.OPEN or (seen is not None and task.version != seen):
        raise moved(task)


def require_seat(actor: Actor, task: Task) -> Capacity:
    """In whose right the actor fills the seat.

    Raises:
        Forbidden: in nobody's.
    """
    right = capacity(actor, task)
    if right is not None:
        return right
    if acted_this_round(actor, task):
        raise Forbidden(_("You have already judged in this round; another person must take this seat."), code="acted")
    if holds_the_seat(actor, task):
        raise Forbidden(_("You would act for somebody who wrote this or has judged it already."), code="acted")
    raise Forbidden(_("This decision belongs to another role."), code="not-your-seat")


def _must_be_claimed(task: Task, actor: Actor, right: Capacity) -> None:
    """Where the stage wants it, a task is claimed before it is decided."""
    if not task.definition_stage.claim_first or task.claimed_by_id in {actor.id, right.on_behalf_of or actor.id}:
        return
    if task.claimed_by_id is None:
        raise Conflict(_("Claim this first, so that nobody else begins with it."), code="not-claimed")
    name = session.scalar(sa.select(User.name).where(User.id == task.claimed_by_id))
    raise Conflict(_("%(name)s is on this. Claim it first.", name=name), code="not-claimed", claimed_by=name)


def _checked(task: Task, given: Verdict) -> Verdict:
    """The verdict as it will be kept.

    Raises:
        Invalid: a sentence for each field that is wrong.
    """
    errors = {**_note_faults(given), **_checklist_faults(task, given), **_remark_faults(task, given)}
    stage, target = task.definition_stage, None
    if given.verb is Verb.SEND_BACK:
        target = (
            stage.returns_to if given.to_stage is None else (given.to_stage if given.to_stage != "author" else None)
        )
    if target is not None and target not in {one.key for one in task.review.definition.stages}:
        errors["to_stage"] = _("There is no stage %(stage)s in this review.", stage=target[:64])
    reason = None if given.verb not in REFUSALS else (given.reason or None)
    if reason is not None and reason not in set(Reason):
        errors["reason"] = _("There is no reason of this name.")
    if errors:
        raise Invalid(errors)
    return Verdict(given.verb, given.note.strip(), target, dict(given.checklist), reason, tuple(given.remarks))


def _note_faults(given: Verdict) -> dict[str, str]:
    if len(given.note) > NOTE_LIMIT:
        return {"note": _("A remark may have %(n)s characters at most.", n=NOTE_LIMIT)}
    if given.verb is not Verb.APPROVE and not given.note.strip() and not given.remarks:
        return {"note": _("Please write a remark: the author needs to know why.")}
    return {}


def _checklist_faults(task: Task, given: Verdict) -> dict[str, str]:
    stage = task.definition_stage
    unknown = set(given.checklist) - {q.key for q in stage.checklist}
    if unknown:
        return {"checklist": _("This checklist has no question %(key)s.", key=min(unknown)[:40])}
    if not stage.compulsory or given.verb is not Verb.APPROVE:
        return {}
    if len(given.checklist) < len(stage.checklist):
        return {"checklist": _("Please answer every question of the checklist.")}
    reached = score(stage.checklist, given.checklist) or 0
    if reached < stage.pass_mark:
        return {
            "checklist": _(
                "The checklist gives %(n)s points, and %(mark)s are needed to approve. Send it back, or look again.",
                n=reached,
                mark=stage.pass_mark,
            )
        }
    return {}


def _remark_faults(task: Task, given: Verdict) -> dict[str, str]:
    if len(given.remarks) > REMARKS_LIMIT:
        return {"remarks": _("A decision may have %(n)s remarks on passages at most.", n=REMARKS_LIMIT)}
    if not given.remarks:
        return {}
    known = {code for code, _label in subjects.fields(task.review.topic)}
    for number, one in enumerate(given.remarks):
        if not one.text.strip() or len(one.text) > NOTE_LIMIT:
            return {f"remarks.{number}.text": _("Please say what should change here.")}
        if one.field not in known:
            return {f"remarks.{number}.field": _("This text has no field of this name.")}
        if len(one.quote) > QUOTE_LIMIT:
            return {f"remarks.{number}.quote": _("Quote %(n)s characters at most.", n=QUOTE_LIMIT)}
    return {}


def _record(task: Task, actor: Actor, verdict: Verdict, right: Capacity) -> Decision:
    decision = Decision(
        review_id=task.review_id,
        round_id=task.round_id,
        task=task,
        revision_id=task.revision_id,
        stage=task.stage,
        seat=task.seat,
        actor_id=actor.id,
        on_behalf_of_id=right.on_behalf_of,
        verb=verdict.verb,
        reason=Reason(verdict.reason) if verdict.reason else None,
        blind=task.blind,
        to_stage=verdict.to_stage,
        note=verdict.note,
        checklist=dict(verdict.checklist),
        score=score(task.definition_stage.checklist, verdict.checklist),
        decided_at=clock.now(),
    )
    session.add(decision)
    if verdict.verb is not Verb.COMMENT:
        session.add(RoundPerson(round_id=task.round_id, user_id=actor.id, bar=Bar.ACTED))
        if right.on_behalf_of is not None:
            session.add(RoundPerson(round_id=task.round_id, user_id=right.on_behalf_of, bar=Bar.PRINCIPAL))
    session.flush()
    session.add_all(
        Remark(
            review_id=task.review_id,
            decision_id=decision.id,
            revision_id=task.revision_id,
            field=one.field,
            quote=one.quote.strip(),
            text=one.text.strip(),
            author_id=actor.id,
            created_at=decision.decided_at,
        )
        for one in verdict.remarks
    )
    return decision


def told_of(decision: Decision) -> TaskDecided:
    """A verdict as it is told, at once or to who missed it."""
    task = decision.task
    return TaskDecided(
        decision_id=decision.id,
        task_id=task.id,
        review_id=decision.review_id,
        subject_kind=task.review.subject_kind,
        subject_id=task.review.subject_id,
        revision_id=decision.revision_id,
        round=task.round.number,
        stage=decision.stage,
        role=task.role,
        verb=decision.verb,
        actor_id=decision.actor_id,
        in_time=decision.in_time,
        score=decision.score,
        blind=decision.blind,
        at=decision.decided_at,
    )
