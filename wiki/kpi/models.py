"""Indicators, readings, templates of scorecards, closed periods. All but indicators are only ever added.

Appeals, restated cards and imports of readings have a module of their own (``wiki.kpi.dealing_models``).
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base, Points, Reading, enum_column
from wiki.kpi.periods import Span
from wiki.kpi.rules import CAP, FLOOR, Direction, Measure, Origin, Unit


class SubjectKind(StrEnum):
    """Of whom a reading or a card is."""

    PERSON = "person"
    TEAM = "team"
    CENTRE = "centre"


class Indicator(Base):
    """What is measured. Words of those that come with the product live in the catalogue; ``name`` is for others."""

    __tablename__ = "indicators"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120), default="")
    unit: Mapped[Unit] = mapped_column(enum_column(Unit))
    direction: Mapped[Direction] = mapped_column(enum_column(Direction))
    origin: Mapped[Origin] = mapped_column(enum_column(Origin))
    about: Mapped[str] = mapped_column(sa.Text, default="")
    numerator: Mapped[str] = mapped_column(sa.String(200), default="")
    denominator: Mapped[str] = mapped_column(sa.String(200), default="")
    span: Mapped[Span] = mapped_column(enum_column(Span), default=Span.MONTH)  # its statistics period
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    retired_at: Mapped[datetime | None]

    owner: Mapped[User | None] = relationship()


class IndicatorTarget(Base):
    """What an indicator shall reach from a day on. ``subject_kind`` empty: on every card. The newest word counts."""

    __tablename__ = "indicator_targets"
    __table_args__ = (
        sa.Index("ix_indicator_targets_indicator", "indicator_id", "valid_from"),
        sa.CheckConstraint("target > 0", name="target_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    indicator_id: Mapped[int] = mapped_column(sa.ForeignKey("indicators.id"))
    subject_kind: Mapped[str] = mapped_column(sa.String(32), default="")
    valid_from: Mapped[date] = mapped_column(sa.Date)
    target: Mapped[Decimal] = mapped_column(Reading)
    why: Mapped[str] = mapped_column(sa.String(300), default="")
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    at: Mapped[datetime]

    by: Mapped[User | None] = relationship()


class KpiReading(Base):
    """A numerator and a denominator of one subject and period. A correction is the next ``number``; the newest counts.
    ``subject_id`` is 0 for the centre; ``period`` may be a day."""

    __tablename__ = "kpi_readings"
    __table_args__ = (
        sa.UniqueConstraint("indicator_id", "subject_kind", "subject_id", "period", "number"),
        sa.Index("ix_kpi_readings_subject", "subject_kind", "subject_id", "period"),
        sa.CheckConstraint("numerator >= 0 AND denominator >= 0", name="not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    indicator_id: Mapped[int] = mapped_column(sa.ForeignKey("indicators.id"))
    subject_kind: Mapped[SubjectKind] = mapped_column(enum_column(SubjectKind))
    subject_id: Mapped[int]
    period: Mapped[str] = mapped_column(sa.String(10))
    number: Mapped[int]
    numerator: Mapped[Decimal] = mapped_column(Reading)
    denominator: Mapped[Decimal] = mapped_column(Reading)
    source: Mapped[str] = mapped_column(sa.String(200), default="")
    why: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")  # of a correction
    import_id: Mapped[int | None]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    at: Mapped[datetime]

    indicator: Mapped[Indicator] = relationship(lazy="joined")
    by: Mapped[User | None] = relationship()

    @property
    def measure(self) -> Measure:
        """The figures."""
        return Measure(self.numerator, self.denominator)


class CardTemplate(Base):
    """What a scorecard of a kind of subject holds from a day on; a change is a new template."""

    __tablename__ = "card_templates"
    __table_args__ = (sa.UniqueConstraint("subject_kind", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_kind: Mapped[SubjectKind] = mapped_column(enum_column(SubjectKind))
    valid_from: Mapped[date] = mapped_column(sa.Date)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    floor: Mapped[Decimal] = mapped_column(Points, default=FLOOR, server_default="0")  # of the score of an indicator
    cap: Mapped[Decimal] = mapped_column(Points, default=CAP, server_default="12000")

    created_by: Mapped[User | None] = relationship()
    perspectives: Mapped[list["CardPerspective"]] = relationship(
        order_by="CardPerspective.position", lazy="selectin", cascade="all"
    )


class CardPerspective(Base):
    """One perspective of a template and its weight in percent."""

    __tablename__ = "card_perspectives"
    __table_args__ = (sa.UniqueConstraint("template_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[int] = mapped_column(sa.ForeignKey("card_templates.id"))
    key: Mapped[str] = mapped_column(sa.String(32))
    weight: Mapped[Decimal] = mapped_column(Points)
    position: Mapped[int]

    lines: Mapped[list["CardLine"]] = relationship(order_by="CardLine.position", lazy="selectin", cascade="all")


class CardLine(Base):
    """One indicator of a perspective: weight within it, target, and its own period."""

    __tablename__ = "card_lines"
    __table_args__ = (
        sa.UniqueConstraint("perspective_id", "indicator_id"),
        sa.CheckConstraint("target > 0", name="target_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    perspective_id: Mapped[int] = mapped_column(sa.ForeignKey("card_perspectives.id"))
    indicator_id: Mapped[int] = mapped_column(sa.ForeignKey("indicators.id"))
    weight: Mapped[Decimal] = mapped_column(Points)
    target: Mapped[Decimal] = mapped_column(Reading)
    span: Mapped[Span] = mapped_column(enum_column(Span))
    position: Mapped[int]

    indicator: Mapped[Indicator] = relationship(lazy="joined")


class ClosedPeriod(Base):
    """A period that takes no more readings and no more entries."""

    __tablename__ = "closed_periods"

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(sa.String(7), unique=True)
    closed_at: Mapped[datetime]
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    closed_by: Mapped[User | None] = relationship()


class CardSnapshot(Base):
    """A card as it was when its period was closed."""

    __tablename__ = "card_snapshots"
    __table_args__ = (sa.UniqueConstraint("subject_kind", "subject_id", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(sa.String(7))
    subject_kind: Mapped[SubjectKind] = mapped_column(enum_column(SubjectKind))
    subject_id: Mapped[int]
    total: Mapped[Decimal | None] = mapped_column(Points)
    document: Mapped[dict[str, Any]]
    at: Mapped[datetime]
