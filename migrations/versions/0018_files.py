"""Pictures and documents, and which revisions refer to them."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time
from migrations.triggers import drop, refuse

revision = "0018_files"
down_revision = "0017_links"


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("source_digest", sa.String(64), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("small_key", sa.String(32)),
        sa.Column("created_at", Time, nullable=False),
        sa.UniqueConstraint("owner_id", "source_digest", name="uq_files_owner_id_source_digest"),
        sa.UniqueConstraint("key", name="uq_files_key"),
        sa.UniqueConstraint("small_key", name="uq_files_small_key"),
    )
    op.create_table(
        "file_references",
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("revisions.id"), primary_key=True),
        sa.Column("file_id", sa.Integer, sa.ForeignKey("files.id"), primary_key=True),
    )
    op.create_index("ix_file_references_file_id", "file_references", ["file_id"])
    refuse("files", "update", "files never change")
    refuse("file_references", "update", "what a revision refers to never changes")
    refuse("file_references", "delete", "what a revision refers to never changes")


def downgrade() -> None:
    drop("file_references", "delete")
    drop("file_references", "update")
    drop("files", "update")
    op.drop_table("file_references")
    op.drop_table("files")
