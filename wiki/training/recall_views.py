"""Today's questions: what this person missed, asked again one at a time."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core.errors import Conflict, Invalid
from core.i18n import _
from core.web import actor, gate
from wiki.training import presenting, recalling
from wiki.training.forms import answer_in
from wiki.training.models import Quiz
from wiki.training.permissions import P
from wiki.training.queries import attempts_of
from wiki.training.recall_models import RecallAnswer, RecallCard
from wiki.training.rules import may_see_key
from wiki.training.views import bp


@bp.get("/recall")
@gate(P.LEARN)
def recall() -> str:
    """The next of today's questions, or that they are done."""
    who = actor()
    cards = recalling.waiting(who)
    card = cards[0] if cards else None
    return render_template(
        "training/recall.html",
        card=_card(card, recalling.met_in(card, who)) if card else None,
        question=presenting.question_to_take(card.question, who.id, card.answers + 1) if card else None,
        left=len(cards),
        done=recalling.answers_today(who),
        standing=recalling.standing(who),
    )


def _card(card: RecallCard, quiz: Quiz) -> dict[str, Any]:
    """A card, where it was met, and from which shelf of the bank it came when it was not written there."""
    borrowed, category = card.question.quiz_id != quiz.id, card.question.category
    return {
        "id": card.id,
        "number": card.answers + 1,
        "course": quiz.course.title,
        "bank": category.name if borrowed and category else "",
    }


@bp.post("/recall/<int:card_id>")
@gate(P.LEARN)
def recall_answer(card_id: int) -> Any:
    """Keep the answer, and say at once whether it was right."""
    who = actor()
    card = recalling.find(card_id, who)
    number, given = request.form.get("number", 0, type=int), answer_in(card.question, request.form)
    if not card.question.answered_by(given):
        flash(_("Choose an answer first."), "warning")
        return redirect(url_for(".recall"), 303)
    try:
        made = recalling.answer(card, who, given, number=number)
    except Conflict as error:
        flash(error.sentence, "warning")
        return redirect(url_for(".recall"), 303)
    except Invalid:  # the question was changed while the page was open
        return redirect(url_for(".recall"), 303)
    return redirect(url_for(".recalled", answer_id=made.id), 303)


@bp.get("/recall/answers/<int:answer_id>")
@gate(P.LEARN)
def recalled(answer_id: int) -> str:
    """Right or not, why, where it is written, and when it is asked again."""
    who = actor()
    made = recalling.answer_by_id(who, answer_id)
    quiz = recalling.met_in(made.card, who)
    return render_template(
        "training/recalled.html",
        q=presenting.answered(made, who, show_key=_shows_key(made, quiz), course=quiz.course),
        next_on=made.card.due_on,
        left=len(recalling.waiting(who)),
    )


def _shows_key(made: RecallAnswer, quiz: Quiz) -> bool:
    attempts = attempts_of(made.user_id, [quiz.id])
    return may_see_key(quiz.attempts_allowed, len(attempts), passed=any(one.passed for one in attempts))
