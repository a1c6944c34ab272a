"""Who is away and who stands in; who looks after a category."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time, code

revision = "0011_absences"
down_revision = "0010_calendars"


def upgrade() -> None:
    op.create_table(
        "absences",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("deputy_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("starts_at", Time, nullable=False),
        sa.Column("ends_at", Time, nullable=False),
        sa.Column("reviews", sa.Boolean, nullable=False),
        sa.Column("notices", sa.Boolean, nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("ended_at", Time),
        sa.Column("told", code(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        sa.CheckConstraint("deputy_id IS NULL OR deputy_id <> user_id", name="somebody_else"),
        sa.CheckConstraint("deputy_id IS NOT NULL OR NOT (reviews OR notices)", name="asks_a_deputy"),
    )
    op.create_index("ix_absences_user_id_ends_at", "absences", ["user_id", "ends_at"])
    op.create_index("ix_absences_ended_at_ends_at", "absences", ["ended_at", "ends_at"])
    op.create_table(
        "caretakers",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("category", sa.String(64), primary_key=True),
    )
    op.create_index("ix_caretakers_category", "caretakers", ["category"])


def downgrade() -> None:
    op.drop_table("caretakers")
    op.drop_table("absences")
