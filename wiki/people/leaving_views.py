"""Pages of leaving: who leaves, what a leaver alone holds, what I am to take over, the interview."""

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest

from accounts import absences
from core.actors import Actor
from core.db import session
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _, _n
from core.permissions import SIGNED_IN, can, require
from core.web import actor, blueprint, gate, maybe_actor
from wiki.articles.queries import category_by_slug
from wiki.people import interviews, leaving, leaving_showing, topics
from wiki.people.holdings import Key
from wiki.people.leaving_models import Handover, Leaving
from wiki.people.leaving_rules import Sort
from wiki.people.permissions import P
from wiki.search.gap_models import WritingTask

bp = blueprint("leaving", __name__)
Answer = Any
SHOWN = 5  # things above home and inbox; the page of hand-overs has them all


@bp.get("/people/leaving")
@gate(P.SEE_LEAVERS)
def index() -> Answer:
    """Who leaves, who has left, and the form to mark somebody."""
    return _index({}), 200


def _index(errors: dict[str, str]) -> str:
    who = actor()
    marks = can(who, P.MARK_LEAVING)
    people = [one for one in session.scalars(absences.answered_for(who)) if can(who, P.MARK_LEAVING, one)]
    return render_template(
        "people/leavers.html",
        rows=[leaving_showing.row_of(one) for one in session.scalars(leaving.leavings(who))],
        over=[leaving_showing.row_of(one) for one in session.scalars(leaving.leavings(who, over=True).limit(30))],
        people=[(one.id, f"{one.name} · {one.team.name}" if one.team else one.name) for one in people],
        may_mark=marks,
        errors=errors,
        typed=request.form,
    )


@bp.post("/people/leaving")
@gate(P.MARK_LEAVING)
def mark() -> Answer:
    """Somebody leaves."""
    who, form = actor(), request.form
    try:
        row = leaving.mark(who, _number(form.get("person", ""), "person"), _day(), disable="disable" in form,
                           note=form.get("note", ""))  # fmt: skip
    except NotFound as error:
        return _index({"person": error.sentence}), 422
    except Conflict as error:
        return _index({"person": error.sentence}), 409
    except Invalid as error:
        return _index(error.errors), 422
    flash(_("Noted. Now choose who takes over what, and who talks to them."), "success")
    return _to(row)


def _day() -> date:
    try:
        return date.fromisoformat(request.form.get("last_day", ""))
    except ValueError:
        raise Invalid({"last_day": _("Please give a day.")}) from None


def _number(text: str, field: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise Invalid({field: _("Please choose a person.")})
    return int(text)


def _to(row: Leaving) -> Answer:
    return redirect(url_for("leaving.show", leaving_id=row.id), 303)


@bp.get("/people/leaving/<int:leaving_id>")
@gate(SIGNED_IN)
def show(leaving_id: int) -> Answer:
    """What this person alone holds, and who takes it over."""
    return _page(leaving.find(leaving_id, actor()), {}), 200


def _page(row: Leaving, errors: dict[str, str]) -> str:
    return render_template(
        "people/leaver.html", **leaving_showing.page_of(row, actor()), errors=errors, typed=request.form
    )


@bp.post("/people/leaving/<int:leaving_id>")
@gate(SIGNED_IN)
def act(leaving_id: int) -> Answer:
    """Change the day, undo it, hand things on and ask for the interview."""
    who, form = actor(), request.form
    row = leaving.find(leaving_id, who, locked=True)
    try:
        match form.get("act"):
            case "change":
                require(who, P.STEER_LEAVING, row)
                leaving.change(row, who, _day(), disable="disable" in form, note=form.get("note", ""))
                flash(_("Saved."), "success")
            case "undo":
                leaving.undo(row, who)
                flash(_("It is undone. What colleagues have accepted already stays with them."), "success")
            case "hand_on":
                _hand_on(row, who)
            case _:
                raise BadRequest
    except Invalid as error:
        return _page(row, error.errors), 422
    return _to(row)


def _hand_on(row: Leaving, who: Actor) -> None:
    """One act: a successor for each thing (or one for all that have none), and who talks to them."""
    chosen, everything = dict[Key, int](), request.form.get("all", "")
    for name, value in request.form.items():
        sort, _dash, number = name.partition("-")
        if sort in set(Sort) and number.isdecimal() and len(number) < 10 and (value or everything):
            chosen[Sort(sort), int(number)] = _number(value or everything, "all")
    interviewer = request.form.get("interviewer", "")
    if not chosen and not interviewer:
        raise Invalid({"all": _("Please choose who takes over, or who talks to them.")})
    count, refused = leaving.hand_on(row, who, chosen)
    if interviewer:
        interviews.ask_for(row, who, _number(interviewer, "interviewer"))
    if count:
        said = _n("%(num)s thing is asked for; it is theirs when they accept, or when the last day is over.",
                  "%(num)s things are asked for; they are theirs when they accept, or when the last day is over.",
                  count)  # fmt: skip
        flash(said, "success")
    elif interviewer and not refused:
        flash(_("Saved."), "success")
    for why in dict.fromkeys(refused.values()):
        flash(why, "warning")


@bp.get("/people/leaving/<int:leaving_id>/topics/<slug>")
@gate(SIGNED_IN)
def topic(leaving_id: int, slug: str) -> str:
    """Where the figures of one topic come from."""
    row, category = leaving.find(leaving_id, actor()), category_by_slug(slug)
    if category is None:
        raise NotFound(_("There is no such category."))
    found = next((one for one in topics.topics(row.user_id) if one.id == category.id), None)
    return render_template(
        "people/topic.html",
        leaver=leaving_showing.row_of(row),
        category=category.name,
        figures=found,
        sources=topics.sources(row.user_id, category, actor()),
    )


# ── what I take over ─────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/people/handovers")
@gate(P.TAKE_OVER)
def handovers() -> Answer:
    """What this person is asked to take over."""
    return _handovers({}), 200


def _handovers(errors: dict[str, str]) -> str:
    who = actor()
    rows = list(session.scalars(leaving.waiting_for(who)))
    return render_template("people/handovers.html", groups=leaving_showing.waiting_rows(rows, who), errors=errors)


@bp.post("/people/handovers")
@gate(P.TAKE_OVER)
def accept_all() -> Answer:
    """Everything of one leaver."""
    who, number = actor(), request.form.get("leaving", "")
    rows = [row for row in session.scalars(leaving.waiting_for(who)) if str(row.leaving_id) == number]
    _accept([leaving.find_handover(row.id, who) for row in rows], who)
    return redirect(url_for(".handovers"), 303)


@bp.post("/people/handovers/<int:handover_id>")
@gate(P.TAKE_OVER)
def answer(handover_id: int) -> Answer:
    """Accept one thing, or decline it with a reason."""
    who = actor()
    row = leaving.find_handover(handover_id, who)
    match request.form.get("act"):
        case "accept":
            _accept([row], who)
        case "decline":
            try:
                leaving.decline(row, who, request.form.get("note", ""))
            except Invalid as error:
                return _handovers({f"note-{row.id}": error.sentence}), 422
            flash(_("Whoever asked you hears of it."), "success")
        case _:
            raise BadRequest
    return redirect(url_for(".handovers"), 303)


def _accept(rows: list[Handover], who: Actor) -> None:
    failed = [why for row in rows if (why := leaving.accept(row, who))]
    if len(rows) > len(failed):
        done = len(rows) - len(failed)
        flash(_n("%(num)s thing is yours now. Thank you!", "%(num)s things are yours now. Thank you!", done), "success")
    for why in dict.fromkeys(failed):
        flash(why, "warning")


# ── the interview ────────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/people/leaving/<int:leaving_id>/interview")
@gate(SIGNED_IN)
def interview(leaving_id: int) -> Answer:
    """What to ask, and what was said."""
    return _interview(_found(leaving_id), {}), 200


def _found(leaving_id: int, *, locked: bool = False) -> Leaving:
    row = leaving.find(leaving_id, actor(), locked=locked)
    require(actor(), P.INTERVIEW, row)
    if row.interview is None:
        raise NotFound(_("Nobody was asked to talk to them yet."))
    return row


def _interview(row: Leaving, errors: dict[str, str]) -> str:
    who, about = actor(), leaving_showing.interview_of(row)
    return render_template(
        "people/interview.html",
        leaver=leaving_showing.row_of(row),
        interview=about,
        questions=interviews.questions(row),
        mine=about is not None and about["with_id"] == who.id,
        errors=errors,
        typed=request.form,
    )


@bp.post("/people/leaving/<int:leaving_id>/interview")
@gate(SIGNED_IN)
def note_interview(leaving_id: int) -> Answer:
    """Keep what was said; add a question; make a draft of it."""
    who, form = actor(), request.form
    row = _found(leaving_id, locked=True)
    said = {
        int(name[7:]): value
        for name, value in form.items()
        if name.startswith("answer-") and name[7:].isdecimal() and len(name) < 17
    }
    try:
        interviews.answer(row, who, said)
        if form.get("act") == "add":
            interviews.add_question(row, who, form.get("question", ""))
        elif form.get("act") == "draft":
            draft = interviews.make_draft(row, who)
            return redirect(url_for("submissions.edit", submission_id=draft.id), 303)
    except Invalid as error:
        return _interview(row, error.errors), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".interview", leaving_id=row.id), 303)


# ── elsewhere ────────────────────────────────────────────────────────────────────────────────────────────────────────


def on_home(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """What waits to be taken over, at the top of home and inbox; nothing where nothing does."""
    who = maybe_actor()
    rows = list(session.scalars(leaving.waiting_for(who).limit(SHOWN))) if who is not None else []
    if who is None or not rows:
        return None
    total = len(rows) if len(rows) < SHOWN else leaving.count_waiting(who)
    return "people/_handovers.html", {"groups": leaving_showing.waiting_rows(rows, who), "total": total}


def in_writing_task(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The questions of the interview that a writing task is for."""
    who, task = maybe_actor(), session.get(WritingTask, context["task_id"])
    if who is None or task is None:
        return None
    row = session.scalar(leaving.of_interview(task.id))
    if row is None or not can(who, P.INTERVIEW, row):
        return None
    return "people/_interview.html", {"url": url_for("leaving.interview", leaving_id=row.id), "name": row.user.name}
