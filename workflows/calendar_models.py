"""Tables of shift calendars, and which site works by which."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Site
from core.db import Base
from workflows.calendar_texts import SpecialDay
from workflows.calendars import Calendar, Spans


class ShiftCalendar(Base):
    """A calendar that stages and sites name by its slug. ``version`` grows with each change.

    ``document`` holds ``week``, seven lists of spans [start, end] in minutes, and ``exceptions``, by ISO date a record
    of ``hours`` (spans) and ``name``. One that is not ``active`` still counts where it is named, but is not offered.
    """

    __tablename__ = "calendars"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    timezone: Mapped[str] = mapped_column(sa.String(64))
    document: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    sites: Mapped[list[Site]] = relationship(secondary="site_calendars", order_by=Site.name, viewonly=True)

    @property
    def week(self) -> tuple[Spans, ...]:
        """The spans of each weekday, Monday first."""
        return tuple(_spans(day) for day in self.document["week"])

    @property
    def special_days(self) -> dict[date, SpecialDay]:
        """Holidays and days with hours of their own, by date."""
        return {
            date.fromisoformat(day): SpecialDay(_spans(about["hours"]), about["name"])
            for day, about in sorted(self.document["exceptions"].items())
        }

    @property
    def value(self) -> Calendar:
        """The calendar to count with."""
        return Calendar(self.timezone, self.week, {day: one.hours for day, one in self.special_days.items()})


class SiteCalendar(Base):
    """The calendar a site works by. A site without a row works by the centre's."""

    __tablename__ = "site_calendars"

    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id", ondelete="CASCADE"), primary_key=True)
    calendar_id: Mapped[int] = mapped_column(sa.ForeignKey("calendars.id"), index=True)

    calendar: Mapped[ShiftCalendar] = relationship(viewonly=True)


def _spans(stored: list[list[int]]) -> Spans:
    return tuple((start, end) for start, end in stored)
