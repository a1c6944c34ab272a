"""From rows to what pages show of the bank."""

from typing import Any

import sqlalchemy as sa

from accounts.models import User
from core.db import session
from wiki.articles.models import Category
from wiki.articles.queries import categories
from wiki.training.asking import bank as in_the_bank
from wiki.training.asking import drawable
from wiki.training.models import Question, Quiz
from wiki.training.taking_models import QuizAllowance


def counted() -> list[dict[str, Any]]:
    """The categories with how many questions lie in each of them and below."""
    alone = in_the_bank().with_only_columns(Question.category_id, sa.func.count()).group_by(Question.category_id)
    counts: dict[int, int] = {row[0] or 0: row[1] for row in session.execute(alone)}
    every = categories()

    def whole(one: Category) -> int:
        return sum(counts.get(c.id, 0) for c in every if c.id == one.id or c.path.startswith(one.path + "/"))

    rows = [{"id": one.id, "name": one.name, "depth": one.path.count("/"), "count": whole(one)} for one in every]
    return [row for row in rows if row["count"]]


def asks_of(quiz: Quiz) -> list[dict[str, Any]]:
    """What the quiz takes from the bank."""
    return [
        {
            "id": ask.id,
            "text": ask.question.text if ask.question else None,
            "resting": ask.question is not None and ask.question.suspended_at is not None,
            "category": ask.category.name if ask.category else None,
            "count": ask.count,
            "of": len(list(session.scalars(drawable(ask.category_id)))) if ask.category_id else None,
        }
        for ask in quiz.asks
        if ask.question is None or ask.question.retired_at is None
    ]


def from_the_bank(quiz: Quiz) -> dict[str, Any]:
    """What the trainer's page of a quiz shows of the bank and of time."""
    more = sa.select(QuizAllowance).where(QuizAllowance.quiz_id == quiz.id).order_by(QuizAllowance.user_id)
    return {
        "asks": asks_of(quiz),
        "categories": counted(),
        "times": [{"name": one.user.name, "minutes": one.minutes} for one in session.scalars(more)],
        "people": list(session.scalars(sa.select(User).where(User.active).order_by(User.name)))
        if quiz.time_limit
        else [],
    }
