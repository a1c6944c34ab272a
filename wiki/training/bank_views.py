"""The bank of questions by category, what a quiz takes from it, and more time for a person."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from accounts.models import User
from core.db import session
from core.errors import DomainError, Invalid
from core.i18n import _
from core.web import actor, gate, paginate
from wiki.training import bank, presenting
from wiki.training.asking import bank as in_the_bank
from wiki.training.asking import under
from wiki.training.bank_presenting import counted
from wiki.training.forms import number_in
from wiki.training.learning import find_quiz
from wiki.training.models import Question, Quiz
from wiki.training.permissions import P
from wiki.training.quiz_desk import quiz_head
from wiki.training.taking import allow_more_time
from wiki.training.views import bp


@bp.get("/bank")
@gate(P.TEACH)
def question_bank() -> str:
    """The questions of the bank, by category; for a quiz (``?quiz=``), to be taken into it."""
    number, category = request.args.get("quiz", type=int), request.args.get("category", type=int)
    quiz = find_quiz(number, actor()) if number else None
    found = in_the_bank().order_by(Question.category_id, Question.id)
    page = paginate(found.where(under(category)) if category else found, per=25)
    asked = _asked(quiz) if quiz else set()
    rows = presenting.question_rows(page.items, actor())
    for row, question in zip(rows, page.items, strict=True):
        row |= {"category": question.category.name if question.category else "", "asked": question.id in asked}
        row |= {"home": question.quiz.title, "home_url": url_for(".edit_quiz", quiz_id=question.quiz_id)}
    return render_template(
        "training/bank.html",
        quiz=quiz_head(quiz) if quiz else None,
        page=page,
        questions=rows,
        category=category,
        categories=counted(),
    )


def _asked(quiz: Quiz) -> set[int]:
    return {one.id for one in quiz.questions} | {ask.question_id for ask in quiz.asks if ask.question_id}


@bp.post("/quizzes/<int:quiz_id>/asks")
@gate(P.TEACH)
def change_asks(quiz_id: int) -> Any:
    """The quiz asks something of the bank, draws from a category, or no longer does."""
    quiz, verb = find_quiz(quiz_id, actor()), request.form.get("verb", "")
    try:
        if verb == "draw":
            bank.draw_from(quiz, actor(), number_in(request.form, "category"), number_in(request.form, "count") or 0)
        elif verb == "ask":
            bank.ask_from_bank(quiz, actor(), number_in(request.form, "question") or 0)
        elif verb == "drop":
            bank.ask_no_more(quiz, actor(), number_in(request.form, "ask") or 0)
    except DomainError as error:
        flash(_sentence(error), "error")
    if verb == "ask":
        place = number_in(request.form, "category")
        return redirect(url_for(".question_bank", quiz=quiz_id, category=place, page=request.form.get("page")), 303)
    return redirect(url_for(".edit_quiz", quiz_id=quiz_id, _anchor="bank"), 303)


def _sentence(error: DomainError) -> str:
    return " ".join(error.errors.values()) if isinstance(error, Invalid) else error.sentence


@bp.post("/quizzes/<int:quiz_id>/times")
@gate(P.TEACH)
def change_times(quiz_id: int) -> Any:
    """A person has more minutes for this quiz."""
    quiz, user = find_quiz(quiz_id, actor()), session.get(User, number_in(request.form, "user") or 0)
    minutes = number_in(request.form, "minutes")
    try:
        allow_more_time(quiz, actor(), user.id if user else None, -1 if minutes is None else minutes)
        flash(_("Saved."), "success")
    except Invalid as error:
        flash(_sentence(error), "error")
    return redirect(url_for(".edit_quiz", quiz_id=quiz_id, _anchor="times"), 303)


@bp.post("/bank/<int:question_id>/retire")
@gate(P.TEACH)
def retire(question_id: int) -> Any:
    """The question leaves the bank."""
    try:
        bank.retire(question_id, actor())
    except DomainError as error:
        flash(error.sentence, "error")
    return redirect(url_for(".question_bank", category=number_in(request.form, "category")), 303)
