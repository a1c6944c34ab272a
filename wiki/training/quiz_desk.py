"""The trainer's pages of a quiz: what it asks, by which rules, and its questions one by one."""

from typing import Any, cast

from flask import flash, redirect, render_template, request, url_for

from core.errors import DomainError, Invalid
from core.i18n import _
from core.permissions import can
from core.web import actor, gate
from wiki.articles.permissions import P as Reading
from wiki.articles.queries import categories
from wiki.training import forms, items, ops, presenting, quizzes
from wiki.training.bank_presenting import from_the_bank
from wiki.training.learning import find_quiz
from wiki.training.models import Quiz
from wiki.training.permissions import P
from wiki.training.rules import Kind
from wiki.training.views import bp


@bp.post("/courses/<slug>/quizzes")
@gate(P.TEACH)
def add_quiz(slug: str) -> Any:
    """An empty quiz, and on to its first question."""
    found = ops.find_course(slug, actor(), P.TEACH)
    title = request.form.get("title", "").strip() or _("Quiz: %(course)s", course=found.title)
    quiz = quizzes.add_quiz(found, actor(), quizzes.QuizSpec(title[:200]))
    return redirect(url_for(".new_question", quiz_id=quiz.id, kind=Kind.SINGLE.value), 303)


def _quiz(quiz_id: int) -> Quiz:
    return find_quiz(quiz_id, actor())


@bp.get("/quizzes/<int:quiz_id>/edit")
@gate(P.TEACH)
def edit_quiz(quiz_id: int) -> str:
    """A quiz with its questions and their key."""
    quiz = _quiz(quiz_id)
    typed = {
        "title": quiz.title,
        "pass_mark": quiz.pass_mark,
        "attempts_allowed": quiz.attempts_allowed or "",
        "shuffle": quiz.shuffle,
        "time_limit": quiz.time_limit or "",
    }
    return _quiz_page(quiz, typed, {})


def _quiz_page(quiz: Quiz, typed: Any, errors: dict[str, str]) -> str:
    return render_template(
        "training/edit_quiz.html",
        quiz=quiz_head(quiz),
        typed=typed,
        errors=errors,
        questions=presenting.question_rows(quiz.questions, actor()),
        bank=from_the_bank(quiz),
        items=items.of_quiz(quiz),
        kinds=[kind.value for kind in forms.OFFERED],
    )


def quiz_head(quiz: Quiz) -> dict[str, Any]:
    """A quiz as the head of a trainer's page names it."""
    return {
        "id": quiz.id,
        "title": quiz.title,
        "course": quiz.course.title,
        "course_url": url_for(".course", slug=quiz.course.slug),
        "edit_url": url_for(".edit", slug=quiz.course.slug, _anchor="quizzes"),
        "published": quiz.course.state.value == "published",
    }


@bp.post("/quizzes/<int:quiz_id>/edit")
@gate(P.TEACH)
def change_quiz(quiz_id: int) -> Any:
    """Keep what the form says about the quiz as a whole."""
    quiz = _quiz(quiz_id)
    try:
        quizzes.change_quiz(quiz, actor(), forms.quiz_spec(request.form))
    except Invalid as error:
        return _quiz_page(quiz, request.form, error.errors), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".edit_quiz", quiz_id=quiz_id), 303)


@bp.post("/quizzes/<int:quiz_id>/remove")
@gate(P.TEACH)
def remove_quiz(quiz_id: int) -> Any:
    """The course no longer asks for this quiz."""
    quiz = _quiz(quiz_id)
    quizzes.remove_quiz(quiz, actor())
    return redirect(url_for(".edit", slug=quiz.course.slug, _anchor="quizzes"), 303)


@bp.get("/quizzes/<int:quiz_id>/questions/new")
@gate(P.TEACH)
def new_question(quiz_id: int) -> str:
    """An empty form for a question of the kind named by ``?kind=``."""
    quiz, kind = _quiz(quiz_id), _kind(request.args.get("kind", ""))
    return _question_page(quiz, kind, forms.typed_question(kind, request.form), {}, None)


def _kind(text: str) -> Kind:
    return Kind(text) if text in forms.OFFERED else Kind.SINGLE


def _question_page(
    quiz: Quiz, kind: Kind, typed: Any, errors: dict[str, str], question_id: int | None, preview: Any = None
) -> str:
    return render_template(
        "training/question.html",
        quiz=quiz_head(quiz),
        kind=kind.value,
        kinds=[one.value for one in forms.OFFERED],
        typed=typed,
        errors=errors,
        question_id=question_id,
        preview=presenting.as_met(preview) if preview else None,
        number=len(quiz.questions) + 1,
        sources=[
            (str(one.article_id), one.article.title)
            for one in quiz.course.lessons
            if can(actor(), Reading.READ, one.article)
        ],
        categories=[(str(one.id), one.name) for one in categories()],
    )


@bp.post("/quizzes/<int:quiz_id>/questions/new")
@gate(P.TEACH)
def add_question(quiz_id: int) -> Any:
    """One more question; then the next one, or back to the quiz."""
    quiz, kind = _quiz(quiz_id), _kind(request.form.get("kind", ""))
    try:
        spec = forms.question_spec(kind, request.form)
        if request.form.get("verb") == "preview":
            return _question_page(quiz, kind, forms.typed_question(kind, request.form), {}, None, spec)
        quizzes.add_question(quiz, actor(), spec)
    except Invalid as error:
        return _question_page(quiz, kind, forms.typed_question(kind, request.form), error.errors, None), 422
    if "more" in request.form:
        flash(_("Question %(n)s is saved.", n=len(quiz.questions)), "success")
        return redirect(url_for(".new_question", quiz_id=quiz_id, kind=kind.value), 303)
    return redirect(url_for(".edit_quiz", quiz_id=quiz_id), 303)


@bp.get("/quizzes/<int:quiz_id>/questions/<int:question_id>")
@gate(P.TEACH)
def edit_question(quiz_id: int, question_id: int) -> str:
    """A question, to be changed."""
    quiz = _quiz(quiz_id)
    question = quizzes.find_question(quiz, question_id)
    return _question_page(quiz, question.kind, forms.stored_question(question), {}, question_id)


@bp.post("/quizzes/<int:quiz_id>/questions/<int:question_id>")
@gate(P.TEACH)
def change_question(quiz_id: int, question_id: int) -> Any:
    """Keep a changed question, move it, or take it out."""
    quiz = _quiz(quiz_id)
    question, verb = quizzes.find_question(quiz, question_id), request.form.get("verb", "save")
    try:
        if verb in {"up", "down"}:
            quizzes.move_question(question, actor(), cast(ops.Direction, verb))
        elif verb == "remove":
            quizzes.remove_question(question, actor())
        elif verb == "resume":
            quizzes.resume_question(question, actor())
        else:
            spec = forms.question_spec(question.kind, request.form)
            if verb == "preview":
                typed = forms.typed_question(question.kind, request.form)
                return _question_page(quiz, question.kind, typed, {}, question_id, spec)
            quizzes.change_question(question, actor(), spec)
    except Invalid as error:
        typed = forms.typed_question(question.kind, request.form)
        return _question_page(quiz, question.kind, typed, error.errors, question_id), 422
    except DomainError as error:
        flash(error.sentence, "error")
    return redirect(url_for(".edit_quiz", quiz_id=quiz_id, _anchor="questions"), 303)
