"""What a quiz asks: its own questions, those of the bank, and those drawn from a category – fixed for an attempt."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core.db import session
from wiki.articles.models import Article, Audience, Category
from wiki.training.models import Question, Quiz, QuizAsk
from wiki.training.rules import seed_of, shuffled
from wiki.training.taking_models import AttemptBegun, QuizAllowance
from wiki.training.taking_rules import drawn, ends_at


def bank() -> sa.Select[Question]:
    """Every question of the bank, those that rest, too."""
    return sa.select(Question).where(Question.category_id.is_not(None), Question.retired_at.is_(None))


def under(category_id: int) -> sa.ColumnElement[bool]:
    """``Question`` lies in this category or one below it."""
    path = sa.select(Category.path).where(Category.id == category_id).scalar_subquery()
    return Question.category_id.in_(
        sa.select(Category.id).where(sa.or_(Category.id == category_id, Category.path.startswith(path + "/")))
    )


def drawable(category_id: int) -> sa.Select[int]:
    """Ids of what may be drawn: nothing that rests, and nothing about an article for a closed circle."""
    closed = sa.select(Article.id).where(Article.audience == Audience.RESTRICTED)
    return (
        bank()
        .where(under(category_id), Question.suspended_at.is_(None))
        .where(sa.or_(Question.article_id.is_(None), Question.article_id.not_in(closed)))
        .with_only_columns(Question.id)
    )


def fixed(quiz: Quiz) -> list[Question]:
    """What every attempt asks: the quiz's own questions, then those of the bank."""
    borrowed = [ask.question for ask in quiz.asks if ask.question is not None]
    own = quiz.asked
    known = {one.id for one in own}
    return own + [q for q in borrowed if q.retired_at is None and q.suspended_at is None and q.id not in known]


def draws(quiz: Quiz) -> list[QuizAsk]:
    """Its draws from categories."""
    return [ask for ask in quiz.asks if ask.category_id is not None]


def how_many(quiz: Quiz) -> int:
    """How many questions an attempt has."""
    return len(_ids(quiz, "")) if draws(quiz) else len(fixed(quiz))


def _ids(quiz: Quiz, seed: str) -> list[int]:
    ids = [one.id for one in fixed(quiz)]
    for ask in draws(quiz):
        assert ask.category_id is not None
        pool = [one for one in session.scalars(drawable(ask.category_id)) if one not in ids]
        ids += drawn(pool, ask.count, f"{seed}/{ask.category_id}")
    return ids


def begun(quiz_id: int, user_id: int, number: int) -> AttemptBegun | None:
    """The attempt, if it was begun (and be it handed in)."""
    return session.scalar(
        sa.select(AttemptBegun).where(
            AttemptBegun.quiz_id == quiz_id, AttemptBegun.user_id == user_id, AttemptBegun.number == number
        )
    )


def as_written(quiz: Quiz, user_id: int, number: int) -> list[Question]:
    """What this attempt asks, not shuffled. What was begun keeps its questions, without those that rest or were taken
    out meanwhile: nobody is marked on them."""
    row = begun(quiz.id, user_id, number)
    found = _loaded(row.question_ids) if row else []
    if found:
        return found
    if not draws(quiz):
        return fixed(quiz)
    return _loaded(_ids(quiz, seed_of(quiz.id, user_id, number)))


def _loaded(ids: Sequence[int]) -> list[Question]:
    rows = session.scalars(
        sa.select(Question)
        .where(Question.id.in_(ids), Question.retired_at.is_(None), Question.suspended_at.is_(None))
        .options(joinedload(Question.article))
    )
    return sorted(rows, key=lambda one: ids.index(one.id))


def in_order(quiz: Quiz, user_id: int, number: int) -> list[Question]:
    """The questions as this person meets them in this attempt: the same in every tab and after every reload."""
    asked = as_written(quiz, user_id, number)
    if not quiz.shuffle:
        return asked
    place = {one: at for at, one in enumerate(shuffled([q.id for q in asked], seed_of(quiz.id, user_id, number)))}
    return sorted(asked, key=lambda question: place[question.id])


def must_begin(quiz: Quiz) -> bool:
    """An attempt is begun by an act of its own: the clock runs from then on, or what is drawn is drawn then."""
    return quiz.time_limit is not None or bool(draws(quiz))


def until(quiz: Quiz, row: AttemptBegun) -> datetime | None:
    """Until when the attempt takes answers; ``None``: as long as wanted."""
    more = session.get(QuizAllowance, (quiz.id, row.user_id)) if quiz.time_limit is not None else None
    return ends_at(row.begun_at, quiz.time_limit, more.minutes if more else 0)


def courses_asking(question: Question) -> set[int]:
    """The courses of the quizzes that ask this question, or may draw it."""
    above = sa.select(Category.id).where(
        sa.literal(question.category.path + "/").startswith(Category.path + "/") if question.category else sa.false()
    )
    rows = session.scalars(
        sa.select(Quiz.course_id)
        .outerjoin(QuizAsk, QuizAsk.quiz_id == Quiz.id)
        .where(Quiz.removed_at.is_(None))
        .where(
            sa.or_(
                sa.and_(Quiz.id == question.quiz_id, sa.literal(question.asked_here)),
                QuizAsk.question_id == question.id,
                QuizAsk.category_id.in_(above),
            )
        )
        .distinct()
    )
    return set(rows)
