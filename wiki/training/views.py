"""The learner's pages: my courses, a course, a lesson, a quiz and its result."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core.db import session
from core.errors import Conflict, NotFound
from core.i18n import _
from core.permissions import can, require
from core.web import actor, blueprint, gate, paginate
from wiki.articles import presenting as texts
from wiki.articles.linking import shown
from wiki.training import prerequisites, presenting, queries, recalling, reports
from wiki.training.learning import confirm, enrol
from wiki.training.models import Attempt, Course, Quiz
from wiki.training.ops import find_course
from wiki.training.permissions import P
from wiki.training.practice_permissions import count_to_sign
from wiki.training.queries import Progress
from wiki.training.version_models import CourseVersion
from wiki.training.versions import find_lesson, newest, seen_by
from wiki.training.voiding import void

bp = blueprint("training", __name__)


@bp.get("/courses")
@gate(P.LEARN)
def index() -> str:
    """My courses and those open to me; for trainers also all courses with their figures."""
    who = actor()
    teaches = can(who, P.TEACH)
    tab = request.args.get("show", "mine")
    if teaches and tab == "all":
        page = paginate(queries.courses(who))
        totals = reports.totals_of([course.id for course in page.items])
        rows = [_taught(course, totals[course.id]) for course in page.items]
    else:
        tab = "open" if tab == "open" else "mine"
        page = paginate(queries.open_to(who) if tab == "open" else queries.mine(who))
        rows = presenting.course_rows(who, page.items)
    return render_template(
        "training/index.html",
        tab=tab,
        page=page,
        rows=rows,
        teaches=teaches,
        recall=len(recalling.waiting(who)),
        sign_offs=count_to_sign(who),
    )


def _taught(course: Course, totals: reports.Totals) -> dict[str, Any]:
    return {
        "title": course.title,
        "url": url_for(".course", slug=course.slug),
        "edit_url": url_for(".edit", slug=course.slug),
        "learners_url": url_for(".learners", slug=course.slug),
        "state": course.state.value,
        "trainer": course.author.name,
        "credits": course.credits,
        "totals": totals,
    }


@bp.get("/courses/<slug>")
@gate(P.LEARN)
def course(slug: str) -> str:
    """A course: what it asks for, how far this person is, where to go on."""
    who = actor()
    found = find_course(slug, who)
    progress = queries.progress_of(who.id, [found.id]).get(found.id, Progress())
    teaches = can(who, P.TEACH)
    return render_template(
        "training/show.html",
        course={
            **presenting.course_row(found, progress),
            "slug": found.slug,
            "intro_html": presenting.summary_html(found),
            "published": can(who, P.TAKE_COURSE, found),
            "requires": found.requires.value,
            "earned": progress.credits,
            "begun": progress.begun,
            "first": [] if progress.begun else prerequisites.missing(found, who.id),
            "version": progress.version,
            "newer": _newer(found, progress),
            "certificate": queries.certificate_of(found.id, who.id) if progress.completed_at else None,
        },
        steps=presenting.steps_of(found, who),
        teaches=teaches,
        totals=reports.totals_of([found.id])[found.id] if teaches else None,
        behind=list(session.scalars(reports.behind(found).limit(8))) if teaches else [],
    )


def _newer(course: Course, progress: Progress) -> CourseVersion | None:
    """The version that came after the one this person has begun."""
    last = newest(course.id) if progress.begun else None
    return last if last is not None and last.number != progress.version else None


@bp.get("/courses/<slug>/lessons/<int:number>")
@gate(P.LEARN)
def lesson(slug: str, number: int) -> str:
    """A lesson: the article as it was published under the pinned number, also when a newer one is live."""
    who = actor()
    found = find_course(slug, who)
    one = find_lesson(found, number, edition := seen_by(found, who))
    require(who, P.READ_LESSON, one)
    revision = one.publication.revision
    steps = presenting.steps_of(found, who, edition)
    return render_template(
        "training/lesson.html",
        course={"title": found.title, "slug": found.slug, "url": url_for(".course", slug=slug)},
        lesson=steps["lessons"][number - 1],
        steps=steps,
        after_url=after_step(steps, f"lesson:{one.id}", slug),
        may_confirm=can(who, P.TAKE_COURSE, found) and not prerequisites.missing(found, who.id),
        article={"version": one.publication.version, "kind": one.article.kind, "slug": one.article.slug},
        fields=texts.fields_of(revision),
        texts=shown(texts.texts_of(revision), who),
    )


def after_step(steps: dict[str, Any], key: str, slug: str) -> str:
    """The step that follows another in the order of the course, else the course itself."""
    at = next((n for n, row in enumerate(steps["rows"], 1) if row["key"] == key), len(steps["rows"]))
    following: list[str] = [row["url"] for row in steps["rows"][at:] if row["url"]]
    return following[0] if following else url_for(".course", slug=slug)


@bp.post("/courses/<slug>/lessons/<int:number>/done")
@gate(P.LEARN)
def done(slug: str, number: int) -> Any:
    """'I have read this': on to the next step that is open."""
    who = actor()
    found = find_course(slug, who, P.TAKE_COURSE)
    before = _completed(found)
    confirm(find_lesson(found, number, seen_by(found, who)), who)
    if not before and _completed(found):
        flash(_("Course completed: %(n)s credits are yours.", n=_earned(found)), "success")
        return redirect(url_for(".course", slug=slug), 303)
    return redirect(presenting.steps_of(found, who)["next_url"] or url_for(".course", slug=slug), 303)


def _completed(course: Course) -> bool:
    who = actor()
    found = queries.progress_of(who.id, [course.id]).get(course.id, Progress())
    return found.completed_at is not None


def _earned(course: Course) -> Any:
    who = actor()
    return queries.progress_of(who.id, [course.id])[course.id].credits


@bp.post("/courses/<slug>/begin")
@gate(P.LEARN)
def begin(slug: str) -> Any:
    """Take a course that is open to everybody."""
    who = actor()
    found = find_course(slug, who, P.TAKE_COURSE)
    try:
        enrol(found, who.id, who)
    except Conflict as error:
        flash(error.sentence, "warning")
        return redirect(url_for(".course", slug=slug), 303)
    return redirect(presenting.steps_of(found, who)["next_url"] or url_for(".course", slug=slug), 303)


# --- Results -------------------------------------------------------------------------------------------------------


def quiz_head(quiz: Quiz) -> dict[str, Any]:
    """A quiz as the head of a learner's page names it."""
    return {
        "id": quiz.id,
        "title": quiz.title,
        "course": quiz.course.title,
        "course_url": url_for(".course", slug=quiz.course.slug),
        "pass_mark": quiz.pass_mark,
        "attempts_allowed": quiz.attempts_allowed,
        "url": url_for(".quiz", quiz_id=quiz.id),
    }


def attempt_row(attempt: Attempt) -> dict[str, Any]:
    """An attempt in a list."""
    return {
        "number": attempt.number,
        "score": attempt.score,
        "passed": attempt.passed,
        "at": attempt.at,
        "url": url_for(".result", attempt_id=attempt.id),
    }


@bp.get("/attempts/<int:attempt_id>")
@gate(P.LEARN)
def result(attempt_id: int) -> str:
    """The result of an attempt: what was right, and for what was not, why and where it is written."""
    who = actor()
    attempt = queries.attempt_by_id(who, attempt_id)
    if attempt is None:
        raise NotFound(_("There is no such result, or it is not yours."))
    made = queries.attempts_of(attempt.user_id, [attempt.quiz_id])
    course = attempt.quiz.course
    progress = queries.progress_in(course.id, [attempt.user_id]).get(attempt.user_id, Progress())
    return render_template(
        "training/result.html",
        quiz=quiz_head(attempt.quiz),
        attempt=attempt_row(attempt),
        result=presenting.result_of(attempt, made, who),
        learner=None if attempt.user_id == who.id else attempt.user.name,
        void_url=url_for(".void_attempt", attempt_id=attempt.id) if can(who, P.VOID_ATTEMPT, attempt) else None,
        voiding=attempt.voiding,
        credits=progress.credits,
        next_url=presenting.steps_of(course, who)["next_url"] if attempt.user_id == who.id else None,
    )


@bp.post("/attempts/<int:attempt_id>/void")
@gate(P.TEACH)
def void_attempt(attempt_id: int) -> Any:
    """An attempt counts no longer."""
    attempt = queries.attempt_by_id(actor(), attempt_id)
    if attempt is None:
        raise NotFound(_("There is no such result, or it is not yours."))
    void(attempt, actor(), reason=request.form.get("reason", ""))
    flash(_("The attempt is void. What was earned by it has been taken back."), "success")
    return redirect(url_for(".result", attempt_id=attempt_id), 303)
