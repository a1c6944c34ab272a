"""New hires: paths with their steps, cohorts with their people, what was signed."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Amount, Time, code

revision = "0048_paths"
down_revision = "0047_leavings"


def upgrade() -> None:
    op.create_table(
        "paths",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("target", Amount, nullable=False),
        sa.Column("in_a_row", sa.Integer, nullable=False),
        sa.Column("created_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.CheckConstraint("target > 0", name="target_positive"),
        sa.CheckConstraint("in_a_row > 0", name="some_days"),
    )
    op.create_table(
        "path_steps",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("path_id", sa.Integer, sa.ForeignKey("paths.id"), nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("sort", code(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("course_id", sa.Integer, sa.ForeignKey("courses.id")),
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id")),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("removed_at", Time),
        sa.CheckConstraint("day > 0", name="day_from_one"),
        sa.CheckConstraint("(sort = 'course') = (course_id IS NOT NULL)", name="course_names_one"),
        sa.CheckConstraint("(sort = 'reading') = (article_id IS NOT NULL)", name="reading_names_one"),
    )
    op.create_index("ix_path_steps_path_id", "path_steps", ["path_id", "day"])
    op.create_table(
        "cohorts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("path_id", sa.Integer, sa.ForeignKey("paths.id"), nullable=False),
        sa.Column("team_id", sa.Integer, sa.ForeignKey("teams.id")),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("created_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", Time, nullable=False),
    )
    op.create_index("ix_cohorts_path_id", "cohorts", ["path_id"])
    op.create_table(
        "newcomers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("cohort_id", sa.Integer, sa.ForeignKey("cohorts.id"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("hired_on", sa.Date, nullable=False),
        sa.Column("ended_on", sa.Date),
        sa.Column("created_at", Time, nullable=False),
        sa.UniqueConstraint("user_id"),
    )
    op.create_index("ix_newcomers_cohort_id", "newcomers", ["cohort_id"])
    op.create_table(
        "step_marks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("newcomer_id", sa.Integer, sa.ForeignKey("newcomers.id"), nullable=False),
        sa.Column("step_id", sa.Integer, sa.ForeignKey("path_steps.id"), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("taken_back_at", Time),
        sa.Column("taken_back_by_id", sa.Integer, sa.ForeignKey("users.id")),
    )
    standing = sa.text("taken_back_at IS NULL")
    op.create_index(
        "uq_step_marks_standing", "step_marks", ["newcomer_id", "step_id"],
        unique=True, sqlite_where=standing, postgresql_where=standing,
    )  # fmt: skip


def downgrade() -> None:
    for table in ("step_marks", "newcomers", "cohorts", "path_steps", "paths"):
        op.drop_table(table)
