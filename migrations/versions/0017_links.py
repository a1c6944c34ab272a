"""Links between articles, titles of before, and the folded title of each article."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time, code

revision = "0017_links"
down_revision = "0015_presence"


def upgrade() -> None:
    op.add_column("articles", sa.Column("folded_title", sa.String(300), nullable=False, server_default=""))
    op.create_index("ix_articles_folded_title", "articles", ["folded_title"])
    op.create_table(
        "article_links",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("from_id", sa.Integer, sa.ForeignKey("articles.id"), nullable=False),
        sa.Column("to_id", sa.Integer),
        sa.Column("kind", code(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("folded", sa.String(300), nullable=False),
        sa.Column("words", sa.String(300), nullable=False),
    )
    for column in ("from_id", "to_id", "folded"):
        op.create_index(f"ix_article_links_{column}", "article_links", [column])
    op.create_table(
        "article_redirects",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id"), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("folded", sa.String(300), nullable=False),
        sa.UniqueConstraint("article_id", "folded", name="uq_article_redirects_article_id_folded"),
    )
    op.create_index("ix_article_redirects_folded", "article_redirects", ["folded"])
    op.create_table(
        "link_changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("article_id", sa.Integer, nullable=False),
        sa.Column("at", Time, nullable=False),
    )
    op.create_index("ix_link_changes_article_id", "link_changes", ["article_id"])


def downgrade() -> None:
    for table in ("link_changes", "article_redirects", "article_links"):
        op.drop_table(table)
    op.drop_index("ix_articles_folded_title", "articles")
    op.drop_column("articles", "folded_title")
