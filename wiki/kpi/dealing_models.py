"""Files of readings, appeals and their answers, restated cards, and who opened which card."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base, Points, enum_column
from wiki.kpi.models import SubjectKind


class ImportState(StrEnum):
    """Where a file of readings stands."""

    WAITING = "waiting"
    DONE = "done"


class Outcome(StrEnum):
    """How an appeal ended."""

    UPHELD = "upheld"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class ReadingImport(Base):
    """A file of readings: how its columns were read, what it did, which rows were refused. Frozen once it is done.

    ``refused`` are [line, sentence, [cells]]; ``signature`` tells files of the same make by their headings.
    """

    __tablename__ = "reading_imports"
    __table_args__ = (
        sa.Index("ix_reading_imports_signature", "signature", "id"),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_has_its_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(32), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    size: Mapped[int]
    state: Mapped[ImportState] = mapped_column(enum_column(ImportState))
    headings: Mapped[list[Any]]
    sample: Mapped[list[Any]]
    mapping: Mapped[dict[str, Any]]
    signature: Mapped[str] = mapped_column(sa.String(64))
    why: Mapped[str] = mapped_column(sa.String(300), default="")
    added: Mapped[int] = mapped_column(default=0)
    corrected: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[list[Any]]
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    created_by: Mapped[User] = relationship()


class CardAppeal(Base):
    """Somebody says that a figure of their card is wrong. ``code`` is the indicator. Without an answer it is open."""

    __tablename__ = "card_appeals"
    __table_args__ = (sa.Index("ix_card_appeals_card", "subject_kind", "subject_id", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_kind: Mapped[SubjectKind] = mapped_column(enum_column(SubjectKind))
    subject_id: Mapped[int]
    period: Mapped[str] = mapped_column(sa.String(7))
    code: Mapped[str] = mapped_column(sa.String(64))
    text: Mapped[str] = mapped_column(sa.Text)
    raised_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    raised_at: Mapped[datetime]
    answer_by: Mapped[datetime]

    raised_by: Mapped[User] = relationship()
    answer: Mapped["CardAnswer | None"] = relationship(back_populates="appeal", uselist=False)


class CardRestatement(Base):
    """A closed card with a corrected figure, beside the frozen one. The newest of a card counts."""

    __tablename__ = "card_restatements"
    __table_args__ = (sa.Index("ix_card_restatements_card", "subject_kind", "subject_id", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_kind: Mapped[SubjectKind] = mapped_column(enum_column(SubjectKind))
    subject_id: Mapped[int]
    period: Mapped[str] = mapped_column(sa.String(7))
    code: Mapped[str] = mapped_column(sa.String(64))
    total: Mapped[Decimal | None] = mapped_column(Points)
    document: Mapped[dict[str, Any]]
    why: Mapped[str] = mapped_column(sa.Text)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    at: Mapped[datetime]

    by: Mapped[User | None] = relationship()


class CardAnswer(Base):
    """What became of an appeal: declined with a reason, or upheld with a corrected reading or a restated card."""

    __tablename__ = "card_answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    appeal_id: Mapped[int] = mapped_column(sa.ForeignKey("card_appeals.id"), unique=True)
    outcome: Mapped[Outcome] = mapped_column(enum_column(Outcome))
    text: Mapped[str] = mapped_column(sa.Text)
    reading_id: Mapped[int | None] = mapped_column(sa.ForeignKey("kpi_readings.id"))
    restatement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("card_restatements.id"))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    at: Mapped[datetime]

    by: Mapped[User] = relationship()
    appeal: Mapped[CardAppeal] = relationship(back_populates="answer")
    restatement: Mapped[CardRestatement | None] = relationship()


class CardOpening(Base):
    """Somebody looked at a card, or at what one of its figures (``code``) is made of. Buffered, and kept for a year."""

    __tablename__ = "card_openings"
    __table_args__ = (
        sa.Index("ix_card_openings_card", "subject_kind", "subject_id", "period", "at"),
        sa.Index("ix_card_openings_code", "code", "at"),
        sa.Index("ix_card_openings_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    subject_kind: Mapped[SubjectKind] = mapped_column(enum_column(SubjectKind))
    subject_id: Mapped[int]
    period: Mapped[str] = mapped_column(sa.String(7))
    code: Mapped[str] = mapped_column(sa.String(64), default="")

    user: Mapped[User] = relationship()
