"""The reviewer's pages: the inbox, and one task to read, compare and decide."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import flash, make_response, redirect, render_template, request, url_for

from core import clock
from core.db import session
from core.errors import Conflict, Invalid
from core.i18n import _
from core.permissions import can
from core.web import actor, blueprint, gate, paginate
from workflows import claiming, deciding, subjects
from workflows.models import Decision, Review, Task
from workflows.permissions import P, acted_this_round, holds_the_seat, wrote_it
from workflows.presenting import counts_for, look, rows_of
from workflows.queries import all_open, decisions_of, waiting_for, wrote_by
from workflows.rules import VERDICTS, State, TaskState, Verb

bp = blueprint("reviews", __name__, url_prefix="/reviews")


@bp.get("")
@gate(P.ENTER_REVIEWS)
def inbox() -> str:
    """What waits for me, most urgent first."""
    who, due = actor(), request.args.get("due", "")
    filters = {name: request.args.get(name, "") for name in ("kind", "role", "author")} | {"due": due}
    found = waiting_for(who, topic=filters["kind"] or None, stage=None, overdue=due == "overdue")
    if due == "today":
        found = found.where(Task.due_at < clock.now() + timedelta(hours=24))
    if filters["role"]:
        found = found.where(Task.role == filters["role"])
    if filters["author"]:
        found = found.where(wrote_by(filters["author"]))
    counts = counts_for(who)
    page = paginate(found, per=40, total=None if any(filters.values()) else counts["all"])
    return render_template(
        "reviews/inbox.html",
        page={
            "items": rows_of(page.items),
            "number": page.number,
            "pages": page.pages,
            "total": page.total,
            "has_next": page.has_next,
        },
        counts=counts,
        filters=filters,
        kinds=subjects.topics(),
        roles=[(role, subjects.role_word(role)) for role in sorted(who.roles)],
    )


@bp.get("/all")
@gate(P.WATCH_ALL)
def everything() -> str:
    """Every open review, whoever it waits for: what the manager's figures count."""
    role, overdue = request.args.get("role", ""), request.args.get("due") == "overdue"
    page = paginate(all_open(role=role or None, overdue=overdue), per=40)
    rows = rows_of(page.items)
    for row, task in zip(rows, page.items, strict=True):
        row["url"] = subjects.subject(task.review.subject_kind).url(task.review.subject_id)
    shown = {"items": rows, "number": page.number, "pages": page.pages, "total": page.total, "has_next": page.has_next}
    return render_template("reviews/all.html", page=shown, role=role, overdue=overdue, word=subjects.role_word)


@bp.get("/<int:task_id>")
@gate(P.ENTER_REVIEWS)
def show(task_id: int) -> Any:
    """One task: what changed, what was said, and the decision."""
    return _page(task_id, {})


def _page(task_id: int, typed: dict[str, Any], status: int = 200) -> Any:
    who = actor()
    task = deciding.find_task(task_id, who)
    review = task.review
    slot = subjects.subject(review.subject_kind)
    if task.state is not TaskState.OPEN or not slot.readable(who, review.subject_id):
        return redirect(slot.url(review.subject_id))
    number, following, total = _place(task)
    page = render_template(
        "reviews/show.html",
        task={
            "id": task.id,
            "version": task.version,
            "stage": task.stage,
            "role": task.role,
            "due_at": task.due_at,
            "due_look": look(task),
            "round": review.round_number,
            "decidable": can(who, P.DECIDE, task),
            "why_not": _why_not(who, task),
        },
        look=request.args.get("look", "inline"),
        remarks=_remarks(review),
        checklist=[{"key": q.key, "question": q.text, "weight": q.weight} for q in task.definition_stage.checklist],
        stages_back=_earlier(task),
        decide_url=url_for(".decide", task_id=task.id),
        next_item=following,
        place={"number": number, "total": total} if number else None,
        record=_record(review),
        typed=typed,
        **slot.page(who, task),
    )
    return make_response(page, status)


def _place(task: Task) -> tuple[int, dict[str, str] | None, int]:
    """Where the task stands in my inbox, what follows it, and how many there are."""
    rows = session.execute(
        waiting_for(actor()).options().with_only_columns(Task.id, Review.title, maintain_column_froms=True).limit(500)
    ).all()
    ids = [row.id for row in rows]
    if task.id not in ids:
        return 0, ({"title": rows[0].title, "url": url_for(".show", task_id=ids[0])} if rows else None), len(ids)
    at = ids.index(task.id)
    after = rows[(at + 1) % len(rows)] if len(rows) > 1 else None
    return at + 1, ({"title": after.title, "url": url_for(".show", task_id=after.id)} if after else None), len(ids)


def _why_not(who: Any, task: Task) -> str | None:
    if wrote_it(who, task):
        return _("This is your own work; somebody else must judge it.")
    if not holds_the_seat(who, task):
        return _("This decision belongs to another role.")
    if acted_this_round(who, task):
        return _("You have already judged in this round; another person must take this seat.")
    return None


def _remarks(review: Review) -> list[dict[str, Any]]:
    return [
        {"actor": name, "stage": subjects.role_word(d.stage), "at": d.decided_at, "text": d.note, "verb": d.verb.value}
        for d, name in reversed(decisions_of(review.id, actor()))
        if d.note
    ]


def _earlier(task: Task) -> list[tuple[str, str]]:
    stages = task.review.definition.stages
    return [(s.key, subjects.role_word(s.key)) for s in stages[: task.review.definition.index(task.stage)]]


def _record(review: Review) -> dict[str, int]:
    """How the author's earlier reviews ended, over the last year."""
    since = clock.now() - timedelta(days=365)
    author = review.author_ids[0] if review.author_ids else 0
    mine = sa.select(Review.id).where(
        Review.authors.any(user_id=author), Review.opened_at >= since, Review.id != review.id
    )
    approved = sa.select(sa.func.count()).where(Review.id.in_(mine), Review.state == State.APPROVED)
    returned = sa.select(sa.func.count()).where(Decision.review_id.in_(mine), Decision.verb == Verb.SEND_BACK)
    return {"approved": session.scalar(approved) or 0, "returned": session.scalar(returned) or 0}


@bp.post("/<int:task_id>/decisions")
@gate(P.ENTER_REVIEWS)
def decide(task_id: int) -> Any:
    """Record the decision; then the next item of the inbox."""
    form = request.form
    typed = {"note": form.get("note", ""), "to_stage": form.get("to_stage"), "checks": _checks().keys()}
    following = _following(task_id)
    try:
        decision = deciding.decide(
            task_id,
            actor(),
            _verb(form.get("verb", "")),
            seen=form.get("version", 0, type=int),
            note=form.get("note", ""),
            to_stage=form.get("to_stage") or None,
            checklist=_checks(),
        )
    except Invalid as error:
        return _page(task_id, {**typed, "error": error.sentence}, 422)
    except Conflict as error:
        if error.code != "moved":
            raise
        return _moved(task_id, error, following), 409
    review = decision.task.review
    words = {
        Verb.APPROVE: _("Approved: %(title)s", title=review.title),
        Verb.SEND_BACK: _("Sent back: %(title)s", title=review.title),
        Verb.REJECT: _("Rejected: %(title)s", title=review.title),
    }
    flash(words[decision.verb], "success")
    return redirect(following["url"] if following else url_for(".inbox"))


def _following(task_id: int) -> dict[str, str] | None:
    rows = list(
        session.execute(
            waiting_for(actor())
            .options()
            .with_only_columns(Task.id, Review.title, maintain_column_froms=True)
            .limit(500)
        )
    )
    ids = [row.id for row in rows]
    at = ids.index(task_id) if task_id in ids else -1
    rest = [row for row in rows[at + 1 :] + rows[: max(at, 0)] if row.id != task_id]
    return {"title": rest[0].title, "url": url_for(".show", task_id=rest[0].id)} if rest else None


def _verb(code: str) -> Verb:
    if code not in {"approve", "send_back", "reject"}:
        raise Invalid({"verb": _("Please choose: approve, send back or reject.")})
    return Verb(code)


def _checks() -> dict[str, bool]:
    return {name.removeprefix("check-"): True for name in request.form if name.startswith("check-")}


def _moved(task_id: int, error: Conflict, following: dict[str, str] | None) -> str:
    task = deciding.find_task(task_id, actor())
    review = task.review
    slot = subjects.subject(review.subject_kind)
    last = next(
        (d for d, _n in reversed(decisions_of(review.id, actor())) if d.task_id == task.id and d.verb in VERDICTS), None
    )
    at = error.details.get("decided_at")
    return render_template(
        "reviews/moved.html",
        sentence=error.sentence,
        by=error.details.get("decided_by"),
        at=datetime.fromisoformat(at) if at else None,
        verb=error.details.get("verb"),
        note=last.note if last and slot.readable(actor(), review.subject_id) else None,
        submission={"title": review.title, "url": slot.url(review.subject_id), **slot.summary(review.subject_id)},
        typed_note=request.form.get("note", ""),
        next_item=following,
        again_url=url_for(".show", task_id=task.id) if task.state is TaskState.OPEN else None,
    )


@bp.post("/<int:task_id>/comments")
@gate(P.ENTER_REVIEWS)
def add_comment(task_id: int) -> Any:
    """Leave a remark without deciding."""
    deciding.comment(task_id, actor(), note=request.form.get("note", ""))
    flash(_("Your remark was recorded."), "success")
    return redirect(url_for(".show", task_id=task_id))


@bp.post("/<int:task_id>/claim")
@gate(P.ENTER_REVIEWS)
def claim(task_id: int) -> Any:
    """Say 'I am on it'."""
    claiming.claim(task_id, actor())
    return redirect(url_for(".show", task_id=task_id))


@bp.post("/<int:task_id>/release")
@gate(P.ENTER_REVIEWS)
def release(task_id: int) -> Any:
    """Give it back to the pool."""
    claiming.release(task_id, actor())
    return redirect(url_for(".inbox"))
