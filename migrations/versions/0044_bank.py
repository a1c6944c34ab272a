"""A bank of questions by category, draws from it, attempts that are begun and kept, time limits."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time

revision = "0044_bank"
down_revision = "0043_curricula"


def upgrade() -> None:
    with op.batch_alter_table("questions") as batch:
        category = sa.ForeignKey("categories.id", name="fk_questions_category_id_categories")
        batch.add_column(sa.Column("category_id", sa.Integer, category))
        batch.add_column(sa.Column("asked_here", sa.Boolean, nullable=False, server_default=sa.true()))
    op.create_index("ix_questions_category_id", "questions", ["category_id"])
    op.add_column("quizzes", sa.Column("time_limit", sa.Integer))
    op.execute(
        "UPDATE questions SET category_id = (SELECT category_id FROM articles WHERE articles.id = questions.article_id)"
    )
    op.create_table(
        "quiz_asks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("quiz_id", sa.Integer, sa.ForeignKey("quizzes.id"), nullable=False),
        sa.Column("question_id", sa.Integer, sa.ForeignKey("questions.id")),
        sa.Column("category_id", sa.Integer, sa.ForeignKey("categories.id")),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.CheckConstraint("(question_id IS NULL) <> (category_id IS NULL)", name="question_or_draw"),
        sa.CheckConstraint("count > 0", name="asks_something"),
        sa.UniqueConstraint("quiz_id", "question_id"),
        sa.UniqueConstraint("quiz_id", "category_id"),
    )
    op.create_index("ix_quiz_asks_question_id", "quiz_asks", ["question_id"])
    op.create_index("ix_quiz_asks_category_id", "quiz_asks", ["category_id"])
    op.create_table(
        "quiz_allowances",
        sa.Column("quiz_id", sa.Integer, sa.ForeignKey("quizzes.id"), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.CheckConstraint("minutes > 0", name="more_time"),
    )
    op.create_index("ix_quiz_allowances_user_id", "quiz_allowances", ["user_id"])
    op.create_table(
        "attempts_begun",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("quiz_id", sa.Integer, sa.ForeignKey("quizzes.id"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("begun_at", Time, nullable=False),
        sa.Column("question_ids", Json, nullable=False),
        sa.Column("kept", Json, nullable=False),
        sa.UniqueConstraint("quiz_id", "user_id", "number"),
    )
    op.create_index("ix_attempts_begun_user_id", "attempts_begun", ["user_id"])


def downgrade() -> None:
    for table in ("attempts_begun", "quiz_allowances", "quiz_asks"):
        op.drop_table(table)
    op.drop_column("quizzes", "time_limit")
    op.drop_index("ix_questions_category_id", "questions")
    with op.batch_alter_table("questions") as batch:
        batch.drop_column("asked_here")
        batch.drop_constraint("fk_questions_category_id_categories", type_="foreignkey")
        batch.drop_column("category_id")
