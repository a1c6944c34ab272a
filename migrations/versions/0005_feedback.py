"""What readers say about articles."""

import sqlalchemy as sa
from alembic import op

from migrations import triggers
from migrations.columns import Json, Time

revision = "0005_feedback"
down_revision = "0004_articles"


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id"), nullable=False),
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("revisions.id"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("helpful", sa.Boolean),
        sa.Column("turn", sa.Integer),
        sa.Column("used_in_call", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("own", sa.Boolean, nullable=False),
        sa.Column("author_ids", Json, nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.CheckConstraint("(helpful IS NOT NULL) OR used_in_call", name="says_something"),
        sa.CheckConstraint("(helpful IS NULL) = (turn IS NULL)", name="votes_have_a_turn"),
    )
    op.create_index(
        "uq_feedback_vote_turn",
        "feedback",
        ["user_id", "revision_id", "turn"],
        unique=True,
        sqlite_where=sa.text("turn IS NOT NULL"),
        postgresql_where=sa.text("turn IS NOT NULL"),
    )
    op.create_index("ix_feedback_article", "feedback", ["article_id", "revision_id", "user_id", "id"])
    triggers.append_only("feedback")


def downgrade() -> None:
    triggers.drop_append_only("feedback")
    op.drop_table("feedback")
