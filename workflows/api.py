"""``/api/v1/reviews``, as the contract says. A review's id and version here are the task's."""

from typing import Any

from core.api import Answer, Api, page
from core.errors import Invalid
from core.i18n import _
from core.web import actor
from workflows import claiming, deciding, expert_links, experts, remarks, subjects, task_showing
from workflows.api_shapes import (
    AnswerIn,
    BulkIn,
    BulkOut,
    DecisionIn,
    DecisionOut,
    ExpertIn,
    ExpertOut,
    HandOverIn,
    OpinionOut,
    PeopleIn,
    RemarkOut,
    ReviewOut,
    ReviewsIn,
    ReviewsOut,
    TaskOut,
)
from workflows.decision_forms import passages
from workflows.inbox_queries import Wish, waiting
from workflows.models import Remark, Task
from workflows.permissions import P
from workflows.presenting import names_of
from workflows.rules import Verb

api = Api("reviews", writes="review")


def _task(task: Task) -> ReviewOut:
    return ReviewOut(**_fields(task))


def _fields(task: Task) -> dict[str, Any]:
    return {
        "id": str(task.id),
        "submission": str(task.review.subject_id),
        "stage": task.stage,
        "role": task.role,
        "title": task.review.title,
        "kind": task.review.topic,
        "due_at": task.due_at,
        "version": task.version,
        "claimed_by": str(task.claimed_by_id) if task.claimed_by_id else None,
        "claim_kind": task.claim_kind.value if task.claim_kind else None,
        "round": task.review.round_number,
        "opened_at": task.opened_at,
        "escalation": task.escalation,
        "blocked": task.blocked_at is not None,
        "blind": task.blind,
        "bulk": task.definition_stage.bulk and not task.blind,
    }


@api.get("/reviews", gate=P.ENTER_REVIEWS, query=ReviewsIn, answer=ReviewsOut)
def inbox(query: ReviewsIn) -> dict[str, Any]:
    """What the caller may decide now, most urgent first."""
    wish = Wish(
        kind=query.kind or "",
        stage=query.stage or "",
        role=query.role or "",
        due=query.due or "",
        holder=query.holder or "",
    )
    return page(waiting(actor(), wish), query, _task)


@api.get("/reviews/<int:task_id>", gate=P.ENTER_REVIEWS, answer=TaskOut)
def show(task_id: int) -> TaskOut:
    """One task in full: its stage, its holder, the remarks and opinions the caller may see."""
    who = actor()
    task = deciding.find_task(task_id, who)
    card = task_showing.task_card(task, who)
    readable = subjects.subject(task.review.subject_kind).readable(who, task.review.subject_id)
    return TaskOut(
        **_fields(task),
        state=task.state.value,
        decidable=card["decidable"],
        on_behalf_of=card["on_behalf_of"],
        claimed_at=task.claimed_at,
        claimed_by_name=card["holder"]["name"] if card["holder"] else None,
        needed=task.needed,
        definition=task.definition_stage.model_dump(mode="json"),
        remarks=[_remark(one, name) for one, name in remarks.remarks_of([task.review_id], who)] if readable else [],
        opinions=[_opinion(one) for one in task_showing.opinions_of(task.review, who)] if readable else [],
    )


def _remark(remark: Remark, author: str) -> RemarkOut:
    return RemarkOut(
        id=str(remark.id),
        field=remark.field,
        quote=remark.quote,
        text=remark.text,
        author=author,
        created_at=remark.created_at,
        answer=remark.answer,
        resolved_at=remark.resolved_at,
    )


def _opinion(card: dict[str, Any]) -> OpinionOut:
    return OpinionOut(**{name: card[name] for name in OpinionOut.model_fields if name != "id"}, id=str(card["id"]))


@api.post("/reviews/<int:task_id>/decisions", gate=P.ENTER_REVIEWS, body=DecisionIn, answer=DecisionOut)
def decide(task_id: int, body: DecisionIn) -> dict[str, Any]:
    """Approve, send back, reject, or comment."""
    noted = passages(body.remarks)
    if body.verb == "comment":
        decision = deciding.comment(task_id, actor(), note=body.note, remarks=noted)
    else:
        decision = deciding.decide(
            task_id,
            actor(),
            Verb(body.verb),
            seen=body.version,
            note=body.note,
            to_stage=body.to_stage,
            checklist=body.checklist,
            reason=body.reason,
            remarks=noted,
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
            "reason": decision.reason.value if decision.reason else None,
            "on_behalf_of": str(decision.on_behalf_of_id) if decision.on_behalf_of_id else None,
            "blind": decision.blind,
        },
        "submission": subjects.subject(review.subject_kind).summary(review.subject_id),
    }


@api.post("/reviews/bulk", gate=P.ENTER_REVIEWS, body=BulkIn, answer=BulkOut)
def approve_many(body: BulkIn) -> dict[str, Any]:
    """Approve several tasks of stages that allow it, each as if alone."""
    seen = {item.id: item.version for item in body.items}
    done, refused = deciding.decide_many(seen, actor(), note=body.note)
    return {
        "approved": [str(one.task_id) for one in done],
        "refused": {str(task_id): sentence for task_id, sentence in refused.items()},
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
def hand_over(task_id: int, body: HandOverIn) -> ReviewOut:
    """Pass it to somebody who may sit in this seat."""
    return _task(claiming.hand_over(task_id, actor(), to=body.to, seen=body.version))


@api.post("/reviews/<int:task_id>/people", gate=P.WATCH_ALL, body=PeopleIn, answer=ReviewOut)
def name_people(task_id: int, body: PeopleIn) -> ReviewOut:
    """Name who may decide a task that is blocked."""
    return _task(claiming.name_people(task_id, actor(), body.people))


@api.post("/reviews/<int:task_id>/experts", gate=P.ENTER_REVIEWS, body=ExpertIn, answer=ExpertOut, status=201)
def ask_expert(task_id: int, body: ExpertIn) -> Answer:
    """Ask a colleague for an opinion, or somebody outside, whose link is given this once."""
    if (body.to is None) == (body.name is None):
        raise Invalid({"to": _("Say whom you ask: a colleague, or somebody outside.")})
    if body.to is not None:
        found = experts.ask_colleague(task_id, actor(), username=body.to, question=body.question, days=body.days)
        return Answer(ExpertOut(id=str(found.id), name=found.name, expires_at=found.expires_at), 201)
    found, secret = experts.ask_outside(
        task_id, actor(), name=body.name or "", question=body.question, address=body.address, days=body.days
    )
    link = expert_links.link_to(secret)
    mailed = expert_links.post(found, link)
    return Answer(
        ExpertOut(id=str(found.id), name=found.name, expires_at=found.expires_at, link=link, mailed=mailed), 201
    )


@api.post("/remarks/<int:remark_id>/resolve", gate=P.ENTER_REVIEWS, body=AnswerIn, answer=RemarkOut)
def resolve_remark(remark_id: int, body: AnswerIn) -> RemarkOut:
    """An author says what became of a remark."""
    return _answered(remarks.resolve(remark_id, actor(), answer=body.answer))


@api.post("/remarks/<int:remark_id>/reopen", gate=P.ENTER_REVIEWS, answer=RemarkOut)
def reopen_remark(remark_id: int) -> RemarkOut:
    """The remark is open again."""
    return _answered(remarks.reopen(remark_id, actor()))


def _answered(remark: Remark) -> RemarkOut:
    return _remark(remark, names_of([remark.author_id]).get(remark.author_id, ""))
