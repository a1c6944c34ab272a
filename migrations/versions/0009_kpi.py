"""Indicators, readings, templates of scorecards, closed periods."""

import sqlalchemy as sa
from alembic import op

from migrations import triggers
from migrations.columns import Amount, Json, Time, code

revision = "0009_kpi"
down_revision = "0008_scoring"

APPEND_ONLY = ("kpi_readings", "card_templates", "card_perspectives", "card_lines", "closed_periods", "card_snapshots")


def upgrade() -> None:
    _readings()
    _templates()
    _closing()
    for table in APPEND_ONLY:
        triggers.append_only(table)


def _readings() -> None:
    op.create_table(
        "indicators",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("unit", code(), nullable=False),
        sa.Column("direction", code(), nullable=False),
        sa.Column("origin", code(), nullable=False),
    )
    op.create_table(
        "kpi_readings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("indicator_id", sa.Integer, sa.ForeignKey("indicators.id"), nullable=False),
        sa.Column("subject_kind", code(), nullable=False),
        sa.Column("subject_id", sa.Integer, nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("numerator", Amount, nullable=False),
        sa.Column("denominator", Amount, nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("at", Time, nullable=False),
        sa.UniqueConstraint("indicator_id", "subject_kind", "subject_id", "period", "number"),
        sa.CheckConstraint("numerator >= 0 AND denominator >= 0", name="not_negative"),
    )
    op.create_index("ix_kpi_readings_subject", "kpi_readings", ["subject_kind", "subject_id", "period"])


def _templates() -> None:
    op.create_table(
        "card_templates",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("subject_kind", code(), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("created_by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.UniqueConstraint("subject_kind", "valid_from"),
    )
    op.create_table(
        "card_perspectives",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("template_id", sa.Integer, sa.ForeignKey("card_templates.id"), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("weight", Amount, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.UniqueConstraint("template_id", "key"),
    )
    op.create_table(
        "card_lines",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("perspective_id", sa.Integer, sa.ForeignKey("card_perspectives.id"), nullable=False),
        sa.Column("indicator_id", sa.Integer, sa.ForeignKey("indicators.id"), nullable=False),
        sa.Column("weight", Amount, nullable=False),
        sa.Column("target", Amount, nullable=False),
        sa.Column("span", code(), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.UniqueConstraint("perspective_id", "indicator_id"),
        sa.CheckConstraint("target > 0", name="target_positive"),
    )


def _closing() -> None:
    op.create_table(
        "closed_periods",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("period", sa.String(7), nullable=False, unique=True),
        sa.Column("closed_at", Time, nullable=False),
        sa.Column("closed_by_id", sa.Integer, sa.ForeignKey("users.id")),
    )
    op.create_table(
        "card_snapshots",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("subject_kind", code(), nullable=False),
        sa.Column("subject_id", sa.Integer, nullable=False),
        sa.Column("total", Amount),
        sa.Column("document", Json, nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.UniqueConstraint("subject_kind", "subject_id", "period"),
    )


def downgrade() -> None:
    for table in reversed(APPEND_ONLY):
        triggers.drop_append_only(table)
    for table in ("card_snapshots", "closed_periods", "card_lines", "card_perspectives", "card_templates"):
        op.drop_table(table)
    op.drop_table("kpi_readings")
    op.drop_table("indicators")
