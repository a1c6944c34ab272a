"""Indicators with words, owner and dated targets; readings of days; imports of readings; appeals and restated cards."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import Amount, Json, Time, code
from migrations.triggers import append_only, drop, drop_append_only, refuse

revision = "0029_cards"
down_revision = "0028_ledger"

APPEND_ONLY = ("indicator_targets", "card_restatements", "card_appeals", "card_answers")
WORDS = ("about", "numerator", "denominator")
ORIGINS = {"approved_items": "ledger", "training_credits": "training"}
SPANS = {"quarter": ("receivable_days", "proactive_care", "approved_items"),
         "half": ("csat", "training_credits", "turnover_good")}  # fmt: skip


def upgrade() -> None:
    _indicators()
    _readings()
    _appeals()
    _sums(["unit", "period", "user_id", "points"])
    for table in APPEND_ONLY:
        append_only(table)


def _sums(columns: list[str]) -> None:
    """Sums of the ledger are read from the index alone: a half-year of everybody's credits in some milliseconds."""
    op.drop_index("ix_ledger_entries_unit", "ledger_entries")
    op.create_index("ix_ledger_entries_unit", "ledger_entries", columns)


def _indicators() -> None:
    with op.batch_alter_table("indicators") as table:
        table.add_column(sa.Column("about", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("numerator", sa.String(200), nullable=False, server_default=""))
        table.add_column(sa.Column("denominator", sa.String(200), nullable=False, server_default=""))
        table.add_column(sa.Column("span", code(), nullable=False, server_default="month"))
        table.add_column(sa.Column("owner_id", sa.Integer))
        table.add_column(sa.Column("retired_at", Time))
        table.create_foreign_key("fk_indicators_owner_id_users", "users", ["owner_id"], ["id"])
    with op.batch_alter_table("indicators") as table:
        for name in (*WORDS, "span"):
            table.alter_column(name, server_default=None)
    for name, origin in ORIGINS.items():
        op.execute(f"UPDATE indicators SET origin = '{origin}' WHERE code = '{name}'")
    for span, codes in SPANS.items():
        for name in codes:
            op.execute(f"UPDATE indicators SET span = '{span}' WHERE code = '{name}'")
    op.create_table(
        "indicator_targets",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("indicator_id", sa.Integer, sa.ForeignKey("indicators.id"), nullable=False),
        sa.Column("subject_kind", sa.String(32), nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("target", Amount, nullable=False),
        sa.Column("why", sa.String(300), nullable=False),
        sa.Column("by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("at", Time, nullable=False),
        sa.CheckConstraint("target > 0", name="target_positive"),
    )
    op.create_index("ix_indicator_targets_indicator", "indicator_targets", ["indicator_id", "valid_from"])


def _readings() -> None:
    drop_append_only("kpi_readings")  # a batch loses the triggers, and the check that it does not see
    check = sa.CheckConstraint("numerator >= 0 AND denominator >= 0", name="not_negative")
    sqlite = op.get_context().dialect.name == "sqlite"
    with op.batch_alter_table("kpi_readings", table_args=[check] if sqlite else []) as table:
        table.add_column(sa.Column("why", sa.String(300), nullable=False, server_default=""))
        table.add_column(sa.Column("import_id", sa.Integer))
        table.alter_column("period", type_=sa.String(10), existing_type=sa.String(7), existing_nullable=False)
    append_only("kpi_readings")
    op.add_column("card_templates", sa.Column("floor", Amount, nullable=False, server_default="0"))
    op.add_column("card_templates", sa.Column("cap", Amount, nullable=False, server_default="12000"))
    op.create_table(
        "reading_imports",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(32), nullable=False, unique=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("state", code(), nullable=False),
        sa.Column("headings", Json, nullable=False),
        sa.Column("sample", Json, nullable=False),
        sa.Column("mapping", Json, nullable=False),
        sa.Column("signature", sa.String(64), nullable=False),
        sa.Column("why", sa.String(300), nullable=False),
        sa.Column("added", sa.Integer, nullable=False),
        sa.Column("corrected", sa.Integer, nullable=False),
        sa.Column("unchanged", sa.Integer, nullable=False),
        sa.Column("refused", Json, nullable=False),
        sa.Column("created_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("done_at", Time),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_has_its_time"),
    )
    op.create_index("ix_reading_imports_signature", "reading_imports", ["signature", "id"])
    refuse("reading_imports", "update", "what was brought in stays as it is", when="OLD.state = 'done'", name="rewrite")
    refuse("reading_imports", "delete", "what was brought in stays as it is", when="OLD.state = 'done'")


def _appeals() -> None:
    def card() -> list[sa.Column[object]]:
        return [
            sa.Column("subject_kind", code(), nullable=False),
            sa.Column("subject_id", sa.Integer, nullable=False),
            sa.Column("period", sa.String(7), nullable=False),
        ]

    op.create_table(
        "card_appeals",
        sa.Column("id", sa.Integer, primary_key=True),
        *card(),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("raised_by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("raised_at", Time, nullable=False),
        sa.Column("answer_by", Time, nullable=False),
    )
    op.create_index("ix_card_appeals_card", "card_appeals", ["subject_kind", "subject_id", "period"])
    op.create_table(
        "card_restatements",
        sa.Column("id", sa.Integer, primary_key=True),
        *card(),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("total", Amount),
        sa.Column("document", Json, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.Column("at", Time, nullable=False),
    )
    op.create_index("ix_card_restatements_card", "card_restatements", ["subject_kind", "subject_id", "period"])
    op.create_table(
        "card_answers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("appeal_id", sa.Integer, sa.ForeignKey("card_appeals.id"), nullable=False, unique=True),
        sa.Column("outcome", code(), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("reading_id", sa.Integer, sa.ForeignKey("kpi_readings.id")),
        sa.Column("restatement_id", sa.Integer, sa.ForeignKey("card_restatements.id")),
        sa.Column("by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("at", Time, nullable=False),
    )
    op.create_table(
        "card_openings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", Time, nullable=False),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        *card(),
        sa.Column("code", sa.String(64), nullable=False),
    )
    op.create_index("ix_card_openings_card", "card_openings", ["subject_kind", "subject_id", "period", "at"])
    op.create_index("ix_card_openings_code", "card_openings", ["code", "at"])
    op.create_index("ix_card_openings_at", "card_openings", ["at"])


def downgrade() -> None:
    _sums(["unit", "period", "user_id"])
    op.drop_table("card_openings")
    for table in ("card_answers", "card_restatements", "card_appeals"):
        drop_append_only(table)
        op.drop_table(table)
    drop("reading_imports", "delete")
    drop("reading_imports", "rewrite")
    op.drop_table("reading_imports")
    for table, column in (
        ("card_templates", "cap"),
        ("card_templates", "floor"),
        ("kpi_readings", "import_id"),
        ("kpi_readings", "why"),
    ):
        op.drop_column(table, column)
    drop_append_only("indicator_targets")
    op.drop_table("indicator_targets")
    op.execute("UPDATE indicators SET origin = 'computed' WHERE origin <> 'imported'")
    with op.batch_alter_table("indicators") as table:
        table.drop_constraint("fk_indicators_owner_id_users", type_="foreignkey")
        for name in ("retired_at", "owner_id", "span", *reversed(WORDS)):
            table.drop_column(name)
