"""What people searched for: buffered, written once a second, kept for a set time; it may be lost."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, enum_column


class Source(StrEnum):
    """Where somebody asked."""

    PAGE = "page"
    TYPING = "typing"
    API = "api"
    EMBED = "embed"


class SearchQuery(Base):
    """One question, personal numbers masked, and how many articles answered it. ``asked`` is its key, known to the one
    who asked alone; ``flat`` is the question as it is compared; ``opened_id`` the article that was opened from it."""

    __tablename__ = "search_queries"
    __table_args__ = (
        sa.Index("ix_search_queries_at", "at"),
        sa.Index("ix_search_queries_user_at", "user_id", "at"),
        sa.Index("uq_search_queries_asked", "asked", unique=True),
        sa.Index("ix_search_queries_flat", "flat"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None]
    text: Mapped[str] = mapped_column(sa.String(200))
    found: Mapped[int]
    asked: Mapped[str | None] = mapped_column(sa.String(32))
    flat: Mapped[str] = mapped_column(sa.String(200), default="")
    source: Mapped[Source] = mapped_column(enum_column(Source), default=Source.PAGE)
    opened_id: Mapped[int | None]
    opened_at: Mapped[datetime | None]
