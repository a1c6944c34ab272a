"""Pages of new hires: paths, cohorts compared, one cohort, one person, my own first weeks."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest

from accounts import queries
from accounts.models import Team, User
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _, _n
from core.permissions import SIGNED_IN, can
from core.web import actor, blueprint, gate, maybe_actor
from wiki.people import path_showing, paths, standing
from wiki.people.path_models import Cohort, Newcomer, Path, StepSort
from wiki.people.permissions import P
from wiki.people.proficiency_rules import BY_DAY
from wiki.training.queries import courses
from wiki.training.rules import CourseState

bp = blueprint("paths", __name__)
Answer = Any


# ── paths ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/paths")
@gate(P.SEE_COHORTS)
def index() -> Answer:
    """Every path."""
    return _index({}), 200


def _index(errors: dict[str, str]) -> str:
    rows = [
        {"name": one.name, "url": url_for(".show", path_id=one.id), "steps": len(one.steps),
         "days": max((step.day for step in one.steps), default=0), "target": one.target}
        for one in paths.every_path()
    ]  # fmt: skip
    return render_template(
        "people/paths.html", rows=rows, may_keep=can(actor(), P.KEEP_PATHS), errors=errors, typed=request.form,
        usual=paths.USUAL,
    )  # fmt: skip


@bp.post("/paths")
@gate(P.KEEP_PATHS)
def make() -> Answer:
    """A path."""
    try:
        path = paths.save_path(actor(), request.form.get("name", ""), **_reckoning())
    except Invalid as error:
        return _index(error.errors), 422
    return redirect(url_for(".show", path_id=path.id), 303)


def _reckoning() -> dict[str, Any]:
    try:
        target = Decimal(request.form.get("target", "") or paths.USUAL)
    except InvalidOperation:
        raise Invalid({"target": _("The target must be above 0.")}) from None
    if not target.is_finite():
        raise Invalid({"target": _("The target must be above 0.")})
    return {"target": target, "in_a_row": _number("in_a_row", 5)}


def _number(field: str, usual: int = 0) -> int:
    text = request.form.get(field, "")
    return int(text) if text.isdecimal() and len(text) < 9 else usual


@bp.get("/paths/<int:path_id>")
@gate(P.SEE_COHORTS)
def show(path_id: int) -> Answer:
    """The steps of a path, by day."""
    return _path(paths.find_path(path_id), {}), 200


def _path(path: Path, errors: dict[str, str]) -> str:
    who, keeps = actor(), can(actor(), P.KEEP_PATHS)
    return render_template(
        "people/path.html",
        path=path,
        steps=path_showing.step_rows(path, who, removing=keeps),
        may_keep=keeps,
        sorts=[(one.value, path_showing.SORT_NAMES[one]) for one in StepSort],
        courses=[(one.slug, one.title) for one in session.scalars(courses(who)) if one.state is CourseState.PUBLISHED],
        errors=errors,
        typed=request.form,
    )


@bp.post("/paths/<int:path_id>")
@gate(P.KEEP_PATHS)
def change(path_id: int) -> Answer:
    """Add a step, remove one, change the name and what counts."""
    who, form, path = actor(), request.form, paths.find_path(path_id)
    try:
        match form.get("act"):
            case "save":
                paths.save_path(who, form.get("name", ""), **_reckoning(), found=path)
            case "add":
                sort = _sort()
                what = form.get("course" if sort is StepSort.COURSE else "article", "").rpartition("/")[2]
                paths.add_step(path, who, _number("day"), sort, title=form.get("title", ""), what=what)
            case "remove":
                paths.remove_step(path, who, _number("step"))
            case _:
                raise BadRequest
    except Invalid as error:
        place = "course" if form.get("sort") == StepSort.COURSE else "article"
        return _path(path, {place if field == "what" else field: said for field, said in error.errors.items()}), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".show", path_id=path.id), 303)


def _sort() -> StepSort:
    sort = request.form.get("sort", "")
    if sort not in set(StepSort):
        raise Invalid({"sort": _("Please say what is to be done.")})
    return StepSort(sort)


# ── cohorts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/cohorts")
@gate(P.SEE_COHORTS)
def cohorts() -> Answer:
    """Time to proficiency, cohort by cohort."""
    return _cohorts({}), 200


def _cohorts(errors: dict[str, str]) -> str:
    who = actor()
    some = standing.cohorts()
    rows = path_showing.cohort_rows(some, standing.standings(standing.newcomers(who, [one.id for one in some])))
    keeps = can(who, P.KEEP_PATHS)
    return render_template(
        "people/cohorts.html",
        rows=[row for row in rows if keeps or row["people"]],
        all_people=keeps,
        by_day=BY_DAY,
        may_keep=keeps,
        paths=[(one.id, one.name) for one in paths.every_path()],
        teams=[(one.id, one.name) for one in session.scalars(queries.teams())],
        errors=errors,
        typed=request.form,
    )


@bp.post("/cohorts")
@gate(P.KEEP_PATHS)
def make_cohort() -> Answer:
    """People who begin together."""
    form = request.form
    try:
        team = session.get(Team, _number("team"))
        row = paths.make_cohort(actor(), form.get("name", ""), _chosen_path(), _day("starts_on"), team=team)
        named = _named(form.get("people", "")[:4000])
        if named:
            paths.add_people(row, actor(), named)
    except Invalid as error:
        return _cohorts(error.errors), 422
    return redirect(url_for(".cohort", cohort_id=row.id), 303)


def _chosen_path() -> Path:
    path = session.get(Path, _number("path"))
    if path is None:
        raise Invalid({"path": _("Please choose a path.")})
    return path


def _day(field: str) -> date:
    try:
        return date.fromisoformat(request.form.get(field, ""))
    except ValueError:
        raise Invalid({field: _("Please give a day.")}) from None


def _named(text: str) -> list[User]:
    names = list(dict.fromkeys(text.replace("，", ",").replace("、", ",").replace(",", " ").lower().split()))
    known = {one.username: one for one in session.scalars(sa.select(User).where(User.username.in_(names), User.active))}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Invalid({"people": _("Nobody is called %(names)s.", names=_(", ").join(unknown[:5]))})
    return [known[name] for name in names]


@bp.get("/cohorts/<int:cohort_id>")
@gate(P.SEE_COHORTS)
def cohort(cohort_id: int) -> Answer:
    """Who is where, and who is behind."""
    return _cohort(_found(cohort_id), {}), 200


def _found(cohort_id: int) -> Cohort:
    row = session.get(Cohort, cohort_id)
    if row is None:
        raise NotFound(_("There is no such cohort, or nobody in it whom you may see."))
    return row


def _cohort(row: Cohort, errors: dict[str, str]) -> str:
    who = actor()
    found = standing.standings(standing.newcomers(who, [row.id]))
    keeps = can(who, P.KEEP_PATHS)
    if not found and not keeps:
        raise NotFound(_("There is no such cohort, or nobody in it whom you may see."))
    found.sort(key=lambda one: (one.newcomer.ended_on is not None, -one.late, one.newcomer.user.name))
    figures = path_showing.figures_of(row, found)
    return render_template(
        "people/cohort.html", cohort=figures, target=row.path.target, in_a_row=row.path.in_a_row,
        rows=[path_showing.row_of(one, who) for one in found], may_keep=keeps, errors=errors, typed=request.form,
    )  # fmt: skip


@bp.post("/cohorts/<int:cohort_id>")
@gate(P.KEEP_PATHS)
def add_people(cohort_id: int) -> Answer:
    """More people join."""
    row = _found(cohort_id)
    try:
        hired = _day("hired_on") if request.form.get("hired_on") else None
        added = paths.add_people(row, actor(), _named(request.form.get("people", "")[:4000]), hired)
    except Invalid as error:
        return _cohort(row, error.errors), 422
    flash(_n("%(num)s person is on the path now.", "%(num)s people are on the path now.", len(added)), "success")
    return redirect(url_for(".cohort", cohort_id=row.id), 303)


# ── one person ───────────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/newcomers/<int:newcomer_id>")
@gate(P.SEE_NEWCOMER)
def newcomer(newcomer_id: int) -> Answer:
    """How far somebody is, with every fact."""
    return _newcomer(paths.find_newcomer(newcomer_id, actor()), {}), 200


def _newcomer(row: Newcomer, errors: dict[str, str]) -> str:
    (found,) = standing.standings([row])
    return render_template("people/newcomer.html", **path_showing.page_of(found, actor()), errors=errors)


@bp.get("/my-path")
@gate(SIGNED_IN)
def mine() -> Answer:
    """My first weeks."""
    row = paths.newcomer_of(actor().id)
    return render_template("people/no_path.html") if row is None else _newcomer(row, {})


@bp.post("/newcomers/<int:newcomer_id>")
@gate(P.SEE_NEWCOMER)
def mark(newcomer_id: int) -> Answer:
    """Sign a step, take it back, take the person off the path."""
    who, form = actor(), request.form
    row = paths.find_newcomer(newcomer_id, who)
    try:
        match form.get("act"):
            case "sign":
                day = _day("day") if form.get("day") else None
                paths.sign(row, who, _number("step"), day=day, note=form.get("note", ""))
            case "take_back":
                paths.take_back(row, who, _number("step"))
            case "end":
                paths.end(row, who)
            case _:
                raise BadRequest
    except Invalid as error:
        return _newcomer(row, error.errors), 422
    flash(_("Saved."), "success")
    mine_ = row.user_id == who.id and row.ended_on is None
    return redirect(url_for(".mine") if mine_ else url_for(".newcomer", newcomer_id=row.id), 303)


def on_home(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Today's step of a new hire, on top of their home; nothing for everybody else."""
    who = maybe_actor()
    row = paths.newcomer_of(who.id) if who is not None else None
    if who is None or row is None:
        return None
    (found,) = standing.standings([row])
    if found.proficient_on is not None and not found.now:
        return None
    return "people/_first_weeks.html", path_showing.page_of(found, who)


def on_profile(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The way back to the path when home no longer shows it; nothing for who never was on one."""
    row = paths.newcomer_of(context["user"].id)
    return ("people/_profile.html", {"newcomer": row}) if row is not None else None


def on_desk(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The way from the trainer's desk to the cohorts."""
    who = maybe_actor()
    return ("people/_desk.html", {}) if who is not None and can(who, P.SEE_COHORTS) else None
