"""The trainer's pages: build a course and its quizzes, publish, assign, see who has learned."""

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for

from accounts.models import Team, User
from core.actors import Actor
from core.db import session
from core.errors import DomainError, Invalid
from core.i18n import _
from core.web import actor, gate, paginate
from wiki.articles.models import Article
from wiki.training import (
    assigning,
    audience_showing,
    forms,
    ops,
    outline,
    prerequisites,
    presenting,
    queries,
    reports,
    suggesting,
    version_showing,
    versions,
)
from wiki.training.audience import Reach, circle_of
from wiki.training.models import Assignment, Course
from wiki.training.permissions import P
from wiki.training.queries import Progress
from wiki.training.views import bp

NEW_COURSE = {"title": "", "summary": "", "credits": "2", "requires": "everything"}
FOUND_PER_PAGE = 8


@bp.get("/courses/new")
@gate(P.TEACH)
def new() -> str:
    """An empty form for a course."""
    return render_template("training/new.html", typed=NEW_COURSE, errors={})


@bp.post("/courses/new")
@gate(P.TEACH)
def create() -> Any:
    """A draft course, and on to its contents."""
    try:
        found = ops.create_course(actor(), forms.course_spec(request.form))
    except Invalid as error:
        return render_template("training/new.html", typed=request.form, errors=error.errors), 422
    return redirect(url_for(".edit", slug=found.slug), 303)


@bp.get("/courses/<slug>/edit")
@gate(P.TEACH)
def edit(slug: str) -> str:
    """Everything a course consists of, on one page."""
    return _edit_page(ops.find_course(slug, actor(), P.TEACH))


def _edit_page(
    found: Course,
    typed: Any = None,
    errors: dict[str, str] | None = None,
    *,
    chosen: Any = None,
    reach: Reach | None = None,
    problem: str = "",
) -> str:
    """The page with what somebody typed, and whom what they chose would reach."""
    who = actor()
    words = request.args.get("q", "").strip()
    steps = presenting.steps_of(found, who, versions.as_written(found))
    stored = {
        "title": found.title,
        "summary": found.summary,
        "credits": f"{found.credits.normalize():f}",
        "requires": found.requires.value,
    }
    return render_template(
        "training/edit.html",
        course={"title": found.title, "slug": found.slug, "state": found.state.value},
        typed=typed or stored,
        errors=errors or {},
        steps=steps,
        words=words,
        found=_to_choose(found, who, words),
        version=version_showing.waiting(found, who),
        needed=prerequisites.needed_by(found),
        to_need=prerequisites.to_choose(found, who),
        audience=audience_showing.of_course(found, chosen),
        reach=reach,
        problem=problem,
    )


def _to_choose(course: Course, who: Actor, words: str) -> list[dict[str, Any]]:
    """Articles to tick: what the words find, or without words what the course might teach next, and why."""
    taken = {lesson.article_id for lesson in course.lessons}
    rows: list[tuple[Article, tuple[str, ...]]]
    if words:
        rows = [(one, ()) for one in session.scalars(reports.to_teach(who, words).limit(FOUND_PER_PAGE)).unique()]
    else:
        rows = [(one.article, one.reasons) for one in suggesting.suggested(course, who)]
    return [
        {"slug": a.slug, "title": a.title, "kind": a.kind, "version": a.version, "taken": a.id in taken, "why": why}
        for a, why in rows
    ]


def _back(slug: str, place: str, **more: Any) -> Any:
    return redirect(url_for(".edit", slug=slug, _anchor=place, **more), 303)


@bp.post("/courses/<slug>/edit")
@gate(P.TEACH)
def change(slug: str) -> Any:
    """Keep what the form says about the course as a whole."""
    found = ops.find_course(slug, actor(), P.TEACH)
    try:
        ops.change_course(found, actor(), forms.course_spec(request.form))
    except Invalid as error:
        return _edit_page(found, request.form, error.errors), 422
    flash(_("Saved."), "success")
    return _back(slug, "about")


@bp.post("/courses/<slug>/publish")
@gate(P.TEACH)
def publish(slug: str) -> Any:
    """Open the course to learners."""
    found = ops.find_course(slug, actor(), P.TEACH)
    try:
        ops.publish(found, actor())
    except DomainError as error:
        flash(error.sentence, "error")
        return _back(slug, "publish")
    flash(_("The course is open. Now say who is to take it, and by when."), "success")
    return _back(slug, "assign")


@bp.post("/courses/<slug>/lessons")
@gate(P.TEACH)
def add_lesson(slug: str) -> Any:
    """One more lesson: an article as it is published now."""
    found = ops.find_course(slug, actor(), P.TEACH)
    try:
        ops.add_lesson(found, actor(), request.form.get("article", ""))
    except DomainError as error:
        flash(error.sentence, "error")
    return _back(slug, "lessons", q=request.form.get("q") or None)


@bp.post("/courses/<slug>/lessons/<int:number>")
@gate(P.TEACH)
def change_lesson(slug: str, number: int) -> Any:
    """Move a lesson up or down, take it out, pin the live version, say what to try."""
    found = ops.find_course(slug, actor(), P.TEACH)
    lesson, verb = ops.find_lesson(found, number), request.form.get("verb", "")
    if verb in {"up", "down"}:
        outline.place(found, actor(), [], key=f"lesson:{lesson.id}", way=verb)
    elif verb == "remove":
        ops.remove_lesson(lesson, actor())
    elif verb == "pin":
        ops.pin(lesson, actor())
        flash(_("“%(title)s” now teaches the live version.", title=lesson.article.title), "success")
    elif verb == "task":
        ops.describe_lesson(lesson, actor(), request.form.get("task", ""))
    return _back(slug, "lessons", q=request.form.get("q") or None)


@bp.get("/courses/<slug>/reach")
@gate(P.TEACH)
def reached(slug: str) -> str:
    """Whom what is chosen would reach: a part of the page, asked for while choosing."""
    found = ops.find_course(slug, actor(), P.TEACH)
    seen, problem = audience_showing.preview(found, request.args)
    return render_template("training/_reach.html", reach=seen, problem=problem if any(request.args.values()) else "")


@bp.post("/courses/<slug>/assignments")
@gate(P.TEACH)
def assign(slug: str) -> Any:
    """These people are to take the course; asked for a look first, nothing is kept."""
    found = ops.find_course(slug, actor(), P.TEACH)
    if request.form.get("verb") == "preview":
        seen, problem = audience_showing.preview(found, request.form)
        return _edit_page(found, chosen=request.form, reach=seen, problem=problem)
    try:
        said = audience_showing.wanted(request.form)
        row = assigning.assign(
            found, actor(), team=said.team, user=said.user, role=said.role, tier=said.tier, due_on=said.due_on,
            days=said.days,
        )  # fmt: skip
        name = assigning.circle_words(circle_of(row))
        flash(_("%(name)s will find the course under “Courses”.", name=name), "success")
    except DomainError as error:
        flash(error.sentence, "error")
    return _back(slug, "assign")


@bp.post("/courses/<slug>/assignments/<int:assignment_id>/remove")
@gate(P.TEACH)
def unassign(slug: str, assignment_id: int) -> Any:
    """Nobody owes the course because of this assignment any more."""
    found = ops.find_course(slug, actor(), P.TEACH)
    row = session.get(Assignment, assignment_id)
    if row is not None and row.course_id == found.id:
        assigning.unassign(row, actor())
    return _back(slug, "assign")


@bp.get("/courses/<slug>/learners")
@gate(P.TEACH)
def learners(slug: str) -> str:
    """Everybody concerned: how far, results, late or not."""
    found = ops.find_course(slug, actor(), P.TEACH)
    team = request.args.get("team") or None
    late = request.args.get("show") == "behind"
    page = paginate(reports.behind(found) if late else reports.learners(found, team=team), per=50)
    ids = [user.id for user in page.items]
    progress, scores = queries.progress_in(found.id, ids), reports.best_scores(found, ids)
    return render_template(
        "training/learners.html",
        course={"title": found.title, "slug": slug, "url": url_for(".course", slug=slug)},
        page=page,
        late=late,
        team=team,
        teams=list(session.scalars(sa.select(Team).order_by(Team.name))),
        quizzes=[{"id": quiz.id, "title": quiz.title} for quiz in found.quizzes],
        totals=reports.totals_of([found.id])[found.id],
        rows=[_learner(user, progress.get(user.id, Progress()), scores.get(user.id, {})) for user in page.items],
    )


def _learner(user: User, progress: Progress, scores: dict[int, tuple[int, int, int]]) -> dict[str, Any]:
    return {
        "name": user.name,
        "team": user.team.name if user.team else "",
        "done": progress.done,
        "of": progress.lessons,
        "version": progress.version if progress.begun else None,
        "due_on": progress.due_on,
        "completed_at": progress.completed_at,
        "state": presenting.CHIPS[progress.standing],
        "state_word": presenting.standing_word(progress.standing),
        "scores": {
            quiz_id: {"best": best, "attempts": count, "url": url_for(".result", attempt_id=last)}
            for quiz_id, (best, count, last) in scores.items()
        },
    }
