"""Texts wait for their day, are looked at again, change hands and end."""

import calendar
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from migrations.columns import Time
from migrations.triggers import append_only, drop_append_only

revision = "0021_lifecycle"
down_revision = "0020_imports"

MONTHS = {"sop": 6, "product": 6, "notice": 0}  # the rest: 12
COLUMNS = (
    "owner_team_id",
    "verify_months",
    "verified_at",
    "verify_due_at",
    "verify_told_for",
    "expires_at",
    "expiry_told_for",
)


def upgrade() -> None:
    op.add_column("submissions", sa.Column("publish_at", Time))
    op.add_column("submissions", sa.Column("expires_at", Time))
    op.create_index("ix_submissions_publish_at", "submissions", ["state", "publish_at"])
    for name in COLUMNS[2:]:
        op.add_column("articles", sa.Column(name, Time))
    op.add_column("articles", sa.Column("verify_months", sa.Integer, nullable=False, server_default="0"))
    with op.batch_alter_table("articles") as table:
        table.add_column(sa.Column("owner_team_id", sa.Integer))
        table.create_foreign_key("fk_articles_owner_team_id_teams", "teams", ["owner_team_id"], ["id"])
        table.create_check_constraint("verify_months_not_negative", "verify_months >= 0")
        table.alter_column("verify_months", server_default=None)
    op.create_index("ix_articles_verify_due_at", "articles", ["verify_due_at"])
    op.create_index("ix_articles_expires_at", "articles", ["expires_at"])
    op.create_table(
        "verifications",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id"), nullable=False),
        sa.Column("revision_id", sa.Integer, sa.ForeignKey("revisions.id"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("at", Time, nullable=False),
    )
    op.create_index("ix_verifications_article_id", "verifications", ["article_id"])
    append_only("verifications")
    _first_dates()


def _first_dates() -> None:
    """What is published was looked at when it was published last."""
    articles = sa.table(
        "articles",
        sa.column("id"),
        sa.column("kind"),
        sa.column("updated_at", Time),
        sa.column("verify_months"),
        sa.column("verified_at", Time),
        sa.column("verify_due_at", Time),
    )
    bind = op.get_bind()
    for row in bind.execute(sa.select(articles.c.id, articles.c.kind, articles.c.updated_at)).all():
        months = MONTHS.get(row.kind, 12)
        later = _later(row.updated_at, months) if months and row.updated_at else None
        bind.execute(
            sa.update(articles)
            .where(articles.c.id == row.id)
            .values(verify_months=months, verified_at=row.updated_at, verify_due_at=later)
        )


def _later(at: datetime, months: int) -> datetime:
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))


def downgrade() -> None:
    drop_append_only("verifications")
    op.drop_table("verifications")
    op.drop_index("ix_articles_expires_at", "articles")
    op.drop_index("ix_articles_verify_due_at", "articles")
    with op.batch_alter_table("articles") as table:
        table.drop_constraint("verify_months_not_negative", type_="check")
        table.drop_constraint("fk_articles_owner_team_id_teams", type_="foreignkey")
        for name in COLUMNS:
            table.drop_column(name)
    op.drop_index("ix_submissions_publish_at", "submissions")
    op.drop_column("submissions", "expires_at")
    op.drop_column("submissions", "publish_at")
