"""What a course is made of beside lessons and quizzes: modules with one order of steps, sessions, tasks signed off."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base, enum_column
from wiki.training.models import Course, Enrolment
from wiki.training.practice_rules import Verdict


class CourseModule(Base):
    """A named group of steps; what belongs to it follows it in the one order of its course."""

    __tablename__ = "course_modules"
    __table_args__ = (sa.Index("ix_course_modules_course", "course_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("courses.id"))
    title: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class Placing(Base):
    """Where a step or module of a course stands, counted over all of them. ``step`` is a key like 'lesson:5'.

    A step that was never placed stands at the end, so nothing is to be written when one is added.
    """

    __tablename__ = "course_placings"

    course_id: Mapped[int] = mapped_column(sa.ForeignKey("courses.id"), primary_key=True)
    step: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    position: Mapped[int]


class CourseSession(Base):
    """People meet: where, from when to when, with how many seats (``None``: as many as come)."""

    __tablename__ = "course_sessions"
    __table_args__ = (
        sa.CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        sa.CheckConstraint("capacity IS NULL OR capacity > 0", name="some_seat"),
        sa.Index("ix_course_sessions_course", "course_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("courses.id"))
    title: Mapped[str] = mapped_column(sa.String(200))
    place: Mapped[str] = mapped_column(sa.String(200))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    capacity: Mapped[int | None]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    course: Mapped[Course] = relationship()


class Seat(Base):
    """A person means to come (``taken_at``), or was there (``attended_at``, told by ``noted_by``), or both."""

    __tablename__ = "course_seats"

    session_id: Mapped[int] = mapped_column(sa.ForeignKey("course_sessions.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True, index=True)
    taken_at: Mapped[datetime | None]
    attended_at: Mapped[datetime | None]
    noted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))


class CourseTask(Base):
    """Something to be done at work, signed off by somebody who has seen it."""

    __tablename__ = "course_tasks"
    __table_args__ = (sa.Index("ix_course_tasks_course", "course_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("courses.id"))
    title: Mapped[str] = mapped_column(sa.String(200))
    what: Mapped[str] = mapped_column(sa.Text)  # Markdown
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    course: Mapped[Course] = relationship()


class TaskReport(Base):
    """A learner said that a task is done, and what came of it. What was sent back stays; a new one follows it."""

    __tablename__ = "task_reports"
    __table_args__ = (
        sa.Index("ix_task_reports_enrolment", "enrolment_id"),
        sa.Index(
            "uq_task_reports_standing",
            "task_id",
            "enrolment_id",
            unique=True,
            sqlite_where=sa.text("verdict IS NULL OR verdict = 'signed'"),
            postgresql_where=sa.text("verdict IS NULL OR verdict = 'signed'"),
        ),
        sa.CheckConstraint("(verdict IS NULL) = (judged_at IS NULL)", name="judged_has_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.ForeignKey("course_tasks.id"))
    enrolment_id: Mapped[int] = mapped_column(sa.ForeignKey("enrolments.id"))
    note: Mapped[str] = mapped_column(sa.String(1000), default="")
    at: Mapped[datetime]
    verdict: Mapped[Verdict | None] = mapped_column(enum_column(Verdict))
    word: Mapped[str] = mapped_column(sa.String(1000), default="")
    judged_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    judged_at: Mapped[datetime | None]

    task: Mapped[CourseTask] = relationship()
    enrolment: Mapped[Enrolment] = relationship()
    judged_by: Mapped[User | None] = relationship(foreign_keys=[judged_by_id])


class Prerequisite(Base):
    """``course`` is begun only by those who have completed ``needs``."""

    __tablename__ = "course_prerequisites"
    __table_args__ = (sa.CheckConstraint("course_id <> needs_id", name="not_itself"),)

    course_id: Mapped[int] = mapped_column(sa.ForeignKey("courses.id"), primary_key=True)
    needs_id: Mapped[int] = mapped_column(sa.ForeignKey("courses.id"), primary_key=True, index=True)

    needs: Mapped[Course] = relationship(foreign_keys=[needs_id])
