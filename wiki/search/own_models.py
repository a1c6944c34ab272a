"""What everybody keeps of finding for themselves: texts pinned, in an order, and the service they work for."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class PersonalPin(Base):
    """A text that one person keeps at hand; ``position`` counts from the top."""

    __tablename__ = "personal_pins"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"), primary_key=True)
    position: Mapped[int]


class KeptService(Base):
    """The service that a person narrows every search to, until they take it off."""

    __tablename__ = "kept_services"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("services.id"))
