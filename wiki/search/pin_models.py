"""What the manager wants to stand first for a question."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base
from wiki.articles.models import Article


class SearchPin(Base):
    """One article for one question, on the days between (both included; empty: open). ``key`` is the question as it is
    compared, see ``pins.key_of``."""

    __tablename__ = "search_pins"
    __table_args__ = (
        sa.UniqueConstraint("key", "article_id"),
        sa.CheckConstraint("from_on IS NULL OR until_on IS NULL OR from_on <= until_on", name="ends_after_it_begins"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    question: Mapped[str] = mapped_column(sa.String(200))
    key: Mapped[str] = mapped_column(sa.String(200))
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"), index=True)
    position: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    from_on: Mapped[date | None] = mapped_column(sa.Date)
    until_on: Mapped[date | None] = mapped_column(sa.Date)
    pinned_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    pinned_at: Mapped[datetime]

    article: Mapped[Article] = relationship()
    pinned_by: Mapped[User] = relationship()
