"""What a course asked for under which number, and which of its steps that were."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base, Points, enum_column
from wiki.training.models import Course
from wiki.training.rules import Requires


class CourseVersion(Base):
    """The outline of a course as it was published: who begins under it finishes under it. While nobody has begun it,
    it takes every change; then it stays as it is.

    ``outline`` is a row per step and heading, in order, in the words of that day; ``audience`` who was to take it.
    """

    __tablename__ = "course_versions"
    __table_args__ = (sa.UniqueConstraint("course_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("courses.id"))
    number: Mapped[int]
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    credits: Mapped[Decimal] = mapped_column(Points)
    requires: Mapped[Requires] = mapped_column(enum_column(Requires))
    outline: Mapped[list[Any]]
    audience: Mapped[list[Any]]
    published_at: Mapped[datetime]
    published_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))

    course: Mapped[Course] = relationship()
    published_by: Mapped[User] = relationship()

    @property
    def order(self) -> list[str]:
        """The keys of its steps and headings, in order."""
        return [row["step"] for row in self.outline]

    def ids(self, kind: str) -> list[int]:
        """The steps of one kind, in order."""
        return [int(key.partition(":")[2]) for key in self.order if key.startswith(f"{kind}:")]


class VersionStep(Base):
    """A version asks for this step; the same as its outline says, where statements can count it."""

    __tablename__ = "course_version_steps"
    __table_args__ = (sa.Index("ix_course_version_steps_step", "kind", "ref_id"),)

    version_id: Mapped[int] = mapped_column(sa.ForeignKey("course_versions.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    ref_id: Mapped[int] = mapped_column(primary_key=True)
