"""Shift calendars, and the site that works by one."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Json, Time

revision = "0010_calendars"
down_revision = "0009_kpi"


def upgrade() -> None:
    op.create_table(
        "calendars",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("updated_at", Time, nullable=False),
    )
    op.create_table(
        "site_calendars",
        sa.Column("site_id", sa.Integer, sa.ForeignKey("sites.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("calendar_id", sa.Integer, sa.ForeignKey("calendars.id"), nullable=False),
    )
    op.create_index("ix_site_calendars_calendar_id", "site_calendars", ["calendar_id"])


def downgrade() -> None:
    op.drop_table("site_calendars")
    op.drop_table("calendars")
