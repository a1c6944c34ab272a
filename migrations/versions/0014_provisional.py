"""Publication before review: emergencies and workarounds."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time, code
from migrations.triggers import drop, refuse

revision = "0014_provisional"
down_revision = "0013_notifications"

TABLE = "provisional_publications"


def upgrade() -> None:
    op.add_column("articles", sa.Column("provisional", code()))
    op.add_column("articles", sa.Column("provisional_until", Time))
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("submission_id", sa.Integer, sa.ForeignKey("submissions.id"), nullable=False),
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("revisions.id"), nullable=False),
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id")),
        sa.Column("kind", code(), nullable=False),
        sa.Column("state", code(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("asked_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("asked_at", Time, nullable=False),
        sa.Column("confirmed_by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("published_at", Time),
        sa.Column("publication_id", sa.Integer, sa.ForeignKey("publications.id")),
        sa.Column("previous_revision_id", sa.Integer, sa.ForeignKey("revisions.id")),
        sa.Column("restored_id", sa.Integer, sa.ForeignKey("publications.id")),
        sa.Column("deadline", Time),
        sa.Column("closed_at", Time),
        sa.Column("closed_because", code()),
        sa.UniqueConstraint("publication_id", name="uq_provisional_publications_publication_id"),
        sa.UniqueConstraint("restored_id", name="uq_provisional_publications_restored_id"),
        sa.CheckConstraint("(state IN ('asked', 'published')) = (closed_at IS NULL)", name="open_until_closed"),
        sa.CheckConstraint("(state <> 'published') OR (publication_id IS NOT NULL)", name="published_has_publication"),
        sa.CheckConstraint("(publication_id IS NULL) = (deadline IS NULL)", name="published_has_deadline"),
        sa.CheckConstraint("confirmed_by_id IS NULL OR confirmed_by_id <> asked_by_id", name="two_people"),
    )
    op.create_index("ix_provisional_publications_submission_id", TABLE, ["submission_id"])
    op.create_index("ix_provisional_publications_state_deadline", TABLE, ["state", "deadline"])
    _one("open_submission", "submission_id", "state IN ('asked', 'published')")
    _one("published_article", "article_id", "state = 'published'")
    refuse(TABLE, "delete", "provisional publications are kept")


def _one(name: str, column: str, when: str) -> None:
    op.create_index(
        f"uq_{TABLE}_{name}",
        TABLE,
        [column],
        unique=True,
        sqlite_where=sa.text(when),
        postgresql_where=sa.text(when),
    )


def downgrade() -> None:
    drop(TABLE, "delete")
    op.drop_table(TABLE)
    op.drop_column("articles", "provisional_until")
    op.drop_column("articles", "provisional")
