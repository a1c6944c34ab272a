"""Badges with dates, and who takes no part in rankings."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Points, enum_column
from wiki.scoring.boards_rules import BadgeRule, Kind


class BadgeVersion(Base):
    """A badge or level between two days. A change is a new row; the old one gets an end."""

    __tablename__ = "badge_rules"
    __table_args__ = (
        sa.UniqueConstraint("code", "valid_from"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_it_begins"),
        sa.CheckConstraint("threshold > 0", name="threshold_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(64))
    kind: Mapped[Kind] = mapped_column(enum_column(Kind))
    rules: Mapped[list[Any]]
    threshold: Mapped[Decimal] = mapped_column(Points)
    valid_from: Mapped[date] = mapped_column(sa.Date)
    valid_to: Mapped[date | None] = mapped_column(sa.Date)
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    @property
    def rule(self) -> BadgeRule:
        """As the arithmetic knows it."""
        return BadgeRule(self.code, self.kind, tuple(self.rules), self.threshold, self.valid_from, self.valid_to)


class BoardChoice(Base):
    """Somebody has said whether they want to be ranked; without a row they are."""

    __tablename__ = "board_choices"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    hidden: Mapped[bool]
    at: Mapped[datetime]
