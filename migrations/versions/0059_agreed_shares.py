"""Co-authors agree how they share: a proposal, and what each of the others said to it."""

import sqlalchemy as sa
from alembic import op

from migrations import triggers
from migrations.columns import Time

revision = "0059_agreed_shares"
down_revision = "0058_by_hand"


def upgrade() -> None:
    # what was set by the program before counts as it did
    op.add_column("author_shares", sa.Column("proposed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "author_share_answers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("shares_id", sa.Integer, sa.ForeignKey("author_shares.id"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("agrees", sa.Boolean, nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.UniqueConstraint("shares_id", "user_id"),
    )
    triggers.append_only("author_share_answers")


def downgrade() -> None:
    triggers.drop_append_only("author_share_answers")
    op.drop_table("author_share_answers")
    op.drop_column("author_shares", "proposed")
