"""Who has an editor open; and what each open page is typing is kept apart."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time

revision = "0015_presence"
down_revision = "0014_provisional"

BUFFERS = ("submission_id", "user_id", "document", "base_revision_id", "saved_at")


def upgrade() -> None:
    op.create_table(
        "presences",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("page", sa.String(40), primary_key=True),
        sa.Column("submission_id", sa.Integer, sa.ForeignKey("submissions.id")),
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id")),
        sa.Column("saved_revision_id", sa.Integer),
        sa.Column("seen_at", Time, nullable=False),
    )
    for column in ("submission_id", "article_id", "seen_at"):
        op.create_index(f"ix_presences_{column}", "presences", [column])
    _again(sa.Column("page", sa.String(40), nullable=False), keys=("submission_id", "user_id", "page"), page="''")


def _again(*more: sa.Column, keys: tuple[str, ...], page: str = "") -> None:
    """The buffers in a table with another key: SQLite cannot change one."""
    op.rename_table("draft_buffers", "draft_buffers_before")
    if op.get_context().dialect.name != "sqlite":
        op.execute("ALTER TABLE draft_buffers_before RENAME CONSTRAINT pk_draft_buffers TO pk_draft_buffers_before")
    op.create_table(
        "draft_buffers",
        sa.Column("submission_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        *more,
        sa.Column("document", Json, nullable=False),
        sa.Column("base_revision_id", sa.Integer, nullable=True),
        sa.Column("saved_at", Time, nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_draft_buffers_submission_id_submissions"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_draft_buffers_user_id_users"),
        sa.PrimaryKeyConstraint(*keys, name="pk_draft_buffers"),
    )
    names = ", ".join(BUFFERS)
    into = f"{names}, page" if page else names
    given = f"{names}, {page}" if page else names
    op.execute(f"INSERT INTO draft_buffers ({into}) SELECT {given} FROM draft_buffers_before")
    op.drop_table("draft_buffers_before")


def downgrade() -> None:
    op.execute(
        "DELETE FROM draft_buffers WHERE EXISTS (SELECT 1 FROM draft_buffers o WHERE o.submission_id = "
        "draft_buffers.submission_id AND o.user_id = draft_buffers.user_id AND (o.saved_at > draft_buffers.saved_at "
        "OR (o.saved_at = draft_buffers.saved_at AND o.page > draft_buffers.page)))"
    )
    _again(keys=("submission_id", "user_id"))
    op.drop_table("presences")
