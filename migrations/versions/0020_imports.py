"""Imports and their rows."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time, code

revision = "0020_imports"
down_revision = "0019_personal"


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("state", code(), nullable=False),
        sa.Column("way", code(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("audience", sa.String(32), nullable=False),
        sa.Column("headings", Json, nullable=False),
        sa.Column("sample", Json, nullable=False),
        sa.Column("mapping", Json, nullable=False),
        sa.Column("error", sa.String(500), nullable=False),
        sa.Column("created_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("updated_at", Time, nullable=False),
        sa.UniqueConstraint("key", name="uq_imports_key"),
    )
    op.create_table(
        "import_rows",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("import_id", sa.Integer, sa.ForeignKey("imports.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("place", sa.String(300), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("found", code(), nullable=False),
        sa.Column("outcome", code()),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("remarks", Json, nullable=False),
        sa.Column("row", Json, nullable=False),
        sa.Column("cells", Json, nullable=False),
        sa.Column("pictures", Json, nullable=False),
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id")),
        sa.Column("submission_id", sa.Integer, sa.ForeignKey("submissions.id")),
        sa.Column("taken_at", Time),
        sa.UniqueConstraint("import_id", "number", name="uq_import_rows_import_id_number"),
        sa.CheckConstraint("(outcome IS NULL) = (taken_at IS NULL)", name="taken_with_outcome"),
    )
    op.create_index("ix_import_rows_found", "import_rows", ["import_id", "found", "number"])
    op.create_index("ix_import_rows_outcome", "import_rows", ["import_id", "outcome", "number"])
    op.create_index("ix_import_rows_external_id", "import_rows", ["external_id"])


def downgrade() -> None:
    op.drop_table("import_rows")
    op.drop_table("imports")
