"""The words of search, the questions with what was opened from them, what is missing and who writes it."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time, code

revision = "0025_words"
down_revision = "0024_opens"


def upgrade() -> None:
    op.add_column("search_queries", sa.Column("asked", sa.String(32)))
    op.add_column("search_queries", sa.Column("flat", sa.String(200), nullable=False, server_default=""))
    op.add_column("search_queries", sa.Column("source", code(), nullable=False, server_default="page"))
    op.add_column("search_queries", sa.Column("opened_id", sa.Integer))
    op.add_column("search_queries", sa.Column("opened_at", Time))
    op.create_index("ix_search_queries_user_at", "search_queries", ["user_id", "at"])
    op.create_index("uq_search_queries_asked", "search_queries", ["asked"], unique=True)
    op.create_index("ix_search_queries_flat", "search_queries", ["flat"])
    _words()
    _writing()
    op.create_table(
        "gap_marks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("flat", sa.String(200), nullable=False),
        sa.Column("verdict", code(), nullable=False),
        sa.Column("task_id", sa.Integer, sa.ForeignKey("writing_tasks.id")),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.UniqueConstraint("flat"),
        sa.CheckConstraint("(verdict = 'write') = (task_id IS NOT NULL)", name="write_has_a_task"),
    )
    op.create_index("ix_gap_marks_task_id", "gap_marks", ["task_id"])


def _words() -> None:
    op.create_table(
        "search_words",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sort", code(), nullable=False),
        sa.Column("said", Json, nullable=False),
        sa.Column("meant", Json, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("state", code(), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("changed_at", Time, nullable=False),
        sa.Column("changed_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
    )
    op.create_index("ix_search_words_state", "search_words", ["state"])


def _writing() -> None:
    op.create_table(
        "writing_tasks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("question", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("team_id", sa.Integer, sa.ForeignKey("teams.id")),
        sa.Column("state", code(), nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("asked_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("asked_at", Time, nullable=False),
        sa.Column("taken_by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("taken_at", Time),
        sa.Column("submission_id", sa.Integer, sa.ForeignKey("submissions.id")),
        sa.Column("pressed_at", Time),
        sa.Column("closed_at", Time),
        sa.Column("answer", sa.String(500), nullable=False),
        sa.CheckConstraint("(user_id IS NULL) <> (team_id IS NULL)", name="person_or_team"),
        sa.CheckConstraint("state <> 'taken' OR taken_by_id IS NOT NULL", name="taken_by_somebody"),
    )
    op.create_index("ix_writing_tasks_user_state", "writing_tasks", ["user_id", "state"])
    op.create_index("ix_writing_tasks_team_state", "writing_tasks", ["team_id", "state"])
    op.create_index("ix_writing_tasks_taken_by_id", "writing_tasks", ["taken_by_id"])
    op.create_index("ix_writing_tasks_submission_id", "writing_tasks", ["submission_id"])


def downgrade() -> None:
    op.drop_table("gap_marks")
    op.drop_table("writing_tasks")
    op.drop_table("search_words")
    for name in ("flat", "user_at"):
        op.drop_index(f"ix_search_queries_{name}", "search_queries")
    op.drop_index("uq_search_queries_asked", "search_queries")
    for column in ("opened_at", "opened_id", "source", "flat", "asked"):
        op.drop_column("search_queries", column)
