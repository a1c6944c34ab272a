"""The path of new hires, the cohorts that walk it, and what was signed for whom."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Team, User
from core.db import Base, Reading, enum_column
from wiki.articles.models import Article
from wiki.training.models import Course


class StepSort(StrEnum):
    """What a step asks for."""

    COURSE = "course"
    READING = "reading"
    SHADOW = "shadow"
    TASK = "task"
    SOLO = "solo"


SIGNED = (StepSort.SHADOW, StepSort.TASK, StepSort.SOLO)  # somebody who saw it says so


class Path(Base):
    """From day 1 to the first solo call. ``target``: the quality score that counts; ``in_a_row``: on so many days."""

    __tablename__ = "paths"
    __table_args__ = (
        sa.CheckConstraint("target > 0", name="target_positive"),
        sa.CheckConstraint("in_a_row > 0", name="some_days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    target: Mapped[Decimal] = mapped_column(Reading)
    in_a_row: Mapped[int]
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]

    steps: Mapped[list["PathStep"]] = relationship(
        primaryjoin="and_(PathStep.path_id == Path.id, PathStep.removed_at.is_(None))",
        order_by="PathStep.day, PathStep.id",
        viewonly=True,
    )


class PathStep(Base):
    """A milestone of a working day, counted from 1."""

    __tablename__ = "path_steps"
    __table_args__ = (
        sa.CheckConstraint("day > 0", name="day_from_one"),
        sa.CheckConstraint("(sort = 'course') = (course_id IS NOT NULL)", name="course_names_one"),
        sa.CheckConstraint("(sort = 'reading') = (article_id IS NOT NULL)", name="reading_names_one"),
        sa.Index("ix_path_steps_path_id", "path_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    path_id: Mapped[int] = mapped_column(sa.ForeignKey("paths.id"))
    day: Mapped[int]
    sort: Mapped[StepSort] = mapped_column(enum_column(StepSort))
    title: Mapped[str] = mapped_column(sa.String(200))
    course_id: Mapped[int | None] = mapped_column(sa.ForeignKey("courses.id"))
    article_id: Mapped[int | None] = mapped_column(sa.ForeignKey("articles.id"))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    path: Mapped[Path] = relationship()
    course: Mapped[Course | None] = relationship()
    article: Mapped[Article | None] = relationship()


class Cohort(Base):
    """People who began together."""

    __tablename__ = "cohorts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    path_id: Mapped[int] = mapped_column(sa.ForeignKey("paths.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("teams.id"))
    starts_on: Mapped[date] = mapped_column(sa.Date)
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]

    path: Mapped[Path] = relationship()
    team: Mapped[Team | None] = relationship()


class Newcomer(Base):
    """One person of a cohort. ``ended_on``: they left, or were taken off the path; what they did until then counts."""

    __tablename__ = "newcomers"
    __table_args__ = (sa.UniqueConstraint("user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohorts.id"), index=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    hired_on: Mapped[date] = mapped_column(sa.Date)
    ended_on: Mapped[date | None] = mapped_column(sa.Date)
    created_at: Mapped[datetime]

    cohort: Mapped[Cohort] = relationship()
    user: Mapped[User] = relationship()


class StepMark(Base):
    """Somebody saw it done (of a reading: the reader says so). One that was taken back stays and counts no more."""

    __tablename__ = "step_marks"
    __table_args__ = (
        sa.Index(
            "uq_step_marks_standing",
            "newcomer_id",
            "step_id",
            unique=True,
            sqlite_where=sa.text("taken_back_at IS NULL"),
            postgresql_where=sa.text("taken_back_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    newcomer_id: Mapped[int] = mapped_column(sa.ForeignKey("newcomers.id"))
    step_id: Mapped[int] = mapped_column(sa.ForeignKey("path_steps.id"))
    day: Mapped[date] = mapped_column(sa.Date)
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]
    taken_back_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    by: Mapped[User] = relationship(foreign_keys=[by_id])
