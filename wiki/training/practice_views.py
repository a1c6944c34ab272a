"""Pages of sessions and tasks: for learners, for trainers, and for those who sign off."""

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import joinedload

from accounts.models import User
from core.db import session
from core.errors import DomainError, Invalid, NotFound
from core.i18n import _, _n
from core.markup import shown
from core.permissions import allowed, can
from core.web import actor, gate, paginate
from wiki.articles.lifecycle_views import as_input, as_time
from wiki.training import practice, presenting, reports, stepping
from wiki.training.models import Course, Enrolment
from wiki.training.ops import find_course
from wiki.training.permissions import P
from wiki.training.practice_models import CourseSession, CourseTask, Seat, TaskReport
from wiki.training.practice_permissions import Practice, waiting
from wiki.training.practice_queries import reports_of, seats_of, taken
from wiki.training.practice_rules import Verdict
from wiki.training.views import after_step, bp

EMPTY_SESSION = {"title": "", "place": "", "starts_at": "", "ends_at": "", "capacity": ""}
EMPTY_TASK = {"title": "", "what": ""}
LISTED = 300  # people on one attendance list


def _head(course: Course) -> dict[str, Any]:
    return {
        "title": course.title,
        "slug": course.slug,
        "url": url_for(".course", slug=course.slug),
        "edit_url": url_for(".edit", slug=course.slug, _anchor="lessons"),
    }


def _edit(course: Course) -> Any:
    return redirect(url_for(".edit", slug=course.slug, _anchor="lessons"), 303)


# --- Sessions ------------------------------------------------------------------------------------------------------


@bp.get("/courses/<slug>/sessions/<int:session_id>")
@gate(P.LEARN)
def meeting(slug: str, session_id: int) -> str:
    """A session: where and when, whether this person comes; for trainers the list of who was there."""
    who, course = actor(), find_course(slug, actor())
    found = practice.find_session(course, session_id, actor())
    steps = presenting.steps_of(course, who)
    mine = next(iter(seats_of([found.id], who.id)), None)
    teaches = can(who, P.TEACH)
    return render_template(
        "training/session.html",
        course=_head(course),
        meeting=stepping.session_row(found, course, mine, taken([found.id]).get(found.id, 0)),
        may_come=can(who, P.TAKE_COURSE, course),
        teaches=teaches,
        people=_attendance(course, found) if teaches else [],
        after_url=after_step(steps, f"session:{found.id}", slug),
    )


def _attendance(course: Course, found: CourseSession) -> list[dict[str, Any]]:
    """Everybody concerned, those who said that they come first."""
    seats = {seat.user_id: seat for seat in seats_of([found.id])}
    ids = list(session.scalars(reports.learners(course).with_only_columns(User.id).order_by(None).limit(LISTED)))
    people = session.scalars(
        sa.select(User).where(User.id.in_([*seats, *ids])).options(joinedload(User.team)).order_by(User.name, User.id)
    ).unique()
    rows = [_present(user, seats.get(user.id)) for user in people]
    return sorted(rows, key=lambda row: (not (row["coming"] or row["present"]), row["team"], row["name"]))


def _present(user: User, seat: Seat | None) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "team": user.team.name if user.team else "",
        "coming": seat is not None and seat.taken_at is not None,
        "present": seat is not None and seat.attended_at is not None,
    }


@bp.post("/courses/<slug>/sessions/<int:session_id>/seat")
@gate(P.LEARN)
def seat(slug: str, session_id: int) -> Any:
    """'I come', or 'I do not come after all'."""
    course = find_course(slug, actor(), P.TAKE_COURSE)
    found = practice.find_session(course, session_id, actor())
    try:
        if request.form.get("verb") == "leave":
            practice.leave_seat(found, actor())
        else:
            practice.take_seat(found, actor())
    except DomainError as error:
        flash(error.sentence, "error")
    return redirect(url_for(".meeting", slug=slug, session_id=session_id), 303)


@bp.post("/courses/<slug>/sessions/<int:session_id>/attendance")
@gate(P.TEACH)
def attendance(slug: str, session_id: int) -> Any:
    """Keep who was there."""
    course = find_course(slug, actor(), P.TEACH)
    found = practice.find_session(course, session_id, actor())
    known = {row["id"] for row in _attendance(course, found)}
    listed = known & set(request.form.getlist("listed", type=int))
    try:
        fresh = practice.note_attendance(
            found, actor(), listed=listed, present=known & set(request.form.getlist("present", type=int))
        )
        flash(_n("Saved: %(num)s more person was there.", "Saved: %(num)s more people were there.", fresh), "success")
    except DomainError as error:
        flash(error.sentence, "error")
    return redirect(url_for(".meeting", slug=slug, session_id=session_id), 303)


@bp.get("/courses/<slug>/sessions/new")
@gate(P.TEACH)
def new_session(slug: str) -> str:
    """An empty form for a session."""
    return _session_form(find_course(slug, actor(), P.TEACH), EMPTY_SESSION, {}, None)


@bp.get("/courses/<slug>/sessions/<int:session_id>/edit")
@gate(P.TEACH)
def edit_session(slug: str, session_id: int) -> str:
    """A session, to be changed."""
    course = find_course(slug, actor(), P.TEACH)
    found = practice.find_session(course, session_id, actor())
    typed = {
        "title": found.title,
        "place": found.place,
        "starts_at": as_input(found.starts_at),
        "ends_at": as_input(found.ends_at),
        "capacity": found.capacity or "",
    }
    return _session_form(course, typed, {}, found)


def _session_form(course: Course, typed: Any, errors: dict[str, str], found: CourseSession | None) -> str:
    return render_template(
        "training/edit_session.html", course=_head(course), typed=typed, errors=errors, found=found and found.id
    )


@bp.post("/courses/<slug>/sessions/new")
@gate(P.TEACH)
def add_session(slug: str) -> Any:
    """One more session."""
    return _save_session(find_course(slug, actor(), P.TEACH), None)


@bp.post("/courses/<slug>/sessions/<int:session_id>/edit")
@gate(P.TEACH)
def change_session(slug: str, session_id: int) -> Any:
    """Keep a changed session, or take it out."""
    course = find_course(slug, actor(), P.TEACH)
    found = practice.find_session(course, session_id, actor())
    if request.form.get("verb") == "remove":
        practice.remove_session(found, actor())
        return _edit(course)
    return _save_session(course, found)


def _save_session(course: Course, found: CourseSession | None) -> Any:
    try:
        practice.save_session(course, actor(), _session_spec(request.form), found)
    except Invalid as error:
        return _session_form(course, request.form, error.errors, found), 422
    return _edit(course)


def _session_spec(form: Any) -> practice.SessionSpec:
    """What the form says about a session.

    Raises:
        Invalid: no times, or seats that are no number.
    """
    starts, ends = as_time(form.get("starts_at", ""), "starts_at"), as_time(form.get("ends_at", ""), "ends_at")
    if starts is None or ends is None:
        raise Invalid({"starts_at" if starts is None else "ends_at": _("Please give a day and a time.")})
    seats = form.get("capacity", "").strip()
    if seats and not (seats.isascii() and seats.isdecimal() and len(seats) < 6):
        raise Invalid({"capacity": _("Please give a whole number.")})
    return practice.SessionSpec(
        form.get("title", ""), form.get("place", ""), starts, ends, int(seats) if seats else None
    )


# --- Tasks ---------------------------------------------------------------------------------------------------------


@bp.get("/courses/<slug>/tasks/<int:task_id>")
@gate(P.LEARN)
def task(slug: str, task_id: int) -> str:
    """A task: what is to be done, what was said about it so far."""
    return _task_page(slug, task_id, {})


def _task_page(slug: str, task_id: int, errors: dict[str, str]) -> str:
    who, course = actor(), find_course(slug, actor())
    found = practice.find_task(course, task_id, actor())
    said = reports_of([found.id], who.id)
    return render_template(
        "training/task.html",
        course=_head(course),
        task=stepping.task_row(found, course, said[-1] if said else None) | {"what_html": shown(found.what)},
        said=said,
        may_say=can(who, P.TAKE_COURSE, course),
        after_url=after_step(presenting.steps_of(course, who), f"task:{found.id}", slug),
        errors=errors,
    )


@bp.post("/courses/<slug>/tasks/<int:task_id>/done")
@gate(P.LEARN)
def say_done(slug: str, task_id: int) -> Any:
    """'I have done this.'"""
    course = find_course(slug, actor(), P.TAKE_COURSE)
    try:
        practice.say_done(practice.find_task(course, task_id, actor()), actor(), request.form.get("note", ""))
    except DomainError as error:
        flash(error.sentence, "error")
    return redirect(url_for(".task", slug=slug, task_id=task_id), 303)


@bp.get("/courses/<slug>/tasks/new")
@gate(P.TEACH)
def new_task(slug: str) -> str:
    """An empty form for a task."""
    return _task_form(find_course(slug, actor(), P.TEACH), EMPTY_TASK, {}, None)


@bp.get("/courses/<slug>/tasks/<int:task_id>/edit")
@gate(P.TEACH)
def edit_task(slug: str, task_id: int) -> str:
    """A task, to be changed."""
    course = find_course(slug, actor(), P.TEACH)
    found = practice.find_task(course, task_id, actor())
    return _task_form(course, {"title": found.title, "what": found.what}, {}, found)


def _task_form(course: Course, typed: Any, errors: dict[str, str], found: CourseTask | None) -> str:
    return render_template(
        "training/edit_task.html", course=_head(course), typed=typed, errors=errors, found=found and found.id
    )


@bp.post("/courses/<slug>/tasks/new")
@gate(P.TEACH)
def add_task(slug: str) -> Any:
    """One more task."""
    return _save_task(find_course(slug, actor(), P.TEACH), None)


@bp.post("/courses/<slug>/tasks/<int:task_id>/edit")
@gate(P.TEACH)
def change_task(slug: str, task_id: int) -> Any:
    """Keep a changed task, or take it out."""
    course = find_course(slug, actor(), P.TEACH)
    found = practice.find_task(course, task_id, actor())
    if request.form.get("verb") == "remove":
        practice.remove_task(found, actor())
        return _edit(course)
    return _save_task(course, found)


def _save_task(course: Course, found: CourseTask | None) -> Any:
    try:
        practice.save_task(course, actor(), request.form.get("title", ""), request.form.get("what", ""), found)
    except Invalid as error:
        return _task_form(course, request.form, error.errors, found), 422
    return _edit(course)


# --- Signing off ---------------------------------------------------------------------------------------------------


def to_sign_off() -> sa.Select[TaskReport]:
    """What this person may sign off and nobody has answered, who waits longest comes first."""
    about = joinedload(TaskReport.enrolment).joinedload(Enrolment.user).joinedload(User.team)
    found = waiting(actor()).options(about, joinedload(TaskReport.task).joinedload(CourseTask.course))
    return found.order_by(TaskReport.at, TaskReport.id)


@bp.get("/sign-offs")
@gate(Practice.SIGN_OFFS)
def sign_offs() -> str:
    """Tasks that people say they have done, to be signed off or sent back."""
    return _sign_offs({}, None)


def _sign_offs(errors: dict[str, str], wrong: int | None) -> str:
    page = paginate(to_sign_off(), per=20)
    rows = [
        {
            "id": one.id,
            "name": one.enrolment.user.name,
            "team": one.enrolment.user.team.name if one.enrolment.user.team else "",
            "title": one.task.title,
            "course": one.task.course.title,
            "what_html": shown(one.task.what),
            "note": one.note,
            "at": one.at,
        }
        for one in page.items
    ]
    return render_template("training/sign_offs.html", page=page, rows=rows, errors=errors, wrong=wrong)


@bp.post("/sign-offs/<int:report_id>")
@gate(Practice.SIGN_OFFS)
def sign_off(report_id: int) -> Any:
    """The task is signed off, or goes back with a word."""
    found = session.scalar(sa.select(TaskReport).where(TaskReport.id == report_id, allowed(actor(), Practice.SIGN_OFF)))
    if found is None:
        raise NotFound(_("There is no such task to sign off, or it is not yours to sign."))
    verdict = Verdict.SENT_BACK if request.form.get("verb") == "back" else Verdict.SIGNED
    try:
        practice.judge(found, actor(), verdict, request.form.get("word", ""))
    except Invalid as error:
        return _sign_offs(error.errors, report_id), 422
    except DomainError as error:
        flash(error.sentence, "error")
    else:
        name = found.enrolment.user.name
        said = _("Signed off for %(name)s.", name=name), _("Sent back to %(name)s.", name=name)
        flash(said[verdict is Verdict.SENT_BACK], "success")
    return redirect(url_for(".sign_offs"), 303)
