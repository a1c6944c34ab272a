"""What is missing: what was decided about questions that found nothing, and the tasks to write it."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Team, User
from core.db import Base, enum_column
from wiki.articles.models import Submission
from wiki.search.writing_rules import Wanted, WritingState


class Verdict(StrEnum):
    """What was decided about a question."""

    WRITE = "write"  # somebody writes it
    WORD = "word"  # the text is there; the word was another one
    IGNORE = "ignore"


class WritingTask(Base):
    """Somebody, or somebody of a team, is asked to write what is missing; ``wanted`` says why."""

    __tablename__ = "writing_tasks"
    __table_args__ = (
        sa.CheckConstraint("(user_id IS NULL) <> (team_id IS NULL)", name="person_or_team"),
        sa.CheckConstraint("state <> 'taken' OR taken_by_id IS NOT NULL", name="taken_by_somebody"),
        sa.Index("ix_writing_tasks_user_state", "user_id", "state"),
        sa.Index("ix_writing_tasks_team_state", "team_id", "state"),
        sa.Index("ix_writing_tasks_taken_by_id", "taken_by_id"),
        sa.Index("ix_writing_tasks_submission_id", "submission_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    question: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[str] = mapped_column(sa.String(32))
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    wanted: Mapped[Wanted] = mapped_column(enum_column(Wanted), default=Wanted.GAP, server_default="gap")
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("teams.id"))
    state: Mapped[WritingState] = mapped_column(enum_column(WritingState))
    due_on: Mapped[date]
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    taken_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    taken_at: Mapped[datetime | None]
    submission_id: Mapped[int | None] = mapped_column(sa.ForeignKey("submissions.id"))
    pressed_at: Mapped[datetime | None]  # when it was told that its day has passed
    closed_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(sa.String(500), default="")  # why it was dropped, or what answers it

    user: Mapped[User | None] = relationship(foreign_keys=[user_id])
    team: Mapped[Team | None] = relationship(foreign_keys=[team_id])
    asked_by: Mapped[User] = relationship(foreign_keys=[asked_by_id])
    taken_by: Mapped[User | None] = relationship(foreign_keys=[taken_by_id])
    submission: Mapped[Submission | None] = relationship(foreign_keys=[submission_id])


class GapMark(Base):
    """What was decided about one wording; it holds for all that are grouped with it."""

    __tablename__ = "gap_marks"
    __table_args__ = (
        sa.UniqueConstraint("flat"),
        sa.Index("ix_gap_marks_task_id", "task_id"),
        sa.CheckConstraint("(verdict = 'write') = (task_id IS NOT NULL)", name="write_has_a_task"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    flat: Mapped[str] = mapped_column(sa.String(200))
    verdict: Mapped[Verdict] = mapped_column(enum_column(Verdict))
    task_id: Mapped[int | None] = mapped_column(sa.ForeignKey("writing_tasks.id"))
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))

    task: Mapped[WritingTask | None] = relationship()
    by: Mapped[User] = relationship()
