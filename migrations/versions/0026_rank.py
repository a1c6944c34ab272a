"""What stands first for a question, and the words that a spelling suggestion is made of."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time

revision = "0026_rank"
down_revision = "0025_words"


def upgrade() -> None:
    op.create_table(
        "search_pins",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("question", sa.String(200), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("from_on", sa.Date),
        sa.Column("until_on", sa.Date),
        sa.Column("pinned_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("pinned_at", Time, nullable=False),
        sa.UniqueConstraint("key", "article_id"),
        sa.CheckConstraint("from_on IS NULL OR until_on IS NULL OR from_on <= until_on", name="ends_after_it_begins"),
    )
    op.create_index("ix_search_pins_article_id", "search_pins", ["article_id"])
    op.create_index("ix_article_opens_user_at", "article_opens", ["user_id", "at"])
    op.create_table(
        "search_vocabulary",
        sa.Column("word", sa.String(40), primary_key=True),
        sa.Column("sound", sa.String(80), nullable=False),
        sa.Column("pinyin", sa.String(80), nullable=False),
        sa.Column("texts", sa.Integer, nullable=False),
    )
    op.create_index("ix_search_vocabulary_sound", "search_vocabulary", ["sound"])
    op.create_index("ix_search_vocabulary_pinyin", "search_vocabulary", ["pinyin"])


def downgrade() -> None:
    op.drop_table("search_vocabulary")
    op.drop_index("ix_article_opens_user_at", "article_opens")
    op.drop_table("search_pins")
