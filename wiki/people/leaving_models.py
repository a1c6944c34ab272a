"""Who leaves when, what is handed over to whom, and what was asked in the interview."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base, enum_column
from wiki.people.leaving_rules import HandoverState, LeavingState, Sort
from wiki.search.gap_models import WritingTask


class Leaving(Base):
    """Somebody's last day. ``disable``: their sign-in ends with it. At most one of a person is open."""

    __tablename__ = "leavings"
    __table_args__ = (
        sa.Index(
            "uq_leavings_open",
            "user_id",
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="open_until_closed"),
        sa.Index("ix_leavings_state_last_day", "state", "last_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    last_day: Mapped[date] = mapped_column(sa.Date)
    disable: Mapped[bool]
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    state: Mapped[LeavingState] = mapped_column(enum_column(LeavingState))
    interview_id: Mapped[int | None] = mapped_column(sa.ForeignKey("writing_tasks.id"), index=True)
    marked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    marked_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    marked_by: Mapped[User] = relationship(foreign_keys=[marked_by_id])
    interview: Mapped[WritingTask | None] = relationship()


class Handover(Base):
    """One thing is to be this successor's. ``subject_id`` is the id of an article, submission, course, writing task,
    category or action; whose it is stands there, not here."""

    __tablename__ = "handovers"
    __table_args__ = (
        sa.UniqueConstraint("leaving_id", "sort", "subject_id"),
        sa.Index("ix_handovers_successor_state", "successor_id", "state"),
        sa.CheckConstraint("(state = 'asked') = (answered_at IS NULL)", name="asked_until_answered"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    leaving_id: Mapped[int] = mapped_column(sa.ForeignKey("leavings.id"))
    sort: Mapped[Sort] = mapped_column(enum_column(Sort))
    subject_id: Mapped[int]
    successor_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    state: Mapped[HandoverState] = mapped_column(enum_column(HandoverState))
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(sa.String(500), default="")  # why it was declined

    leaving: Mapped[Leaving] = relationship()
    successor: Mapped[User] = relationship(foreign_keys=[successor_id])


class InterviewQuestion(Base):
    """What a leaver is asked, and what they said. ``topic``: the category or text that it is about."""

    __tablename__ = "interview_questions"
    __table_args__ = (sa.UniqueConstraint("leaving_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    leaving_id: Mapped[int] = mapped_column(sa.ForeignKey("leavings.id"))
    position: Mapped[int]
    topic: Mapped[str] = mapped_column(sa.String(300), default="")
    text: Mapped[str] = mapped_column(sa.String(500))
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    answered_at: Mapped[datetime | None]
