"""Which published texts were opened: each opening for half a year, sums of each day for good.

Written once a second from what reads remember (``opens.py``); some may be lost when a process is killed.
"""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, enum_column


class OpenSource(StrEnum):
    """Where a text was opened."""

    PAGE = "page"  # its own page
    SEARCH = "search"  # read in place, among the results
    EMBED = "embed"  # beside the CRM
    API = "api"  # fetched by a program


class ArticleOpen(Base):
    """Somebody else than those who wrote or keep it opened a published text. Kept for ``opens.KEEP``."""

    __tablename__ = "article_opens"
    __table_args__ = (
        sa.Index("ix_article_opens_at", "at"),
        sa.Index("ix_article_opens_article", "article_id", "at"),
        sa.Index("ix_article_opens_user", "user_id", "article_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"))
    revision_id: Mapped[int] = mapped_column(sa.ForeignKey("revisions.id"))  # what they read
    source: Mapped[OpenSource] = mapped_column(enum_column(OpenSource))


class ArticleOpenDay(Base):
    """How often a text was opened on a day of the centre's calendar: by people, and fetched by programs."""

    __tablename__ = "article_open_days"
    __table_args__ = (sa.Index("ix_article_open_days_day", "day"),)

    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"), primary_key=True)
    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    opens: Mapped[int] = mapped_column(default=0)
    fetched: Mapped[int] = mapped_column(default=0)
