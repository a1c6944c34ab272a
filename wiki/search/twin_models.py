"""What is almost the same as another text, found by the worker and kept."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class Twin(Base):
    """The published text that is most like this one, looked for at ``at``; ``other_id`` is empty when none is.

    ``differs``: under almost the same title it gives other figures – one of the two may be wrong. No foreign key on the
    other one, as with links: a look must not wait for the lock of another article.
    """

    __tablename__ = "article_twins"

    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"), primary_key=True)
    at: Mapped[datetime]
    other_id: Mapped[int | None] = mapped_column(index=True)
    percent: Mapped[int] = mapped_column(default=0)
    differs: Mapped[bool] = mapped_column(default=False)
