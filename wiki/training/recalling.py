"""Missed questions are asked again, a few a day. An answer counts once, whatever the network or a second tab does."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _, local
from core.permissions import allowed
from wiki.articles.models import Article
from wiki.training.models import Attempt, AttemptAnswer, Course, Question, Quiz
from wiki.training.permissions import P
from wiki.training.recall_models import RecallAnswer, RecallCard
from wiki.training.recall_rules import answered, left_today, missed
from wiki.training.rules import is_right


def today() -> date:
    """The day on the centre's clock."""
    return local(clock.now()).date()


def follow(attempt: Attempt) -> None:
    """What was missed in a quiz is asked again from tomorrow on; what was due and right moves on as if asked here."""
    known = {card.question_id: card for card in session.scalars(_cards(attempt.user_id, attempt))}
    for one in attempt.answers:
        card = known.get(one.question_id)
        if card is None and not one.right:
            card = RecallCard(
                user_id=attempt.user_id, question_id=one.question_id, box=0, answers=0, created_at=clock.now()
            )
            session.add(card)
        if card is not None and not one.right:
            card.box, card.due_on = missed(today())
        elif card is not None and card.due_on is not None and card.due_on <= today():
            card.box, card.due_on = answered(card.box, right=True, today=today())
    session.flush()


def _cards(user_id: int, attempt: Attempt) -> sa.Select[RecallCard]:
    asked = [one.question_id for one in attempt.answers]
    return sa.select(RecallCard).where(RecallCard.user_id == user_id, RecallCard.question_id.in_(asked))


def mine(actor: Actor) -> sa.Select[RecallCard]:
    """The cards of this person whose questions are still asked, in courses that are open to them; nothing about an
    article that is retired: what no longer holds is not to be remembered."""
    met = (
        sa.select(AttemptAnswer.id)
        .join(Attempt, Attempt.id == AttemptAnswer.attempt_id)
        .join(Quiz, Quiz.id == Attempt.quiz_id)
        .join(Course, Course.id == Quiz.course_id)
        .where(AttemptAnswer.question_id == RecallCard.question_id, Attempt.user_id == RecallCard.user_id)
        .where(Quiz.removed_at.is_(None), allowed(actor, P.TAKE_COURSE))
        .correlate(RecallCard)
    )
    return (
        sa.select(RecallCard)
        .join(Question, Question.id == RecallCard.question_id)
        .outerjoin(Article, Article.id == Question.article_id)
        .where(
            RecallCard.user_id == actor.id,
            sa.or_(Question.article_id.is_(None), Article.live),
            Question.retired_at.is_(None),
            Question.suspended_at.is_(None),
            met.exists(),
        )
    )


def waiting(actor: Actor) -> list[RecallCard]:
    """What this person is asked today and has not answered yet, the longest due first."""
    number = left_today(answers_today(actor))
    if not number:
        return []
    due = mine(actor).where(RecallCard.due_on <= today()).order_by(RecallCard.due_on, RecallCard.id).limit(number)
    return list(session.scalars(due.options(joinedload(RecallCard.question))))


def met_in(card: RecallCard, actor: Actor) -> Quiz:
    """The quiz in which this person met the question last: where it is written may be another one's bank."""
    found = (
        sa.select(Quiz)
        .join(Attempt, Attempt.quiz_id == Quiz.id)
        .join(AttemptAnswer, AttemptAnswer.attempt_id == Attempt.id)
        .join(Course, Course.id == Quiz.course_id)
        .where(AttemptAnswer.question_id == card.question_id, Attempt.user_id == card.user_id)
        .order_by(Quiz.removed_at.is_not(None), sa.not_(allowed(actor, P.TAKE_COURSE)), Attempt.id.desc())
        .limit(1)
    )
    return session.scalar(found) or card.question.quiz


def answers_today(actor: Actor) -> int:
    """How many questions this person was asked again today."""
    count = sa.select(sa.func.count()).where(RecallAnswer.user_id == actor.id, RecallAnswer.day == today())
    return session.scalar(count) or 0


def find(card_id: int, actor: Actor) -> RecallCard:
    """A card of one's own whose question is still asked.

    Raises:
        NotFound.
    """
    card = session.scalar(mine(actor).where(RecallCard.id == card_id))
    if card is None:
        raise NotFound(_("This question is no longer asked."))
    return card


def answer(card: RecallCard, actor: Actor, given: Any, *, number: int) -> RecallAnswer:
    """The answer is kept, and the question asked again when its box says so.

    ``number`` is the answer to this card that the person believes to give, from 1: one given already is handed back.

    Raises:
        Conflict: it is not due, or the number cannot be the next one.
        Invalid: something chosen is none of the options.
    """
    lock(RecallCard, card.id)
    known = sa.select(RecallAnswer).where(RecallAnswer.card_id == card.id, RecallAnswer.number == number)
    if (found := session.scalar(known)) is not None:
        return found
    is_due = card.due_on is not None and card.due_on <= today()
    if not is_due or number != card.answers + 1 or not left_today(answers_today(actor)):
        raise Conflict(_("This question is not asked now. Open today's questions again."), code="not-due")
    try:
        chosen = card.question.understood(given)
    except ValueError as error:
        raise Invalid({"answer": _("“%(answer)s” is none of the options.", answer=str(error))}) from error
    right = is_right(card.question.kind, card.question.key, chosen)
    card.box, card.due_on = answered(card.box, right=right, today=today())
    card.answers = number
    made = RecallAnswer(
        card_id=card.id, user_id=actor.id, number=number, answer=list(chosen), right=right, day=today(), at=clock.now()
    )
    session.add(made)
    session.flush()
    return made


def answer_by_id(actor: Actor, answer_id: int) -> RecallAnswer:
    """An answer of one's own.

    Raises:
        NotFound.
    """
    found = session.scalar(
        sa.select(RecallAnswer).where(RecallAnswer.id == answer_id, RecallAnswer.user_id == actor.id)
    )
    if found is None:
        raise NotFound(_("There is no such answer, or it is not yours."))
    return found


def standing(actor: Actor) -> dict[str, Any]:
    """How many questions this person has in hand and knows, and the day of the next ones."""
    cards = mine(actor).subquery()
    every, learning = sa.func.count(), sa.func.count(cards.c.due_on)
    row = session.execute(sa.select(learning, every - learning, sa.func.min(cards.c.due_on)).select_from(cards)).one()
    return {"learning": row[0], "known": row[1], "next_on": row[2]}
