"""What people searched for, buffered and written once a second; kept for a set time, and may be lost."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class SearchQuery(Base):
    """One question and how many articles answered it. ``opened_id`` is the article that was opened from the list."""

    __tablename__ = "search_queries"
    __table_args__ = (sa.Index("ix_search_queries_at", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None]
    text: Mapped[str] = mapped_column(sa.String(200))
    found: Mapped[int]
