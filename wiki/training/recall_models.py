"""What somebody missed and is asked again, and how they answered."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base
from wiki.training.models import Question


class RecallCard(Base):
    """A question that one person missed. ``answers`` counts how often it was asked again since, wrong ones too."""

    __tablename__ = "recall_cards"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "question_id"),
        sa.Index("ix_recall_cards_due", "user_id", "due_on"),
        sa.CheckConstraint("box >= 0", name="box_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    question_id: Mapped[int] = mapped_column(sa.ForeignKey("questions.id"), index=True)
    box: Mapped[int]
    due_on: Mapped[date | None] = mapped_column(sa.Date)
    answers: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]

    question: Mapped[Question] = relationship()


class RecallAnswer(Base):
    """One answer to a question asked again; only ever added. ``number`` counts those to one card, from 1."""

    __tablename__ = "recall_answers"
    __table_args__ = (
        sa.UniqueConstraint("card_id", "number"),
        sa.Index("ix_recall_answers_person_day", "user_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(sa.ForeignKey("recall_cards.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    number: Mapped[int]
    answer: Mapped[list[Any]]  # option ids; the text for fill-in
    right: Mapped[bool]
    day: Mapped[date] = mapped_column(sa.Date)
    at: Mapped[datetime]

    card: Mapped[RecallCard] = relationship()

    @property
    def question(self) -> Question:
        """What was asked."""
        return self.card.question
