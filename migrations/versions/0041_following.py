"""What follows a major change: questions that rest, lessons that are read again."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time

revision = "0041_following"
down_revision = "0040_recall"


def upgrade() -> None:
    op.add_column("questions", sa.Column("suspended_at", Time))
    op.create_table(
        "lessons_read_again",
        sa.Column("enrolment_id", sa.Integer, sa.ForeignKey("enrolments.id"), primary_key=True),
        sa.Column("lesson_id", sa.Integer, sa.ForeignKey("lessons.id"), primary_key=True),
        sa.Column("publication_id", sa.Integer, sa.ForeignKey("publications.id"), primary_key=True),
        sa.Column("at", Time, nullable=False),
    )
    op.create_index("ix_lessons_read_again_lesson_id", "lessons_read_again", ["lesson_id"])


def downgrade() -> None:
    op.drop_table("lessons_read_again")
    op.drop_column("questions", "suspended_at")
