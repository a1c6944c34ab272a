"""Actions on misses, badges with dates, and who takes no part in rankings.

Readings may be swept when they are old, and never when a closed period rests on them: the trigger sees to that.
"""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Amount, Json, Time, code
from migrations.triggers import drop, refuse

revision = "0030_boards"
down_revision = "0029_cards"

KEEP = "spiral_keep_closed_readings"
LEDGER_INDEX = "ix_ledger_entries_unit"


def upgrade() -> None:
    _actions()
    _badges()
    op.create_table(
        "board_choices",
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("hidden", sa.Boolean, nullable=False),
        sa.Column("at", Time, nullable=False),
    )
    op.drop_index(LEDGER_INDEX, "ledger_entries")
    op.create_index(LEDGER_INDEX, "ledger_entries", ["unit", "period", "user_id", "rule", "points"])
    drop("kpi_readings", "delete")
    _keep_closed()


def _actions() -> None:
    op.create_table(
        "kpi_actions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("indicator_id", sa.Integer, sa.ForeignKey("indicators.id"), nullable=False),
        sa.Column("subject_kind", code(), nullable=False),
        sa.Column("subject_id", sa.Integer, nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("what", sa.String(500), nullable=False),
        sa.Column("owner_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("state", code(), nullable=False),
        sa.Column("result", sa.String(1000), nullable=False),
        sa.Column("made_at", Time, nullable=False),
        sa.Column("made_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("closed_at", Time),
        sa.Column("closed_by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("reminded_at", Time),
        sa.Column("pressed_at", Time),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed_has_a_time"),
    )
    op.create_index("ix_kpi_actions_subject", "kpi_actions", ["subject_kind", "subject_id", "period"])
    op.create_index("ix_kpi_actions_state", "kpi_actions", ["state", "due_on"])
    op.create_index("ix_kpi_actions_period", "kpi_actions", ["period"])
    refuse("kpi_actions", "delete", "actions are kept")


def _badges() -> None:
    op.create_table(
        "badge_rules",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("kind", code(), nullable=False),
        sa.Column("rules", Json, nullable=False),
        sa.Column("threshold", Amount, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("made_by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.UniqueConstraint("code", "valid_from"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_it_begins"),
        sa.CheckConstraint("threshold > 0", name="threshold_positive"),
    )
    refuse("badge_rules", "delete", "badge rules are kept")


def _first(period: str) -> str:
    """SQL for the first month, from 1, of a period like 2026-11, 2026-Q4 or 2026-H2."""
    return (
        f"CASE substr({period}, 6, 1) WHEN 'Q' THEN CAST(substr({period}, 7, 1) AS INTEGER) * 3 - 2 "
        f"WHEN 'H' THEN CAST(substr({period}, 7, 1) AS INTEGER) * 6 - 5 "
        f"ELSE CAST(substr({period}, 6, 2) AS INTEGER) END"
    )


def _last(period: str) -> str:
    return f"({_first(period)}) + CASE substr({period}, 6, 1) WHEN 'Q' THEN 2 WHEN 'H' THEN 5 ELSE 0 END"


def _keep_closed() -> None:
    closed = (
        "EXISTS (SELECT 1 FROM closed_periods c WHERE substr(c.period, 1, 4) = substr(OLD.period, 1, 4) "
        f"AND ({_first('c.period')}) <= ({_last('OLD.period')}) AND ({_first('OLD.period')}) <= ({_last('c.period')}))"
    )
    why = "readings of closed periods are kept"
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER kpi_readings_no_delete BEFORE DELETE ON kpi_readings FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, '{why}') WHERE {closed}; END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {KEEP}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {closed} THEN "
        f"RAISE EXCEPTION '{why}' USING ERRCODE = 'restrict_violation'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        f"CREATE TRIGGER kpi_readings_no_delete BEFORE DELETE ON kpi_readings FOR EACH ROW EXECUTE FUNCTION {KEEP}()"
    )


def downgrade() -> None:
    drop("kpi_readings", "delete")
    if op.get_context().dialect.name != "sqlite":
        op.execute(f"DROP FUNCTION {KEEP}()")
    refuse("kpi_readings", "delete", "kpi_readings only grows")
    op.drop_index(LEDGER_INDEX, "ledger_entries")
    op.create_index(LEDGER_INDEX, "ledger_entries", ["unit", "period", "user_id"])
    op.drop_table("board_choices")
    drop("badge_rules", "delete")
    op.drop_table("badge_rules")
    drop("kpi_actions", "delete")
    op.drop_table("kpi_actions")
