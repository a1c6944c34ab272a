"""Must-read: texts that people are asked to confirm, who was told, and how often each question was answered right."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time
from migrations.triggers import append_only, drop_append_only

revision = "0045_must_read"
down_revision = "0044_bank"


def upgrade() -> None:
    op.create_table(
        "reading_asks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id"), nullable=False),
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("revisions.id"), nullable=False),
        sa.Column("circle", Json, nullable=False),
        sa.Column("due_at", Time, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("asked_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("closed_at", Time),
        sa.Column("closed_by_id", sa.Integer, sa.ForeignKey("users.id")),
    )
    open_ones = sa.text("closed_at IS NULL")
    op.create_index(
        "uq_reading_asks_open", "reading_asks", ["article_id"],
        unique=True, sqlite_where=open_ones, postgresql_where=open_ones,
    )  # fmt: skip
    op.create_table(
        "reading_told",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("ask", sa.String(24), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("step", sa.String(24), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.UniqueConstraint("ask", "user_id", "step"),
    )
    append_only("reading_told")
    figures = op.create_table(
        "question_figures",
        sa.Column("question_id", sa.Integer, sa.ForeignKey("questions.id"), primary_key=True),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.Column("right", sa.Integer, nullable=False),
    )
    answers = sa.table("attempt_answers", sa.column("question_id"), sa.column("right", sa.Boolean))
    counted = sa.select(
        answers.c.question_id, sa.func.count(), sa.func.sum(sa.case((answers.c.right, 1), else_=0))
    ).group_by(answers.c.question_id)
    op.execute(sa.insert(figures).from_select(["question_id", "asked", "right"], counted))


def downgrade() -> None:
    op.drop_table("question_figures")
    drop_append_only("reading_told")
    op.drop_table("reading_told")
    op.drop_table("reading_asks")
