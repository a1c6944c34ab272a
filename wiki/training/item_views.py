"""The first answers to one question: what stands behind its figures."""

from typing import Any

from flask import render_template, url_for

from core.db import session
from core.errors import NotFound
from core.i18n import _
from core.web import actor, gate
from wiki.training import items
from wiki.training.learning import find_quiz
from wiki.training.models import Question
from wiki.training.permissions import P
from wiki.training.presenting import truth
from wiki.training.quiz_desk import quiz_head
from wiki.training.views import bp

MOST = 500


@bp.get("/quizzes/<int:quiz_id>/questions/<int:question_id>/answers")
@gate(P.TEACH)
def question_answers(quiz_id: int, question_id: int) -> str:
    """A question with its figures and everybody's first answer."""
    quiz = find_quiz(quiz_id, actor())
    figures = next((one for one in items.of_quiz(quiz) if one["id"] == question_id), None)
    question = session.get(Question, question_id)
    if figures is None or question is None:
        raise NotFound(_("Nobody has answered this question yet."))
    words = {one.id: one.text or truth(one.id) for one in question.options}
    rows = session.execute(items.first_answers(quiz, question_id).limit(MOST))
    answers: list[dict[str, Any]] = [
        {
            "name": attempt.user.name,
            "at": attempt.at,
            "right": answer.right,
            "said": [words.get(one, one) for one in answer.answer],
            "score": attempt.score,
            "url": url_for(".result", attempt_id=attempt.id),
        }
        for answer, attempt in rows
    ]
    return render_template("training/answers.html", quiz=quiz_head(quiz), figures=figures, answers=answers)
