"""A use names its call and can be taken back; everybody has pins and a service of their own; frames have passes."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time

revision = "0027_screen"
down_revision = "0026_rank"


def upgrade() -> None:
    op.add_column("feedback", sa.Column("call_ref", sa.String(120)))
    op.add_column("feedback", sa.Column("reported_by_id", sa.Integer))
    op.create_index(
        "uq_feedback_call",
        "feedback",
        ["article_id", "call_ref"],
        unique=True,
        sqlite_where=sa.text("call_ref IS NOT NULL"),
        postgresql_where=sa.text("call_ref IS NOT NULL"),
    )
    op.create_table(
        "personal_pins",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_table(
        "kept_services",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("service_id", sa.Integer, sa.ForeignKey("services.id"), nullable=False),
    )
    op.create_table(
        "embed_passes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("login_id", sa.Integer, sa.ForeignKey("login_sessions.id", ondelete="CASCADE")),
        sa.Column("made_by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
    )
    op.create_index("ix_embed_passes_user_id", "embed_passes", ["user_id"])
    op.create_index("ix_embed_passes_login_id", "embed_passes", ["login_id"])


def downgrade() -> None:
    op.drop_table("embed_passes")
    op.drop_table("kept_services")
    op.drop_table("personal_pins")
    op.drop_index("uq_feedback_call", "feedback")
    op.drop_column("feedback", "reported_by_id")
    op.drop_column("feedback", "call_ref")
