"""Leavers: their last day, what is handed over to whom, what was asked; writing tasks say why a text is wanted."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time, code

revision = "0047_leavings"
down_revision = "0046_courses"


def upgrade() -> None:
    op.add_column("writing_tasks", sa.Column("wanted", code(), nullable=False, server_default="gap"))
    op.create_table(
        "leavings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("disable", sa.Boolean, nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("state", code(), nullable=False),
        sa.Column("interview_id", sa.Integer, sa.ForeignKey("writing_tasks.id")),
        sa.Column("marked_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("marked_at", Time, nullable=False),
        sa.Column("closed_at", Time),
        sa.Column("closed_by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="open_until_closed"),
    )
    open_ones = sa.text("state = 'open'")
    op.create_index(
        "uq_leavings_open", "leavings", ["user_id"], unique=True, sqlite_where=open_ones, postgresql_where=open_ones
    )
    op.create_index("ix_leavings_state_last_day", "leavings", ["state", "last_day"])
    op.create_index("ix_leavings_interview_id", "leavings", ["interview_id"])
    op.create_table(
        "handovers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("leaving_id", sa.Integer, sa.ForeignKey("leavings.id"), nullable=False),
        sa.Column("sort", code(), nullable=False),
        sa.Column("subject_id", sa.Integer, nullable=False),
        sa.Column("successor_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("state", code(), nullable=False),
        sa.Column("asked_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("asked_at", Time, nullable=False),
        sa.Column("answered_at", Time),
        sa.Column("note", sa.String(500), nullable=False),
        sa.UniqueConstraint("leaving_id", "sort", "subject_id"),
        sa.CheckConstraint("(state = 'asked') = (answered_at IS NULL)", name="asked_until_answered"),
    )
    op.create_index("ix_handovers_successor_state", "handovers", ["successor_id", "state"])
    op.create_table(
        "interview_questions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("leaving_id", sa.Integer, sa.ForeignKey("leavings.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("topic", sa.String(300), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("answered_at", Time),
        sa.UniqueConstraint("leaving_id", "position"),
    )


def downgrade() -> None:
    op.drop_table("interview_questions")
    op.drop_table("handovers")
    op.drop_table("leavings")
    with op.batch_alter_table("writing_tasks") as table:
        table.drop_column("wanted")
