"""``/api/v1/reviews``, as the contract says. A review's id and version here are the task's."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from core.api import Answer, Api, In, Out, PageIn, page
from core.web import actor
from workflows import claiming, deciding, subjects
from workflows.models import Task
from workflows.permissions import P
from workflows.queries import waiting_for
from workflows.rules import Verb

api = Api("reviews", writes="review")


class ReviewsIn(PageIn):
    """Filters of the inbox."""

    state: Literal["open"] = "open"
    kind: str | None = None


class DecisionIn(In):
    """A verdict on the version that was seen."""

    verb: Literal["approve", "send_back", "reject", "comment"]
    version: int
    note: str = ""
    to_stage: str | None = None
    checklist: dict[str, bool] = Field(default_factory=dict)


class HandOverIn(In):
    """The username of who takes over."""

    to: str


class ReviewOut(Out):
    """A task."""

    id: str
    submission: str
    stage: str
    role: str
    title: str
    kind: str
    due_at: datetime | None
    version: int
    claimed_by: str | None = None


class ReviewsOut(Out):
    """A page of the inbox."""

    items: list[ReviewOut]
    next: str | None
    total: int


class DecisionOut(Out):
    """What was recorded, and where the submission is now."""

    decision: dict[str, Any]
    submission: dict[str, Any]


def _task(task: Task) -> ReviewOut:
    return ReviewOut(
        id=str(task.id),
        submission=str(task.review.subject_id),
        stage=task.stage,
        role=task.role,
        title=task.review.title,
        kind=task.review.topic,
        due_at=task.due_at,
        version=task.version,
        claimed_by=str(task.claimed_by_id) if task.claimed_by_id else None,
    )


@api.get("/reviews", gate=P.ENTER_REVIEWS, query=ReviewsIn, answer=ReviewsOut)
def inbox(query: ReviewsIn) -> dict[str, Any]:
    """What the caller may decide now, most urgent first."""
    return page(waiting_for(actor(), topic=query.kind), query, _task)


@api.get("/reviews/<int:task_id>", gate=P.ENTER_REVIEWS, answer=ReviewOut)
def show(task_id: int) -> ReviewOut:
    """One task."""
    return _task(deciding.find_task(task_id, actor()))


@api.post("/reviews/<int:task_id>/decisions", gate=P.ENTER_REVIEWS, body=DecisionIn, answer=DecisionOut)
def decide(task_id: int, body: DecisionIn) -> dict[str, Any]:
    """Approve, send back, reject, or comment."""
    if body.verb == "comment":
        decision = deciding.comment(task_id, actor(), note=body.note)
    else:
        decision = deciding.decide(
            task_id,
            actor(),
            Verb(body.verb),
            seen=body.version,
            note=body.note,
            to_stage=body.to_stage,
            checklist=body.checklist,
        )
    review = decision.task.review
    return {
        "decision": {
            "id": str(decision.id),
            "verb": decision.verb.value,
            "stage": decision.stage,
            "at": decision.decided_at.isoformat(),
            "note": decision.note,
            "score": decision.score,
        },
        "submission": subjects.subject(review.subject_kind).summary(review.subject_id),
    }


@api.post("/reviews/<int:task_id>/claim", gate=P.ENTER_REVIEWS, answer=ReviewOut)
def claim(task_id: int) -> ReviewOut:
    """Say 'I am on it'."""
    return _task(claiming.claim(task_id, actor()))


@api.post("/reviews/<int:task_id>/release", gate=P.ENTER_REVIEWS, answer=ReviewOut)
def release(task_id: int) -> ReviewOut:
    """Give it back to the pool."""
    return _task(claiming.release(task_id, actor()))


@api.post("/reviews/<int:task_id>/handover", gate=P.ENTER_REVIEWS, body=HandOverIn, answer=ReviewOut)
def hand_over(task_id: int, body: HandOverIn) -> Answer:
    """Pass it to somebody who may sit in this seat."""
    return Answer(_task(claiming.hand_over(task_id, actor(), to=body.to)))
