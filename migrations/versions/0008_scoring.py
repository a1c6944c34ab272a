"""Scoring rules, acts, and the ledger."""

import sqlalchemy as sa
from alembic import op

from migrations import triggers
from migrations.columns import Amount, Json, Time, code

revision = "0008_scoring"
down_revision = "0007_training"

FROZEN = ("code", "event", "variant", "points", "unit", "quality", "split", "cap_per_day", "valid_from")


def upgrade() -> None:
    op.create_table(
        "scoring_rules",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("variant", sa.String(64), nullable=False),
        sa.Column("points", Amount, nullable=False),
        sa.Column("unit", code(), nullable=False),
        sa.Column("quality", sa.Boolean, nullable=False),
        sa.Column("split", sa.Boolean, nullable=False),
        sa.Column("cap_per_day", Amount),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.UniqueConstraint("code", "valid_from"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_it_begins"),
        sa.CheckConstraint("points >= 0", name="points_not_negative"),
    )
    triggers.refuse("scoring_rules", "update", "rules are ended, never rewritten", columns=FROZEN)
    triggers.refuse("scoring_rules", "delete", "rules are ended, never deleted")
    _acts()
    _ledger()
    triggers.append_only("scoring_acts")
    triggers.append_only("ledger_entries")


def _acts() -> None:
    op.create_table(
        "scoring_acts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("variant", sa.String(64), nullable=False),
        sa.Column("source_kind", sa.String(32), nullable=False),
        sa.Column("source_id", sa.Integer, nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("undoes", sa.String(120)),
        sa.Column("people", Json, nullable=False),
        sa.Column("amount", Amount, nullable=False),
        sa.Column("score", sa.Integer),
        sa.Column("revision_id", sa.Integer),
        sa.Column("at", Time, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("details", Json, nullable=False),
        sa.Column("recorded_at", Time, nullable=False),
        sa.UniqueConstraint("event", "source"),
    )
    op.create_index("ix_scoring_acts_source", "scoring_acts", ["source_kind", "source_id"])


def _ledger() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("act_id", sa.Integer, sa.ForeignKey("scoring_acts.id"), nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("rule_id", sa.Integer, sa.ForeignKey("scoring_rules.id"), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("unit", code(), nullable=False),
        sa.Column("points", Amount, nullable=False),
        sa.Column("uncapped", Amount, nullable=False),
        sa.Column("multiplier", Amount, nullable=False),
        sa.Column("source_kind", sa.String(32), nullable=False),
        sa.Column("source_id", sa.Integer, nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("revision_id", sa.Integer),
        sa.Column("at", Time, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("details", Json, nullable=False),
        sa.UniqueConstraint("user_id", "rule", "source"),
    )
    op.create_index("ix_ledger_entries_person", "ledger_entries", ["user_id", "at", "id"])
    op.create_index("ix_ledger_entries_period", "ledger_entries", ["period", "event", "user_id", "source_id"])
    op.create_index("ix_ledger_entries_unit", "ledger_entries", ["unit", "period", "user_id"])
    op.create_index("ix_ledger_entries_act", "ledger_entries", ["act_id"])


def downgrade() -> None:
    triggers.drop_append_only("ledger_entries")
    triggers.drop_append_only("scoring_acts")
    for act in ("update", "delete"):
        triggers.drop("scoring_rules", act)
    op.drop_table("ledger_entries")
    op.drop_table("scoring_acts")
    op.drop_table("scoring_rules")
