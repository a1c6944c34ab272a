"""The reviewer's page: one task to read, compare and decide – and what may be done with it besides."""

from datetime import datetime
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for

from core.actors import Actor
from core.errors import Conflict, Invalid
from core.i18n import _
from core.permissions import can
from core.web import actor, blueprint, gate
from workflows import claiming, deciding, subjects, task_showing
from workflows.blindness import blind_since
from workflows.decision_forms import Typed, missing, typed, verb_of
from workflows.inbox_queries import around
from workflows.models import Task
from workflows.permissions import P
from workflows.queries import decisions_of
from workflows.remark_showing import beside
from workflows.rules import VERDICTS, TaskState, Verb

bp = blueprint("reviews", __name__, url_prefix="/reviews")


@bp.get("/<int:task_id>")
@gate(P.ENTER_REVIEWS)
def show(task_id: int) -> Any:
    """One task: what changed, what was said, and the decision."""
    return page_of(task_id, Typed())


def page_of(task_id: int, given: Typed, status: int = 200, *, more: bool = False) -> Any:
    """The page with what was typed; ``more``: with another empty row for a remark."""
    who = actor()
    task = deciding.find_task(task_id, who)
    slot = subjects.subject(task.review.subject_kind)
    if task.state is not TaskState.OPEN or not slot.readable(who, task.review.subject_id):
        return redirect(slot.url(task.review.subject_id))
    about = slot.page(who, task)
    texts, changes = about.pop("texts"), about.pop("changes")
    found = beside([task.review], who, texts, changes, title=about["submission"]["title"])
    blind = blind_since(who, task.review.subject_kind, task.review.subject_id) is not None
    number, following, total = _place(who, task.id)
    page = render_template(
        "reviews/show.html",
        task=task_showing.task_card(task, who),
        beside=found,
        notes=task_showing.notes_of(task.review, who),
        opinions=task_showing.opinions_of(task.review, who),
        checklist=task_showing.checklist_card(task, given),
        ways_back=task_showing.ways_back(task),
        returns_to=given.to_stage or task.definition_stage.returns_to or "author",
        reasons=task_showing.reasons(),
        fields=task_showing.field_choices(task),
        rows=[*given.remarks, None] if more or not given.remarks else given.remarks,
        takers=task_showing.takers_of(task, who) if claiming.may_hand_over(who, task) else [],
        colleagues=task_showing.colleagues(task, who),
        next_item=following,
        place={"number": number, "total": total} if number else None,
        record=task_showing.record_of(task.review),
        typed=given,
        **{**about, "stages": [] if blind else about["stages"]},
    )
    return make_response(page, status)


def _place(who: Actor, task_id: int) -> tuple[int, dict[str, str] | None, int]:
    number, after, total = around(who, task_id)
    return number, _link(after), total


def _link(row: Any) -> dict[str, str] | None:
    return {"title": row.title, "url": url_for("reviews.show", task_id=row.id)} if row else None


@bp.post("/<int:task_id>/decisions")
@gate(P.ENTER_REVIEWS)
def decide(task_id: int) -> Any:
    """Record the decision; then the next item of the inbox."""
    who, given = actor(), typed(request.form)
    if given.verb == "more":
        return page_of(task_id, given, more=True)
    following = _place(who, task_id)[1]
    try:
        verb = verb_of(given)
        _ask_why(task_id, who, given, verb)
        decision = deciding.decide(
            task_id,
            who,
            verb,
            seen=given.seen,
            note=given.note,
            to_stage=given.to_stage or None,
            checklist=given.checks,
            reason=given.reason or None,
            remarks=given.remarks,
        )
    except Invalid as error:
        return page_of(task_id, given.refused(error.errors), 422)
    except Conflict as error:
        if error.code != "moved":
            raise
        return _moved(task_id, error, following), 409
    title = decision.task.review.title
    words = {
        Verb.APPROVE: _("Approved: %(title)s", title=title),
        Verb.SEND_BACK: _("Sent back: %(title)s", title=title),
        Verb.REJECT: _("Rejected: %(title)s", title=title),
    }
    flash(_("Your second opinion is recorded: %(title)s", title=title) if decision.blind else words[verb], "success")
    return redirect(following["url"] if following else url_for("reviews.inbox"))


def _ask_why(task_id: int, who: Actor, given: Typed, verb: Verb) -> None:
    """A refusal on the page has a reason; what stands in the way of deciding at all is said before that."""
    lacking = missing(given, verb)
    if not lacking:
        return
    task = deciding.find_task(task_id, who)
    if task.version == given.seen and can(who, P.DECIDE, task):
        raise Invalid(lacking)


def _moved(task_id: int, error: Conflict, following: dict[str, str] | None) -> str:
    task = deciding.find_task(task_id, actor())
    review = task.review
    slot = subjects.subject(review.subject_kind)
    last = next(
        (d for d, _n in reversed(decisions_of(review.id, actor())) if d.task_id == task.id and d.verb in VERDICTS), None
    )
    at = error.details.get("decided_at")
    given = typed(request.form)
    return render_template(
        "reviews/moved.html",
        sentence=error.sentence,
        by=error.details.get("decided_by"),
        at=datetime.fromisoformat(at) if at else None,
        verb=error.details.get("verb"),
        note=last.note if last and slot.readable(actor(), review.subject_id) else None,
        submission={"title": review.title, "url": slot.url(review.subject_id), **slot.summary(review.subject_id)},
        typed_note="\n\n".join([given.note, *(f"「{one.quote}」 {one.text}" for one in given.remarks)]).strip(),
        next_item=following,
        again_url=url_for("reviews.show", task_id=task.id) if task.state is TaskState.OPEN else None,
    )


@bp.post("/<int:task_id>/comments")
@gate(P.ENTER_REVIEWS)
def add_comment(task_id: int) -> Any:
    """Leave a remark without deciding."""
    given = typed(request.form)
    try:
        deciding.comment(task_id, actor(), note=given.note, remarks=given.remarks)
    except Invalid as error:
        return page_of(task_id, given.refused(error.errors), 422)
    flash(_("Your remark was recorded."), "success")
    return redirect(url_for("reviews.show", task_id=task_id))


@bp.post("/<int:task_id>/claim")
@gate(P.ENTER_REVIEWS)
def claim(task_id: int) -> Any:
    """Say 'I am on it'."""
    claiming.claim(task_id, actor())
    return redirect(url_for("reviews.show", task_id=task_id))


@bp.post("/<int:task_id>/release")
@gate(P.ENTER_REVIEWS)
def release(task_id: int) -> Any:
    """Give it back to the pool."""
    task = claiming.release(task_id, actor())
    flash(_("Given back to the others: %(title)s", title=task.review.title), "success")
    return redirect(url_for("reviews.inbox"))


@bp.get("/<int:task_id>/handover")
@gate(P.ENTER_REVIEWS)
def choose_taker(task_id: int) -> Any:
    """Who could take a task over: for the board, where its text is not read."""
    return _handover(task_id, {})


@bp.post("/<int:task_id>/handover")
@gate(P.ENTER_REVIEWS)
def hand_over(task_id: int) -> Any:
    """Pass the task to somebody else who may sit in its seat; one that has moved since is refused with a sentence."""
    form = request.form
    try:
        task = claiming.hand_over(task_id, actor(), to=form.get("to", ""), seen=form.get("version", type=int))
    except Invalid as error:
        return _handover(task_id, error.errors, 422)
    flash(_("Handed over: %(title)s", title=task.review.title), "success")
    if form.get("back") == "board":
        return redirect(url_for("reviews.board"))
    return redirect(url_for("reviews.inbox"))


def _handover(task_id: int, errors: dict[str, str], status: int = 200) -> Any:
    who = actor()
    task: Task = deciding.find_task(task_id, who)
    deciding.forbid_own_work(who, task)
    deciding.must_still_be(task)
    claiming.must_be_theirs(who, task)
    page = render_template(
        "reviews/handover.html",
        task=task_showing.task_card(task, who),
        title=task.review.title,
        takers=task_showing.takers_of(task, who),
        errors=errors,
        back=request.values.get("back", ""),
    )
    return make_response(page, status)
