"""Between the trainer's and the learner's forms and what the verbs take. It never looks at state or role."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from core.i18n import _
from wiki.training.models import Question
from wiki.training.ops import CourseSpec
from wiki.training.quizzes import QuizSpec
from wiki.training.rules import Kind, Option, QuestionSpec, Requires, options_of, spec

Form = MultiDict[str, str]
OPTION_ROWS = 6  # shown; more when more are written
_ROW_LIMIT = 40
OFFERED = tuple(Kind)


def course_spec(form: Form) -> CourseSpec:
    """What the form says about a course.

    Raises:
        Invalid: the credits are not a number.
    """
    try:
        credit = Decimal(form.get("credits", "").strip().replace(",", ".") or "0")
    except InvalidOperation as error:
        raise Invalid({"credits": _("Credits are a number like 2 or 1.5.")}) from error
    requires = Requires.QUIZZES if form.get("requires") == Requires.QUIZZES else Requires.EVERYTHING
    return CourseSpec(form.get("title", ""), form.get("summary", ""), credit, requires)


def quiz_spec(form: Form) -> QuizSpec:
    """What the form says about a quiz.

    Raises:
        Invalid: pass mark or attempts are not whole numbers.
    """
    errors: dict[str, str] = {}
    mark = _whole(form.get("pass_mark", "80"), "pass_mark", errors)
    attempts = _whole(form.get("attempts_allowed", ""), "attempts_allowed", errors)
    minutes = _whole(form.get("time_limit", ""), "time_limit", errors)
    if errors:
        raise Invalid(errors)
    return QuizSpec(form.get("title", ""), mark or 0, attempts, "shuffle" in form, minutes)


def _whole(text: str, name: str, errors: dict[str, str]) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 7):
        errors[name] = _("Please give a whole number.")
        return None
    return int(text)


def question_spec(kind: Kind, form: Form) -> QuestionSpec:
    """What the form says about a question; option rows left empty are not options.

    Raises:
        Invalid: with a sentence per field.
    """
    marked = {int(n) for n in form.getlist("right") if n.isdecimal() and len(n) < 4}
    key: Any
    texts: list[str] = []
    if kind is Kind.TRUE_FALSE:
        key = form.get("right")
    elif kind is Kind.FILL_IN:
        key = [text for n in range(1, _ROW_LIMIT + 1) if (text := form.get(f"option-{n}", "").strip())]
    else:
        rows = [(n, form.get(f"option-{n}", "").strip()) for n in range(1, _ROW_LIMIT + 1)]
        if kind is not Kind.ORDER and any(n in marked and not text for n, text in rows):
            raise Invalid({"options": _("An option is marked as right and has no text.")})
        kept = [(n, text) for n, text in rows if text]
        texts = [text for _n, text in kept]
        key = None if kind is Kind.ORDER else [at for at, (n, _text) in enumerate(kept) if n in marked]
    return spec(
        kind,
        form.get("text", ""),
        texts,
        key,
        explanation=form.get("explanation", ""),
        article_id=number_in(form, "article"),
        passage=form.get("passage", ""),
        category_id=number_in(form, "category"),
    )


def number_in(form: Form, name: str) -> int | None:
    """The id that a field says, if it says one."""
    text = form.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def typed_question(kind: Kind, form: Form) -> dict[str, Any]:
    """The form as it was typed, to be shown again."""
    marked = form.getlist("right")
    return {
        "text": form.get("text", ""),
        "rows": [
            {"n": n, "text": form.get(f"option-{n}", ""), "right": str(n) in marked}
            for n in range(1, _ROW_LIMIT + 1)
            if n <= OPTION_ROWS or form.get(f"option-{n}", "").strip()
        ],
        "truth": form.get("right", ""),
        "explanation": form.get("explanation", ""),
        "article": form.get("article", ""),
        "category": form.get("category", ""),
        "passage": form.get("passage", ""),
    }


def stored_question(question: Question) -> dict[str, Any]:
    """A stored question, to be changed."""
    options = options_of(question.kind, question.option_texts)
    if question.kind is Kind.FILL_IN:
        options = tuple(Option("", text) for text in question.key)
    elif question.kind is Kind.ORDER:
        options = tuple(sorted(options, key=lambda one: question.key.index(one.id)))
    rows = [{"n": n, "text": one.text, "right": one.id in question.key} for n, one in enumerate(options, 1)]
    rows += [{"n": n, "text": "", "right": False} for n in range(len(rows) + 1, OPTION_ROWS + 1)]
    return {
        "text": question.text,
        "rows": rows,
        "truth": question.key[0] if question.kind is Kind.TRUE_FALSE else "",
        "explanation": question.explanation,
        "article": str(question.article_id or ""),
        "category": str(question.category_id or ""),
        "passage": question.passage,
    }


def answers_in(questions: Iterable[Question], form: Form) -> dict[int, Any]:
    """What was chosen, by question id: ``q-<id>``, several times for several answers, a number per option for order."""
    return {question.id: answer_in(question, form) for question in questions}


def answer_in(question: Question, form: Form) -> Any:
    """What was chosen for one question."""
    name = f"q-{question.id}"
    if question.kind is Kind.ORDER:
        places = {one.id: form.get(f"{name}-{one.id}", "").strip() for one in question.options}
        return {one: place for one, place in places.items() if place} or None
    return form.getlist(name) if question.kind is Kind.MULTIPLE else form.get(name)


def due_day(form: Form) -> date | None:
    """The due date, if one was given.

    Raises:
        Invalid: it is not a date.
    """
    text = form.get("due_on", "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid({"due_on": _("Please give a date like 2026-11-30.")}) from error


def due_days(form: Form) -> int | None:
    """After how many days it is due for each, if that was said.

    Raises:
        Invalid: it is no number.
    """
    text = form.get("days", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise Invalid({"due_on": _("Give the days as a number.")})
    return int(text)
