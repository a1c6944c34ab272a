"""Rules with dates, acts, and the ledger. Acts and entries are never changed or deleted; triggers refuse it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base, Points, enum_column
from wiki.scoring.rules import Act, Rule, Unit


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
        )


class ScoringAct(Base):
    """One thing that happened, with all its price depends on. ``period`` was decided when it was recorded: an act that
    arrives after its month was closed belongs to the open one."""

    __tablename__ = "scoring_acts"
    __table_args__ = (
        sa.UniqueConstraint("event", "source"),
        sa.Index("ix_scoring_acts_source", "source_kind", "source_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(sa.String(64))
    variant: Mapped[str] = mapped_column(sa.String(64), default="")
    source_kind: Mapped[str] = mapped_column(sa.String(32))
    source_id: Mapped[int]
    source: Mapped[str] = mapped_column(sa.String(120))
    undoes: Mapped[str | None] = mapped_column(sa.String(120))
    people: Mapped[list[Any]]  # user ids, the author first
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
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    act_id: Mapped[int] = mapped_column(sa.ForeignKey("scoring_acts.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    rule_id: Mapped[int] = mapped_column(sa.ForeignKey("scoring_rules.id"))
    rule: Mapped[str] = mapped_column(sa.String(64))
    event: Mapped[str] = mapped_column(sa.String(64))
    unit: Mapped[Unit] = mapped_column(enum_column(Unit))
    points: Mapped[Decimal] = mapped_column(Points)
    uncapped: Mapped[Decimal] = mapped_column(Points)  # without the day's cap
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
        """The day's cap cut it."""
        return self.uncapped > self.points >= 0
