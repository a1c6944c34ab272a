"""Attempts that are begun and not handed in yet, and more time for a person."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base
from wiki.training.taking_rules import Choice


class AttemptBegun(Base):
    """An attempt from its first moment on: what it asks stays, what is chosen is kept. The attempt that is handed in
    has the same number."""

    __tablename__ = "attempts_begun"
    __table_args__ = (sa.UniqueConstraint("quiz_id", "user_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    quiz_id: Mapped[int] = mapped_column(sa.ForeignKey("quizzes.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    number: Mapped[int]
    begun_at: Mapped[datetime]
    question_ids: Mapped[list[Any]]  # as written; shuffled by the seed of the attempt
    kept: Mapped[list[Any]]  # [seq, tab, question id, value]

    @property
    def history(self) -> list[Choice]:
        """What was chosen, in the order in which it came in."""
        return [Choice(*row) for row in self.kept]


class QuizAllowance(Base):
    """A person has so many minutes more in each attempt at a quiz with a time limit."""

    __tablename__ = "quiz_allowances"
    __table_args__ = (sa.CheckConstraint("minutes > 0", name="more_time"),)

    quiz_id: Mapped[int] = mapped_column(sa.ForeignKey("quizzes.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True, index=True)
    minutes: Mapped[int]

    user: Mapped[User] = relationship()
