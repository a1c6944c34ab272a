"""What a centre asks of texts with numbers of people in them, and the numbers that are nobody's."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base, enum_column
from wiki.articles.personal import Kind


class Level(StrEnum):
    """What happens when such a number stands in a text, from nothing to a refusal."""

    OFF = "off"
    WARN = "warn"  # its author is told
    MUST = "must"  # and it is not submitted or brought in before the number is masked


class PersonalRule(Base):
    """A manager's choice for one kind of article (or ``public``: whatever customers may read) and one kind of number.

    Where there is no row, ``personal_policy.default`` holds.
    """

    __tablename__ = "personal_rules"

    article_kind: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    finding: Mapped[Kind] = mapped_column(enum_column(Kind), primary_key=True)
    level: Mapped[Level] = mapped_column(enum_column(Level))


class PersonalException(Base):
    """A number that looks like a person's and is none: a hotline, an example in a manual."""

    __tablename__ = "personal_exceptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(40), unique=True)  # as ``personal.normal`` writes it
    note: Mapped[str] = mapped_column(sa.String(200))
    added_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]

    added_by: Mapped[User] = relationship()
