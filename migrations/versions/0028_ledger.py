"""The ledger: monthly caps, shares of co-authors, what undoes what; what readers and trainers take back; findings."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations import triggers
from migrations.columns import Amount, Json, Time, code

revision = "0028_ledger"
down_revision = "0027_screen"

FROZEN = ("code", "event", "variant", "points", "unit", "quality", "split", "cap_per_day", "valid_from")
REFERS = "undoes IS NOT NULL"


def upgrade() -> None:
    _rules()
    op.add_column("scoring_acts", sa.Column("does", code(), nullable=False, server_default=""))
    op.add_column("scoring_acts", sa.Column("shares", Json))
    op.create_index(
        "ix_scoring_acts_undoes",
        "scoring_acts",
        ["event", "undoes"],
        sqlite_where=sa.text(REFERS),
        postgresql_where=sa.text(REFERS),
    )
    op.create_index("ix_ledger_entries_cap", "ledger_entries", ["user_id", "rule", "day"])
    _shares()
    article = sa.Column("article_id", sa.Integer, sa.ForeignKey("articles.id"), nullable=False, index=True)
    _taken_back("feedback_withdrawals", "feedback_id", "feedback", article)
    _taken_back("attempt_voidings", "attempt_id", "attempts", sa.Column("reason", sa.String(500), nullable=False))
    _findings()


def _rules() -> None:
    """A rule under which nothing was earned may go: the foreign key of the ledger holds all others."""
    triggers.drop("scoring_rules", "update")
    triggers.drop("scoring_rules", "delete")
    op.add_column("scoring_rules", sa.Column("cap_per_month", Amount))
    triggers.refuse("scoring_rules", "update", "rules are ended, never rewritten", columns=(*FROZEN, "cap_per_month"))


def _shares() -> None:
    op.create_table(
        "author_shares",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("submission_id", sa.Integer, sa.ForeignKey("submissions.id"), nullable=False),
        sa.Column("shares", Json, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("by_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("at", Time, nullable=False),
    )
    op.create_index("ix_author_shares_submission_id", "author_shares", ["submission_id"])
    triggers.append_only("author_shares")


def _taken_back(table: str, column: str, of: str, *more: sa.Column[Any]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(column, sa.Integer, sa.ForeignKey(f"{of}.id"), nullable=False, unique=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        *more,
        sa.Column("at", Time, nullable=False),
    )
    triggers.append_only(table)


def _findings() -> None:
    op.create_table(
        "fairness_findings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", code(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("people", Json, nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("strength", sa.Integer, nullable=False),
        sa.Column("state", code(), nullable=False),
        sa.Column("found_at", Time, nullable=False),
        sa.Column("seen_at", Time, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("decided_at", Time),
        sa.Column("decided_by_id", sa.Integer, sa.ForeignKey("users.id")),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="open_until_decided"),
    )
    op.create_index("ix_fairness_findings_state", "fairness_findings", ["state", "kind"])
    triggers.refuse("fairness_findings", "delete", "findings are kept")


def downgrade() -> None:
    triggers.drop("fairness_findings", "delete")
    op.drop_table("fairness_findings")
    for table in ("attempt_voidings", "feedback_withdrawals", "author_shares"):
        triggers.drop_append_only(table)
        op.drop_table(table)
    op.drop_index("ix_ledger_entries_cap", "ledger_entries")
    op.drop_index("ix_scoring_acts_undoes", "scoring_acts")
    op.drop_column("scoring_acts", "shares")
    op.drop_column("scoring_acts", "does")
    triggers.drop("scoring_rules", "update")
    op.drop_column("scoring_rules", "cap_per_month")
    triggers.refuse("scoring_rules", "update", "rules are ended, never rewritten", columns=FROZEN)
    triggers.refuse("scoring_rules", "delete", "rules are ended, never deleted")
