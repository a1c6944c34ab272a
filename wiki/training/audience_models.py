"""Who is to take which course: one row per person and assignment, from when they were reached until it ended."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base
from wiki.training.models import Assignment


class Duty(Base):
    """An assignment reached a person at ``since``. ``due_on`` is their own last day. It ends when they leave its circle
    or it is taken back, and is never deleted; who comes back is reached anew."""

    __tablename__ = "course_duties"
    __table_args__ = (
        sa.Index(
            "uq_course_duties_open",
            "assignment_id",
            "user_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_course_duties_person", "user_id", "course_id"),
        sa.Index("ix_course_duties_course", "course_id", "user_id"),
        sa.Index("ix_course_duties_due", "due_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(sa.ForeignKey("assignments.id"))
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("courses.id"))  # that of the assignment
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    since: Mapped[datetime]
    due_on: Mapped[date | None] = mapped_column(sa.Date)
    ended_at: Mapped[datetime | None]

    assignment: Mapped[Assignment] = relationship()
