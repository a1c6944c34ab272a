"""Missed questions, asked again."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time
from migrations.triggers import append_only, drop_append_only

revision = "0040_recall"
down_revision = "0031_figures"


def upgrade() -> None:
    op.create_table(
        "recall_cards",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("question_id", sa.Integer, sa.ForeignKey("questions.id"), nullable=False),
        sa.Column("box", sa.Integer, nullable=False),
        sa.Column("due_on", sa.Date),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.UniqueConstraint("user_id", "question_id"),
        sa.CheckConstraint("box >= 0", name="box_not_negative"),
    )
    op.create_index("ix_recall_cards_question_id", "recall_cards", ["question_id"])
    op.create_index("ix_recall_cards_due", "recall_cards", ["user_id", "due_on"])
    op.create_table(
        "recall_answers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("card_id", sa.Integer, sa.ForeignKey("recall_cards.id"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("answer", Json, nullable=False),
        sa.Column("right", sa.Boolean, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.UniqueConstraint("card_id", "number"),
    )
    op.create_index("ix_recall_answers_person_day", "recall_answers", ["user_id", "day"])
    append_only("recall_answers")


def downgrade() -> None:
    drop_append_only("recall_answers")
    op.drop_table("recall_answers")
    op.drop_table("recall_cards")
