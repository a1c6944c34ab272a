"""The words of this house: what means the same, and what is meant by jargon. Rows are switched off, never deleted."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base, enum_column
from wiki.search.word_rules import Sort, State


class SearchWord(Base):
    """One rule. ``said`` are the words of the group, or the jargon; ``meant`` is what jargon means, empty in a group.

    ``version`` grows with every change: the sum over all rows tells the processes that something changed.
    """

    __tablename__ = "search_words"
    __table_args__ = (sa.Index("ix_search_words_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sort: Mapped[Sort] = mapped_column(enum_column(Sort))
    said: Mapped[list[Any]]
    meant: Mapped[list[Any]]
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    state: Mapped[State] = mapped_column(enum_column(State))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))

    created_by: Mapped[User] = relationship(foreign_keys=[created_by_id])
    changed_by: Mapped[User] = relationship(foreign_keys=[changed_by_id])
