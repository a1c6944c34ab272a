"""The verbs of the author and of the house: submit, revise, withdraw, bar. They flush and never commit; the actor is an
argument. What reviewers do is in ``deciding``, who takes what upon them in ``claiming``."""

from collections.abc import Iterable

import sqlalchemy as sa

from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict
from core.i18n import _
from workflows import subjects
from workflows.definitions import Case, Definition, steps_of
from workflows.models import PUBLISHER, Decision, Pipeline, Review, Task
from workflows.queries import open_review, pipeline_for
from workflows.rounds import ask, close_tasks, current_round, go, open_round, set_authors, tell
from workflows.rules import Ask, Move, Position, State, TaskState, Verb, move


def ensure_pipelines(defaults: dict[str, Definition]) -> None:
    """Every key of ``defaults`` has a definition afterwards; those that have one keep it."""
    known = set(session.scalars(sa.select(Pipeline.key)))
    for key, definition in defaults.items():
        if key not in known:
            document = definition.model_dump(mode="json")
            session.add(Pipeline(key=key, version=1, document=document, created_at=clock.now()))
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
    significance: str | None = None,
) -> Review:
    """Begin a review of the subject, or go on with the one that was returned to its author.

    ``category``: its path from the root, codes joined with '/'. The closest pipeline for topic, category and
    significance is frozen into the review.
    """
    review = hold(subject_kind, subject_id)
    if review is None:
        before = Position(State.NEW)
        case = Case(topic=topic, significance=significance, categories=steps_of(category))
        review = _begin(subject_kind, subject_id, case)
        set_authors(review, author_ids)
        found = move(Ask(review.definition, before), Verb.SUBMIT)
    else:
        last, before = current_round(review), review.position
        set_authors(review, author_ids)
        changed = subjects.subject(subject_kind).changed(last.revision_id, revision_id)
        found = move(ask(review, last, changed=changed), Verb.SUBMIT)
    review.title, review.category, review.significance = title[:300], category, significance
    audit.record(
        actor,
        Verb.SUBMIT,
        subject_kind=subject_kind,
        subject_id=subject_id,
        revision_id=revision_id,
        stage=found.to.stage,
    )
    open_round(review, actor, revision_id, found.to, found.kept or (), back=before.state is State.RETURNED)
    tell(review, Verb.SUBMIT, before, revision_id, actor)
    return review


def _begin(subject_kind: str, subject_id: int, case: Case) -> Review:
    found = pipeline_for(case)
    if found is None:
        raise Conflict(_("No pipeline is set up for this kind. Please tell a knowledge manager."), code="no-pipeline")
    review = Review(
        subject_kind=subject_kind,
        subject_id=subject_id,
        topic=case.topic,
        title="",
        pipeline_id=found.id,
        document=found.document,
        state=State.IN_REVIEW,
        stage=found.definition.stages[0].key,
        round_number=0,
        opened_at=clock.now(),
    )
    session.add(review)
    session.flush()
    return review


def withdraw(subject_kind: str, subject_id: int, actor: Actor) -> Review:
    """The author takes the subject back; whoever decides afterwards gets 409."""
    review = _locked_open(subject_kind, subject_id)
    before, current = review.position, current_round(review)
    found = move(Ask(review.definition, before), Verb.WITHDRAW)
    close_tasks(review, blind=True)
    go(review, current, found.to)
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
    changed = subjects.subject(subject_kind).changed(current.revision_id, revision_id)
    found = move(ask(review, current, changed=changed), Verb.REVISE)
    if before.state is State.RETURNED:
        return  # the next submit opens the round
    _follow(review, found, actor, revision_id, Verb.REVISE)
    audit.record(  # after what it closed: who looks for the reason looks from then on
        actor,
        Verb.REVISE,
        subject_kind=subject_kind,
        subject_id=subject_id,
        revision_id=revision_id,
        stage=before.stage,
    )


def _follow(review: Review, found: Move, actor: Actor, revision_id: int, verb: Verb) -> None:
    """The open tasks ask about this revision: in the same round when every vote stands, else in a new one."""
    before, current = review.position, current_round(review)
    if found.kept is not None:
        close_tasks(review)
        open_round(review, actor, revision_id, found.to, found.kept)
        tell(review, verb, before, revision_id, actor)
        return
    current.revision_id = revision_id
    open_tasks = sa.select(Task).where(Task.review_id == review.id, Task.state == TaskState.OPEN, sa.not_(Task.blind))
    for task in session.scalars(open_tasks):
        task.revision_id, task.version = revision_id, task.version + 1
    session.flush()


def bar(subject_kind: str, subject_id: int, actor: Actor, people: Iterable[int]) -> None:
    """These people published the subject before its review ended: they may not judge it; what they approved is void.

    Raises:
        Conflict: it is not under review.
    """
    review = _locked_open(subject_kind, subject_id)
    set_authors(review, people, PUBLISHER)
    session.flush()
    current = current_round(review)
    if review.state is State.IN_REVIEW:
        _follow(review, move(ask(review, current), Verb.REVISE), actor, current.revision_id, Verb.REVISE)


def look_again(subject_kind: str, subject_id: int) -> None:
    """Something beside the text has changed what a decision would do: who has it open is told, and a decision of
    somebody who has not seen that is refused. Without a review there is nothing to do."""
    review = hold(subject_kind, subject_id)
    if review is not None:
        for task in session.scalars(sa.select(Task).filter_by(review_id=review.id, state=TaskState.OPEN)):
            task.version += 1
        session.flush()


def join(subject_kind: str, subject_id: int, author_ids: Iterable[int]) -> None:
    """These people are its authors now, and judge it no more; without a review there is nothing to do.

    Raises:
        Conflict: one of them has judged it (``has-judged``).
    """
    review = hold(subject_kind, subject_id)
    if review is None:
        return
    fresh = set(author_ids) - set(review.author_ids)
    judged = sa.select(Decision.id).where(Decision.review_id == review.id, Decision.actor_id.in_(fresh))
    if session.scalar(judged.limit(1)) is not None:
        raise Conflict(_("Who has judged a text cannot become its author."), code="has-judged")
    set_authors(review, fresh)
    for task in session.scalars(sa.select(Task).where(Task.review_id == review.id, Task.claimed_by_id.in_(fresh))):
        task.claimed_by_id = task.claimed_at = task.claim_kind = None
        task.version += 1
    session.flush()


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
