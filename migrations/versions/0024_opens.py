"""Which published texts are opened: each opening for half a year, sums of each day for good."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time, code

revision = "0024_opens"
down_revision = "0023_flags"


def upgrade() -> None:
    op.create_table(
        "article_opens",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", Time, nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id"), nullable=False),
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("revisions.id"), nullable=False),
        sa.Column("source", code(), nullable=False),
    )
    op.create_index("ix_article_opens_at", "article_opens", ["at"])
    op.create_index("ix_article_opens_article", "article_opens", ["article_id", "at"])
    op.create_index("ix_article_opens_user", "article_opens", ["user_id", "article_id", "at"])
    op.create_table(
        "article_open_days",
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("opens", sa.Integer, nullable=False),
        sa.Column("fetched", sa.Integer, nullable=False),
    )
    op.create_index("ix_article_open_days_day", "article_open_days", ["day"])


def downgrade() -> None:
    op.drop_table("article_open_days")
    op.drop_table("article_opens")
