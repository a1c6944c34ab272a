"""The words from which another spelling is proposed."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base


class VocabularyWord(Base):
    """A word of texts that all staff may read, and of how many of them; made anew by the worker."""

    __tablename__ = "search_vocabulary"

    word: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    sound: Mapped[str] = mapped_column(sa.String(80), index=True)  # see ``spelling``; empty for other writing
    pinyin: Mapped[str] = mapped_column(sa.String(80), index=True)
    texts: Mapped[int]
