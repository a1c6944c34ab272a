"""Promises, the trail, and remembered answers."""

import sqlalchemy as sa
from alembic import op

from migrations import triggers
from migrations.columns import Json, Time

revision = "0001_core"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "outbox_jobs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("available_at", Time, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("leased_until", Time),
        sa.Column("leased_by", sa.String(64)),
        sa.Column("parked_at", Time),
        sa.Column("error", sa.Text),
        sa.CheckConstraint("attempts >= 0", name="attempts_not_negative"),
    )
    op.create_index("ix_outbox_jobs_due", "outbox_jobs", ["parked_at", "available_at"])
    op.create_table(
        "trail_entries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", Time, nullable=False),
        sa.Column("actor_id", sa.Integer),
        sa.Column("actor_name", sa.String(120), nullable=False),
        sa.Column("on_behalf_of_id", sa.Integer),
        sa.Column("verb", sa.String(48), nullable=False),
        sa.Column("subject_kind", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.Integer, nullable=False),
        sa.Column("revision_id", sa.Integer),
        sa.Column("stage", sa.String(64)),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("details", Json, nullable=False),
        sa.Column("address", sa.String(64)),
        sa.Column("request_id", sa.String(32)),
    )
    op.create_index(
        "ix_trail_entries_subject",
        "trail_entries",
        ["subject_kind", "subject_id", "id"],
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("actor_id", sa.Integer, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("content_type", sa.String(100), nullable=False),
        sa.Column("location", sa.String(500)),
        sa.Column("etag", sa.String(100)),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.UniqueConstraint("actor_id", "key"),
    )
    triggers.create_function()
    triggers.append_only("trail_entries")


def downgrade() -> None:
    triggers.drop_append_only("trail_entries")
    triggers.drop_function()
    op.drop_table("idempotency_keys")
    op.drop_table("trail_entries")
    op.drop_table("outbox_jobs")
