"""Questions drafted from a course's lessons, for its trainer to take."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core.actors import Actor
from core.errors import Invalid
from core.i18n import _, _n
from core.permissions import can
from core.web import actor, gate
from wiki.training import quizzes
from wiki.training.drafting import Draft, Text, drafts
from wiki.training.learning import find_quiz
from wiki.training.models import Lesson, Quiz
from wiki.training.permissions import P
from wiki.training.quiz_desk import quiz_head
from wiki.training.views import bp


@bp.get("/quizzes/<int:quiz_id>/drafts")
@gate(P.TEACH)
def drafted(quiz_id: int) -> str:
    """What could be asked about the lessons of the course, to be ticked."""
    return _page(find_quiz(quiz_id, actor()), {})


def _page(quiz: Quiz, errors: dict[str, str]) -> str:
    chosen = set(request.form.getlist("draft"))
    return render_template(
        "training/drafts.html", quiz=quiz_head(quiz), lessons=_offered(quiz, actor(), chosen), errors=errors
    )


def _offered(quiz: Quiz, who: Actor, chosen: set[str]) -> list[dict[str, Any]]:
    asked = {question.text for question in quiz.questions}
    return [
        {
            "title": lesson.article.title,
            "version": lesson.publication.version,
            "drafts": [_row(one, chosen) for one in found if one.question.text not in asked],
        }
        for lesson, found in _drafts(quiz, who)
    ]


def _row(draft: Draft, chosen: set[str]) -> dict[str, Any]:
    asked = draft.question
    return {
        "code": draft.code,
        "chosen": draft.code in chosen,
        "text": asked.text,
        "options": [{"text": option.text, "right": option.id in asked.key} for option in asked.options],
        "passage": asked.passage,
    }


def _drafts(quiz: Quiz, who: Actor) -> list[tuple[Lesson, list[Draft]]]:
    """What each lesson that this person may read is good for, in the version that it teaches."""
    return [
        (lesson, drafts(Text(text.title, text.fields, text.body), article_id=lesson.article_id))
        for lesson in quiz.course.lessons
        if can(who, P.READ_LESSON, lesson)
        for text in [lesson.publication.revision]
    ]


@bp.post("/quizzes/<int:quiz_id>/drafts")
@gate(P.TEACH)
def take_drafts(quiz_id: int) -> Any:
    """The ticked questions are asked by the quiz, as if the trainer had written them; taking one twice is taking it
    once."""
    who, quiz = actor(), find_quiz(quiz_id, actor())
    chosen, asked = set(request.form.getlist("draft")), {question.text for question in quiz.questions}
    found = [one.question for _lesson, offered in _drafts(quiz, who) for one in offered if one.code in chosen]
    if not found:
        return _page(quiz, {"draft": _("Tick the questions that you want.")}), 422
    taken = [one for one in found if one.text not in asked]
    try:
        for one in taken:
            quizzes.add_question(quiz, who, one)
    except Invalid as error:
        return _page(quiz, error.errors), 422
    flash(_n("%(num)s question was taken.", "%(num)s questions were taken.", len(taken)), "success")
    return redirect(url_for(".edit_quiz", quiz_id=quiz_id, _anchor="questions"), 303)
