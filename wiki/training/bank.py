"""The trainer's verbs for the bank: a quiz asks a question of another one, or some drawn from a category."""

import sqlalchemy as sa

from core import audit, clock
from core.actors import Actor
from core.db import session
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _
from core.permissions import require
from wiki.articles.models import Category
from wiki.training.asking import bank
from wiki.training.models import Question, Quiz, QuizAsk
from wiki.training.ops import touched
from wiki.training.permissions import P
from wiki.training.rules import CourseState

DRAW_LIMIT = 100


def ask_from_bank(quiz: Quiz, actor: Actor, question_id: int) -> None:
    """The quiz asks this question of the bank, too; asking it already changes nothing.

    Raises:
        Forbidden, NotFound.
    """
    require(actor, P.TEACH)
    question = session.scalar(bank().where(Question.id == question_id))
    if question is None:
        raise NotFound(_("This question is not in the bank (any more)."))
    if question.quiz_id == quiz.id:
        question.asked_here = True
        session.flush()
        session.expire(quiz, ["questions"])
    elif all(ask.question_id != question_id for ask in quiz.asks):
        session.add(QuizAsk(quiz_id=quiz.id, question_id=question_id, count=1, created_at=clock.now()))
    _told(quiz, actor, "ask_from_bank", question=question_id)


def draw_from(quiz: Quiz, actor: Actor, category_id: int | None, count: int) -> None:
    """Each attempt asks so many questions drawn from the category and what lies below it. Again: another number.

    Raises:
        Forbidden.
        Invalid: no such category, or no number from 1 to 100.
    """
    require(actor, P.TEACH)
    errors: dict[str, str] = {}
    if category_id is None or session.get(Category, category_id) is None:
        errors["category"] = _("Choose a category.")
    if not 1 <= count <= DRAW_LIMIT:
        errors["count"] = _("Draw between 1 and %(n)s questions.", n=DRAW_LIMIT)
    if errors:
        raise Invalid(errors)
    known = next((ask for ask in quiz.asks if ask.category_id == category_id), None)
    if known is None:
        session.add(QuizAsk(quiz_id=quiz.id, category_id=category_id, count=count, created_at=clock.now()))
    else:
        known.count = count
    _told(quiz, actor, "draw_from_bank", category=category_id, count=count)


def ask_no_more(quiz: Quiz, actor: Actor, ask_id: int) -> None:
    """The quiz no longer asks or draws it.

    Raises:
        Conflict: nothing would be left of a quiz that learners can already take.
    """
    require(actor, P.TEACH)
    found = next((ask for ask in quiz.asks if ask.id == ask_id), None)
    if found is None:
        return
    if quiz.course.state is CourseState.PUBLISHED and len(quiz.questions) + len(quiz.asks) == 1:
        raise Conflict(
            _("This is the only question of a quiz that learners take. Add another one first."), code="last-question"
        )
    session.delete(found)
    _told(quiz, actor, "ask_no_more", ask=ask_id)


def _told(quiz: Quiz, actor: Actor, verb: str, **details: object) -> None:
    touched(quiz.course, actor, verb, quiz=quiz.id, **details)
    session.expire(quiz, ["asks"])


def retire(question_id: int, actor: Actor) -> None:
    """The question leaves the bank, and nobody asks it any more; answers given stay on record.

    Raises:
        Forbidden, NotFound.
        Conflict: a quiz still asks it.
    """
    require(actor, P.TEACH)
    question = session.scalar(bank().where(Question.id == question_id))
    if question is None:
        raise NotFound(_("This question is not in the bank (any more)."))
    borrowed = session.scalar(sa.select(QuizAsk.id).where(QuizAsk.question_id == question_id).limit(1))
    if borrowed is not None or (question.asked_here and question.quiz.removed_at is None):
        raise Conflict(_("A quiz still asks this question. Take it out there first."), code="still-asked")
    question.retired_at = clock.now()
    session.flush()
    audit.record(actor, "retire_question", subject_kind="course", subject_id=question.quiz.course_id,
                 details={"question": question_id})  # fmt: skip
