"""What is reckoned of each published text and kept, so that a list of all of them is quick. Nothing here is a source:
``figures.refresh`` makes all of it anew."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class ArticleFigures(Base):
    """Readership of one article as of ``at``: openings by people in ``figures.WINDOW`` days, the last day of one, votes
    in force on the present major version, uses in calls ever."""

    __tablename__ = "article_figures"

    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    opens: Mapped[int] = mapped_column(default=0)
    last_day: Mapped[date | None]
    helpful: Mapped[int] = mapped_column(default=0)
    not_helpful: Mapped[int] = mapped_column(default=0)
    used: Mapped[int] = mapped_column(default=0)
