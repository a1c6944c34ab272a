"""Second opinions beside the first, and approvals that did not last.

A pair is a blind decision and an ordinary one on the same seat of the same round and revision, given by two people who
did not know of each other. It is known once both have judged and nobody is to judge in the ordinary seat any more.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from accounts.models import User
from core.db import session
from workflows.agreement import Agreement, Approval, Refusal, agreement, overturned
from workflows.flow import Span, in_span, of_kind, raw_rows
from workflows.models import Decision, Pipeline, Review, Task, definition_of
from workflows.rules import REFUSALS, TaskState, Verb

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two verdicts on the same thing: the ordinary one and the blind one."""

    review_id: int
    stage: str
    role: str
    verbs: tuple[str, str]
    answers: dict[str, tuple[str, str]]  # question → the two answers; only questions that both lists answered
    questions: dict[str, str]  # question → its words
    people: tuple[int, int]
    names: tuple[str, str]
    at: datetime  # when the pair was complete
    decisions: tuple[int, int] = (0, 0)

    @property
    def agrees(self) -> bool:
        """The verdicts are the same."""
        return self.verbs[0] == self.verbs[1]


def pairs(span: Span, kind: str | None = None) -> list[Pair]:
    """Every pair that became complete in the span, newest first. One statement."""
    return _found(kind, lambda later: in_span(later, span))


def opinions_on(review_id: int) -> bool:
    """Somebody gave a second opinion in this review."""
    return session.scalar(_blind_one(), {"review": review_id}) is not None


@cache  # asked with every decision
def _blind_one() -> sa.Select[int]:
    here = Decision.review_id == sa.bindparam("review", type_=sa.Integer)
    return sa.select(Decision.id).where(here, Decision.blind).limit(1)


def pairs_of(review_id: int) -> list[Pair]:
    """The complete pairs of one review, newest first."""
    return _found(None, lambda _later: Review.id == review_id)


def _found(kind: str | None, where: Callable[[sa.ColumnElement[datetime]], sa.ColumnElement[bool]]) -> list[Pair]:
    blind, plain, ordinary = aliased(Decision), aliased(Decision), aliased(Task)
    second, first = aliased(User), aliased(User)
    later = sa.case((blind.decided_at > plain.decided_at, blind.decided_at), else_=plain.decided_at)
    found = (
        sa.select(plain, blind, Task.role, Review.document, first.name, second.name)
        .select_from(blind)
        .join(
            plain,
            sa.and_(
                plain.round_id == blind.round_id,
                plain.stage == blind.stage,
                plain.seat == blind.seat,
                plain.revision_id == blind.revision_id,
                sa.not_(plain.blind),
                plain.verb != Verb.COMMENT,
            ),
        )
        .join(Task, Task.id == blind.task_id)
        .join(ordinary, sa.and_(ordinary.id == plain.task_id, ordinary.state != TaskState.OPEN))
        .join(Review, Review.id == blind.review_id)
        .join(first, first.id == plain.actor_id)
        .join(second, second.id == blind.actor_id)
        .where(blind.blind, blind.verb != Verb.COMMENT, where(later))
        .order_by(blind.id.desc(), plain.id)
    )
    return [_pair(*row) for row in session.execute(of_kind(found, kind))]


def _pair(plain: Decision, blind: Decision, role: str, document: dict[str, Any], first: str, second: str) -> Pair:
    stage = definition_of(document).stage(plain.stage)
    both_answered = bool(plain.checklist) and bool(blind.checklist)
    keys = [question.key for question in stage.checklist] if both_answered else []
    return Pair(
        review_id=plain.review_id,
        stage=plain.stage,
        role=role,
        verbs=(plain.verb.value, blind.verb.value),
        answers={key: (_answer(plain, key), _answer(blind, key)) for key in keys},
        questions={question.key: question.text for question in stage.checklist},
        people=(plain.actor_id, blind.actor_id),
        names=(first, second),
        at=max(plain.decided_at, blind.decided_at),
        decisions=(plain.id, blind.id),
    )


def _answer(decision: Decision, key: str) -> str:
    """A question left open in a list that was filled in is a no, as it is for the score."""
    return YES if decision.checklist.get(key) else NO


@dataclass(frozen=True, slots=True)
class Line:
    """The agreement on one thing: the verdict, or a question; of everybody (``role`` empty) or of one role."""

    question: str | None
    words: str
    role: str | None
    found: Agreement


def lines(found: Iterable[Pair]) -> list[Line]:
    """The verdict first, then each question, by role and in the order of its list; overall, then by role."""
    verdicts: dict[str, list[tuple[str, str]]] = defaultdict(list)
    answers: dict[tuple[str, str], dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for pair in found:
        verdicts[pair.role].append(pair.verbs)
        for key, both in pair.answers.items():
            answers[key, pair.questions[key]][pair.role].append(both)
    listed = _lines(None, "", verdicts)
    for (key, words), by_role in sorted(answers.items(), key=lambda item: min(item[1])):
        listed += _lines(key, words, by_role)
    return listed


def _lines(question: str | None, words: str, by_role: dict[str, list[tuple[str, str]]]) -> list[Line]:
    of_roles = [Line(question, words, role, agreement(by_role[role])) for role in sorted(by_role)]
    if question is not None and len(by_role) == 1:
        return of_roles  # only one role is asked it
    together = [both for role in sorted(by_role) for both in by_role[role]]
    return [Line(question, words, None, agreement(together)), *of_roles]


def matching(found: Iterable[Pair], *, question: str | None, role: str | None, words: str | None = None) -> list[Pair]:
    """The pairs behind a line."""
    return [
        pair
        for pair in found
        if (role is None or pair.role == role)
        and (question is None or (question in pair.answers and (words is None or pair.questions[question] == words)))
    ]


# ── overturned approvals ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Record:
    """How many approvals somebody gave in a span, and which of them a later stage overturned, by which refusal."""

    user_id: int
    username: str
    name: str
    approvals: int
    refusals: Mapping[int, int]  # decision ids: overturned approval → refusal

    @property
    def overturned(self) -> tuple[int, ...]:
        """The approvals that did not last."""
        return tuple(self.refusals)

    @property
    def percent(self) -> float | None:
        """Overturned approvals per hundred."""
        return 100 * len(self.refusals) / self.approvals if self.approvals else None


def records(span: Span, kind: str | None = None, *, user_id: int | None = None) -> list[Record]:
    """Everybody who approved in the span, those most often overturned first; only one person with ``user_id``.

    Three statements. A refusal counts whenever it came, also after the span.
    """
    given = (
        sa.select(
            Decision.id, Decision.review_id, Decision.actor_id, Decision.stage, Decision.revision_id, Review.pipeline_id
        )
        .join(Review, Review.id == Decision.review_id)
        .where(Decision.verb == Verb.APPROVE, sa.not_(Decision.blind), in_span(Decision.decided_at, span))
    )
    given = of_kind(given, kind)
    if user_id is not None:
        given = given.where(Decision.actor_id == user_id)
    rows = raw_rows(given).all()
    refusals = (
        sa.select(Decision.id, Decision.review_id, Decision.stage, Decision.revision_id, Review.pipeline_id)
        .join(Review, Review.id == Decision.review_id)
        .where(Decision.verb.in_(REFUSALS), sa.not_(Decision.blind), Decision.decided_at >= span.begin)
    )
    against = raw_rows(refusals).all()
    places = _places()
    hit = overturned(
        [Approval(r.id, r.review_id, r.actor_id, places[r.pipeline_id].get(r.stage, 0), r.revision_id) for r in rows],
        [Refusal(r.id, r.review_id, places[r.pipeline_id].get(r.stage, 0), r.revision_id) for r in against],
    )
    by_person: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        by_person[row.actor_id].append(row.id)
    return _records(by_person, hit)


def overturned_in(review_id: int) -> dict[int, int]:
    """Of one review: the approvals that a later stage overturned, by which refusal (decision ids)."""
    rows = session.scalars(
        sa.select(Decision)
        .where(Decision.review_id == review_id, Decision.verb.in_({Verb.APPROVE, *REFUSALS}), sa.not_(Decision.blind))
        .order_by(Decision.id)
    ).all()
    stages = session.get_one(Review, review_id).definition.stages
    place = {stage.key: number for number, stage in enumerate(stages)}
    return overturned(
        [
            Approval(row.id, row.review_id, row.actor_id, place.get(row.stage, 0), row.revision_id)
            for row in rows
            if row.verb is Verb.APPROVE
        ],
        [
            Refusal(row.id, row.review_id, place.get(row.stage, 0), row.revision_id)
            for row in rows
            if row.verb in REFUSALS
        ],
    )


def _places() -> dict[int, dict[str, int]]:
    """The order of the stages of every version of every pipeline."""
    return {
        pipeline_id: {stage.key: number for number, stage in enumerate(definition_of(document).stages)}
        for pipeline_id, document in session.execute(sa.select(Pipeline.id, Pipeline.document))
    }


def _records(by_person: dict[int, list[int]], hit: dict[int, int]) -> list[Record]:
    people = session.execute(sa.select(User.id, User.username, User.name).where(User.id.in_(by_person)))
    found = [
        Record(
            person.id,
            person.username,
            person.name,
            len(by_person[person.id]),
            {one: hit[one] for one in by_person[person.id] if one in hit},
        )
        for person in people
    ]
    return sorted(found, key=lambda one: (-(one.percent or 0), -one.approvals, one.name))


def approvals_behind(ids: Sequence[int]) -> sa.Select[Decision]:
    """Some approvals with their reviews, newest first."""
    return sa.select(Decision).where(Decision.id.in_(ids)).order_by(Decision.id.desc())
