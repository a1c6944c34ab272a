"""Courses with modules and one order, sessions, tasks signed off, courses before courses."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time, code

revision = "0043_curricula"
down_revision = "0042_certificates"

_STANDING = sa.text("verdict IS NULL OR verdict = 'signed'")


def _course() -> "sa.Column[int]":
    return sa.Column("course_id", sa.Integer, sa.ForeignKey("courses.id"), nullable=False)


def upgrade() -> None:
    _outline()
    _sessions()
    _tasks()


def _outline() -> None:
    op.create_table(
        "course_modules",
        sa.Column("id", sa.Integer, primary_key=True),
        _course(),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("removed_at", Time),
    )
    op.create_index("ix_course_modules_course", "course_modules", ["course_id"])
    op.create_table(
        "course_placings",
        sa.Column("course_id", sa.Integer, sa.ForeignKey("courses.id"), primary_key=True),
        sa.Column("step", sa.String(24), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_table(
        "course_prerequisites",
        sa.Column("course_id", sa.Integer, sa.ForeignKey("courses.id"), primary_key=True),
        sa.Column("needs_id", sa.Integer, sa.ForeignKey("courses.id"), primary_key=True),
        sa.CheckConstraint("course_id <> needs_id", name="not_itself"),
    )
    op.create_index("ix_course_prerequisites_needs_id", "course_prerequisites", ["needs_id"])


def _sessions() -> None:
    op.create_table(
        "course_sessions",
        sa.Column("id", sa.Integer, primary_key=True),
        _course(),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("starts_at", Time, nullable=False),
        sa.Column("ends_at", Time, nullable=False),
        sa.Column("capacity", sa.Integer),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("removed_at", Time),
        sa.CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        sa.CheckConstraint("capacity IS NULL OR capacity > 0", name="some_seat"),
    )
    op.create_index("ix_course_sessions_course", "course_sessions", ["course_id"])
    op.create_table(
        "course_seats",
        sa.Column("session_id", sa.Integer, sa.ForeignKey("course_sessions.id"), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("taken_at", Time),
        sa.Column("attended_at", Time),
        sa.Column("noted_by_id", sa.Integer, sa.ForeignKey("users.id")),
    )
    op.create_index("ix_course_seats_user_id", "course_seats", ["user_id"])


def _tasks() -> None:
    op.create_table(
        "course_tasks",
        sa.Column("id", sa.Integer, primary_key=True),
        _course(),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("removed_at", Time),
    )
    op.create_index("ix_course_tasks_course", "course_tasks", ["course_id"])
    op.create_table(
        "task_reports",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("task_id", sa.Integer, sa.ForeignKey("course_tasks.id"), nullable=False),
        sa.Column("enrolment_id", sa.Integer, sa.ForeignKey("enrolments.id"), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("verdict", code()),
        sa.Column("word", sa.String(1000), nullable=False),
        sa.Column("judged_by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("judged_at", Time),
        sa.CheckConstraint("(verdict IS NULL) = (judged_at IS NULL)", name="judged_has_time"),
    )
    op.create_index("ix_task_reports_enrolment", "task_reports", ["enrolment_id"])
    op.create_index(
        "uq_task_reports_standing", "task_reports", ["task_id", "enrolment_id"],
        unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING,
    )  # fmt: skip


def downgrade() -> None:
    for table in (
        "task_reports", "course_tasks", "course_seats", "course_sessions",
        "course_prerequisites", "course_placings", "course_modules",
    ):  # fmt: skip
        op.drop_table(table)
