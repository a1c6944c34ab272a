"""What is asked of texts with numbers of people in them, and the numbers that are nobody's."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time, code

revision = "0019_personal"
down_revision = "0018_files"


def upgrade() -> None:
    op.create_table(
        "personal_rules",
        sa.Column("article_kind", sa.String(32), primary_key=True),
        sa.Column("finding", code(), primary_key=True),
        sa.Column("level", code(), nullable=False),
    )
    op.create_table(
        "personal_exceptions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("added_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.UniqueConstraint("number", name="uq_personal_exceptions_number"),
    )


def downgrade() -> None:
    op.drop_table("personal_exceptions")
    op.drop_table("personal_rules")
