"""Actions on misses."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base, enum_column
from wiki.kpi.cuika_rules import ActionState
from wiki.kpi.models import Indicator, SubjectKind


class KpiAction(Base):
    """What somebody does about a figure that missed its target: who, until when, and what came of it."""

    __tablename__ = "kpi_actions"
    __table_args__ = (
        sa.Index("ix_kpi_actions_subject", "subject_kind", "subject_id", "period"),
        sa.Index("ix_kpi_actions_state", "state", "due_on"),
        sa.Index("ix_kpi_actions_period", "period"),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed_has_a_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    indicator_id: Mapped[int] = mapped_column(sa.ForeignKey("indicators.id"))
    subject_kind: Mapped[SubjectKind] = mapped_column(enum_column(SubjectKind))
    subject_id: Mapped[int]
    period: Mapped[str] = mapped_column(sa.String(7))
    what: Mapped[str] = mapped_column(sa.String(500))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    due_on: Mapped[date] = mapped_column(sa.Date)
    state: Mapped[ActionState] = mapped_column(enum_column(ActionState))
    result: Mapped[str] = mapped_column(sa.String(1000), default="")
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    reminded_at: Mapped[datetime | None]  # it is due soon
    pressed_at: Mapped[datetime | None]  # it is overdue

    indicator: Mapped[Indicator] = relationship(lazy="joined")
    owner: Mapped[User] = relationship(foreign_keys=[owner_id], lazy="joined")
    made_by: Mapped[User] = relationship(foreign_keys=[made_by_id])

    @property
    def key(self) -> tuple[SubjectKind, int]:
        """Of whom the figure is."""
        return self.subject_kind, self.subject_id
