"""Notices, what people want by mail, and the mails."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time, code

revision = "0013_notifications"
down_revision = "0012_reviewing"

PENDING = "way = 'digest' AND mailed_at IS NULL AND read_at IS NULL"


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("subject_kind", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.Integer, nullable=False),
        sa.Column("params", Json, nullable=False),
        sa.Column("url", sa.String(400), nullable=False),
        sa.Column("way", code(), nullable=False),
        sa.Column("dedup", sa.String(160), nullable=False, unique=True),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("read_at", Time),
        sa.Column("mailed_at", Time),
    )
    op.create_index("ix_notices_list", "notices", ["user_id", "created_at", "id"])
    _partial("ix_notices_unread", "user_id", "read_at IS NULL")
    _partial("ix_notices_digest", "created_at", PENDING)
    op.create_index("ix_notices_subject", "notices", ["subject_kind", "subject_id"])
    op.create_table(
        "notice_choices",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("topic", code(), primary_key=True),
        sa.Column("mail", code(), nullable=False),
    )
    op.create_table(
        "digest_times",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("rhythm", code(), nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name="hour_of_the_day"),
    )
    op.create_table(
        "mails",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(120), nullable=False, unique=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(400), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("about", Json, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("sent_at", Time),
        sa.Column("refusal", sa.String(400), nullable=False),
        sa.CheckConstraint("(sent_at IS NULL) OR (refusal = '')", name="sent_or_refused"),
    )
    op.create_index("ix_mails_created_at", "mails", ["created_at"])


def _partial(name: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "notices", [column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for table in ("mails", "digest_times", "notice_choices", "notices"):
        op.drop_table(table)
