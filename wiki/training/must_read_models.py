"""Texts that people are asked to confirm, and who was told when. What they confirmed: ``Acknowledgement``."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base
from wiki.articles.models import Article


class ReadingAsk(Base):
    """Somebody asks people to confirm a text; at most one of a text is open. ``circle``: reader tokens, none: all.

    ``revision_id`` is what was live when it was asked; what each person confirmed stands in the acknowledgement.
    """

    __tablename__ = "reading_asks"
    __table_args__ = (
        sa.Index(
            "uq_reading_asks_open",
            "article_id",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"))
    revision_id: Mapped[int] = mapped_column(sa.ForeignKey("revisions.id"))
    circle: Mapped[list[Any]]
    due_at: Mapped[datetime]
    urgent: Mapped[bool]
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    article: Mapped[Article] = relationship()
    asked_by: Mapped[User] = relationship(foreign_keys=[asked_by_id])


class ReadingTold(Base):
    """A person was told once in this step: asked, reminded, escalated (to the supervisor), chased by hand that day."""

    __tablename__ = "reading_told"
    __table_args__ = (sa.UniqueConstraint("ask", "user_id", "step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ask: Mapped[str] = mapped_column(sa.String(24))  # Ask.key
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    step: Mapped[str] = mapped_column(sa.String(24))
    at: Mapped[datetime]


class QuestionFigures(Base):
    """How often a question was answered in quizzes, and how often right; counted with each attempt."""

    __tablename__ = "question_figures"

    question_id: Mapped[int] = mapped_column(sa.ForeignKey("questions.id"), primary_key=True)
    asked: Mapped[int]
    right: Mapped[int]
