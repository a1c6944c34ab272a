"""The trail says what was changed, and is sealed as a chain; of an entry only the words may be redacted."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time
from migrations.triggers import append_only, drop, drop_append_only, refuse

revision = "0049_chain"
down_revision = "0048_paths"

TRAIL = "trail_entries"
FIXED = (
    "id", "at", "actor_id", "actor_name", "on_behalf_of_id", "verb", "subject_kind", "subject_id", "revision_id",
    "stage", "details", "address", "request_id", "changed", "before_hash", "after_hash",
)  # fmt: skip
NEW = (("changed", sa.Text()), *((name, sa.String(64)) for name in ("before_hash", "after_hash", "note_digest")))


def upgrade() -> None:
    for name, kind in NEW:
        op.add_column(TRAIL, sa.Column(name, kind))
    drop(TRAIL, "update")
    refuse(TRAIL, "update", f"{TRAIL} only grows", columns=FIXED)
    refuse(
        TRAIL, "update", f"{TRAIL}: words may be redacted once, and not otherwise changed",
        columns=("note", "note_digest"),
        when="OLD.note_digest IS NOT NULL OR NEW.note_digest IS NULL OR NEW.note <> '[redacted]'",
        name="rewording",
    )  # fmt: skip
    op.create_table(
        "trail_seals",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("former", sa.String(64), nullable=False),
        sa.Column("first_id", sa.Integer, nullable=False),
        sa.Column("last_id", sa.Integer, nullable=False),
        sa.Column("steps", sa.Text, nullable=False),
        sa.Column("digests", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    append_only("trail_seals")


def downgrade() -> None:
    drop_append_only("trail_seals")
    op.drop_table("trail_seals")
    drop(TRAIL, "rewording")
    drop(TRAIL, "update")
    refuse(TRAIL, "update", f"{TRAIL} only grows")
    for name, _kind in reversed(NEW):
        op.drop_column(TRAIL, name)
