"""What people searched for."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time

revision = "0006_search"
down_revision = "0005_feedback"


def upgrade() -> None:
    op.create_table(
        "search_queries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", Time, nullable=False),
        sa.Column("user_id", sa.Integer),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("found", sa.Integer, nullable=False),
    )
    op.create_index("ix_search_queries_at", "search_queries", ["at"])


def downgrade() -> None:
    op.drop_table("search_queries")
