"""The table of who looks after a category."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class Caretaker(Base):
    """One of the people who look after a category; ``category`` is its code, whatever it may name."""

    __tablename__ = "caretakers"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    category: Mapped[str] = mapped_column(sa.String(64), primary_key=True, index=True)
