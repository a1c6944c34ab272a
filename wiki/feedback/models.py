"""Every vote and mark is a row that is never changed; the newest vote of a person on a revision counts."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class Feedback(Base):
    """One act of a reader. ``turn`` numbers the votes of one person on one revision, so that two at the same instant
    cannot both be the first. ``own`` marks the reader's own work: kept, shown to nobody, counted nowhere. ``call_ref``
    is what the telephone system calls the call, or a word that a page made up, so that one call is one use."""

    __tablename__ = "feedback"
    __table_args__ = (
        sa.CheckConstraint("(helpful IS NOT NULL) OR used_in_call", name="says_something"),
        sa.CheckConstraint("(helpful IS NULL) = (turn IS NULL)", name="votes_have_a_turn"),
        sa.Index(
            "uq_feedback_vote_turn",
            "user_id",
            "revision_id",
            "turn",
            unique=True,
            sqlite_where=sa.text("turn IS NOT NULL"),
            postgresql_where=sa.text("turn IS NOT NULL"),
        ),
        sa.Index("ix_feedback_article", "article_id", "revision_id", "user_id", "id"),
        sa.Index(
            "uq_feedback_call",
            "article_id",
            "call_ref",
            unique=True,
            sqlite_where=sa.text("call_ref IS NOT NULL"),
            postgresql_where=sa.text("call_ref IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"))
    revision_id: Mapped[int] = mapped_column(sa.ForeignKey("revisions.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    helpful: Mapped[bool | None]
    turn: Mapped[int | None]
    used_in_call: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(sa.String(40), default="")
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    own: Mapped[bool] = mapped_column(default=False)
    author_ids: Mapped[list[Any]]  # whose work it was at that moment, the author first
    at: Mapped[datetime]
    call_ref: Mapped[str | None] = mapped_column(sa.String(120))
    reported_by_id: Mapped[int | None]  # the program that said so for them


class Withdrawal(Base):
    """A reader took a vote or a mark back: it stays on record and counts nowhere any more."""

    __tablename__ = "feedback_withdrawals"

    id: Mapped[int] = mapped_column(primary_key=True)
    feedback_id: Mapped[int] = mapped_column(sa.ForeignKey("feedback.id"), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"), index=True)
    at: Mapped[datetime]


def stands() -> sa.ColumnElement[bool]:
    """Over ``Feedback``: it was not taken back."""
    return sa.not_(sa.exists().where(Withdrawal.feedback_id == Feedback.id))
