"""Readers' flags: tasks for those who keep texts true."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time, code
from migrations.triggers import append_only, drop, drop_append_only, refuse

revision = "0023_flags"
down_revision = "0021_lifecycle"


def upgrade() -> None:
    op.create_table(
        "flags",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id"), nullable=False),
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("revisions.id"), nullable=False),
        sa.Column("reporter_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("reason", code(), nullable=False),
        sa.Column("quote", sa.String(300), nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("state", code(), nullable=False),
        sa.Column("outcome", code()),
        sa.Column("publication_id", sa.Integer, sa.ForeignKey("publications.id")),
        sa.Column("raised_at", Time, nullable=False),
        sa.Column("due_at", Time, nullable=False),
        sa.Column("pressed_at", Time),
        sa.Column("closed_at", Time),
        sa.Column("closed_by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.CheckConstraint("(state = 'answered') = (outcome IS NOT NULL)", name="answered_has_outcome"),
        sa.CheckConstraint("(outcome = 'changed') = (publication_id IS NOT NULL)", name="changed_names_the_version"),
    )
    op.create_index("ix_flags_reporter_id", "flags", ["reporter_id"])
    op.create_index("ix_flags_article_state", "flags", ["article_id", "state"])
    op.create_index("ix_flags_state_due_at", "flags", ["state", "due_at"])
    op.create_index(
        "uq_flags_open_reporter",
        "flags",
        ["article_id", "reporter_id", "reason"],
        unique=True,
        sqlite_where=sa.text("state <> 'answered'"),
        postgresql_where=sa.text("state <> 'answered'"),
    )
    refuse("flags", "delete", "flags are kept")
    op.create_table(
        "flag_notes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("flag_id", sa.Integer, sa.ForeignKey("flags.id"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", Time, nullable=False),
    )
    op.create_index("ix_flag_notes_flag_id", "flag_notes", ["flag_id"])
    append_only("flag_notes")


def downgrade() -> None:
    drop_append_only("flag_notes")
    op.drop_table("flag_notes")
    drop("flags", "delete")
    op.drop_table("flags")
