"""Rules with dates, acts, and the ledger. Acts and entries are never changed or deleted; triggers refuse it.

Beside them: how authors share what a text earns, and what looks as if somebody played the rules.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base, Points, enum_column
from wiki.scoring.rules import Act, Does, Rule, Unit


class ScoringRule(Base):
    """What an act earns between two days. A change is a new row; the old one gets an end."""

    __tablename__ = "scoring_rules"
    __table_args__ = (
        sa.UniqueConstraint("code", "valid_from"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_it_begins"),
        sa.CheckConstraint("points >= 0", name="points_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(64))
    event: Mapped[str] = mapped_column(sa.String(64))
    variant: Mapped[str] = mapped_column(sa.String(64), default="")
    points: Mapped[Decimal] = mapped_column(Points)
    unit: Mapped[Unit] = mapped_column(enum_column(Unit))
    quality: Mapped[bool] = mapped_column(default=False)
    split: Mapped[bool] = mapped_column(default=False)
    cap_per_day: Mapped[Decimal | None] = mapped_column(Points)
    cap_per_month: Mapped[Decimal | None] = mapped_column(Points)
    valid_from: Mapped[date] = mapped_column(sa.Date)
    valid_to: Mapped[date | None] = mapped_column(sa.Date)

    @property
    def rule(self) -> Rule:
        """The rule as the arithmetic knows it."""
        return Rule(
            self.id,
            self.code,
            self.event,
            self.variant,
            self.points,
            self.unit,
            self.quality,
            self.split,
            self.cap_per_day,
            self.valid_from,
            self.valid_to,
            self.cap_per_month,
        )


class ScoringAct(Base):
    """One thing that happened, with all its price depends on. ``period`` was decided when it was recorded: an act that
    arrives after its month was closed belongs to the open one."""

    __tablename__ = "scoring_acts"
    __table_args__ = (
        sa.UniqueConstraint("event", "source"),
        sa.Index("ix_scoring_acts_source", "source_kind", "source_id"),
        sa.Index(
            "ix_scoring_acts_undoes",
            "event",
            "undoes",
            sqlite_where=sa.text("undoes IS NOT NULL"),
            postgresql_where=sa.text("undoes IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(sa.String(64))
    variant: Mapped[str] = mapped_column(sa.String(64), default="")
    source_kind: Mapped[str] = mapped_column(sa.String(32))
    source_id: Mapped[int]
    source: Mapped[str] = mapped_column(sa.String(120))
    undoes: Mapped[str | None] = mapped_column(sa.String(120))
    does: Mapped[Does] = mapped_column(enum_column(Does), default=Does.PAY, server_default="")
    people: Mapped[list[Any]]  # user ids, the author first
    shares: Mapped[list[Any] | None]  # whole numbers beside the people; none: equal parts
    amount: Mapped[Decimal] = mapped_column(Points)
    score: Mapped[int | None]
    revision_id: Mapped[int | None]
    at: Mapped[datetime]
    day: Mapped[date] = mapped_column(sa.Date)
    period: Mapped[str] = mapped_column(sa.String(7))
    details: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]

    @property
    def act(self) -> Act:
        """The act as the arithmetic knows it."""
        return Act(
            self.event,
            self.source,
            tuple(self.people),
            self.day,
            self.period,
            self.variant,
            self.amount,
            self.score,
            self.undoes,
            self.does,
            tuple(self.shares) if self.shares else None,
        )


class LedgerEntry(Base):
    """What one person earned by one act under one rule. UNIQUE (user, rule, source): replaying is harmless."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "rule", "source"),
        sa.Index("ix_ledger_entries_person", "user_id", "at", "id"),
        sa.Index("ix_ledger_entries_period", "period", "event", "user_id", "source_id"),
        sa.Index("ix_ledger_entries_unit", "unit", "period", "user_id", "rule", "points"),
        sa.Index("ix_ledger_entries_act", "act_id"),
        sa.Index("ix_ledger_entries_cap", "user_id", "rule", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    act_id: Mapped[int] = mapped_column(sa.ForeignKey("scoring_acts.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    rule_id: Mapped[int] = mapped_column(sa.ForeignKey("scoring_rules.id"))
    rule: Mapped[str] = mapped_column(sa.String(64))
    event: Mapped[str] = mapped_column(sa.String(64))
    unit: Mapped[Unit] = mapped_column(enum_column(Unit))
    points: Mapped[Decimal] = mapped_column(Points)
    uncapped: Mapped[Decimal] = mapped_column(Points)  # without the caps
    multiplier: Mapped[Decimal] = mapped_column(Points)
    source_kind: Mapped[str] = mapped_column(sa.String(32))
    source_id: Mapped[int]
    source: Mapped[str] = mapped_column(sa.String(120))
    revision_id: Mapped[int | None]
    at: Mapped[datetime]
    day: Mapped[date] = mapped_column(sa.Date)
    period: Mapped[str] = mapped_column(sa.String(7))
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    details: Mapped[dict[str, Any]]

    user: Mapped[User] = relationship()

    @property
    def capped(self) -> bool:
        """A cap cut it."""
        return self.uncapped > self.points >= 0


class AuthorShares(Base):
    """How the authors of a submission share what it earns, as somebody has set it; the newest in force counts.
    ``shares`` maps user ids to whole percent; empty: by the words each has written. ``proposed``: by one of the
    authors, and in force once all others have agreed. Only ever added."""

    __tablename__ = "author_shares"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(sa.ForeignKey("submissions.id"), index=True)
    shares: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    at: Mapped[datetime]
    proposed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    by: Mapped[User] = relationship()
    answers: Mapped[list["ShareAnswer"]] = relationship(order_by="ShareAnswer.id", viewonly=True)


class ShareAnswer(Base):
    """What a co-author said to proposed shares. Never changed."""

    __tablename__ = "author_share_answers"
    __table_args__ = (sa.UniqueConstraint("shares_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    shares_id: Mapped[int] = mapped_column(sa.ForeignKey("author_shares.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    agrees: Mapped[bool]
    at: Mapped[datetime]


class FindingKind(StrEnum):
    """What a finding is about."""

    RING = "ring"  # people who vote for each other far more often than chance would have it
    SLICES = "slices"  # one text handed in several times


class FindingState(StrEnum):
    """What became of it."""

    OPEN = "open"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"  # the points were taken back


class Finding(Base):
    """Something that a manager should look at, with its evidence. ``key`` says what it is about, so that the same thing
    is found once; ``strength`` is how much of it there was when somebody decided."""

    __tablename__ = "fairness_findings"
    __table_args__ = (
        sa.Index("ix_fairness_findings_state", "state", "kind"),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="open_until_decided"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[FindingKind] = mapped_column(enum_column(FindingKind))
    key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    people: Mapped[list[Any]]
    evidence: Mapped[dict[str, Any]]
    strength: Mapped[int]
    state: Mapped[FindingState] = mapped_column(enum_column(FindingState), default=FindingState.OPEN)
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    decided_by: Mapped[User | None] = relationship()
