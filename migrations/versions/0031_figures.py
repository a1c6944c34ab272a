"""Figures of readership that are kept, what is almost the same, and remarks of readers that became flags."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time

revision = "0031_figures"
down_revision = "0025_words"


def upgrade() -> None:
    op.create_table(
        "feedback_flags",
        sa.Column("feedback_id", sa.Integer, sa.ForeignKey("feedback.id"), primary_key=True),
        sa.Column("flag_id", sa.Integer, sa.ForeignKey("flags.id"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("at", Time, nullable=False),
    )
    op.create_index("ix_feedback_flags_flag_id", "feedback_flags", ["flag_id"])
    op.create_table(
        "article_figures",
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("at", Time, nullable=False),
        sa.Column("opens", sa.Integer, nullable=False),
        sa.Column("last_day", sa.Date),
        sa.Column("helpful", sa.Integer, nullable=False),
        sa.Column("not_helpful", sa.Integer, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
    )
    op.create_index("ix_article_figures_at", "article_figures", ["at"])
    op.create_table(
        "article_twins",
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("at", Time, nullable=False),
        sa.Column("other_id", sa.Integer),
        sa.Column("percent", sa.Integer, nullable=False),
        sa.Column("differs", sa.Boolean, nullable=False),
    )
    op.create_index("ix_article_twins_other_id", "article_twins", ["other_id"])


def downgrade() -> None:
    op.drop_table("article_twins")
    op.drop_table("article_figures")
    op.drop_table("feedback_flags")
