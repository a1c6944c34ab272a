"""Pictures and documents that people brought, and which revisions refer to them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base


class FileEntry(Base):
    """One picture or document. Its bytes lie in the vault under ``key``; a row never changes.

    ``source_digest`` is of what was brought, ``digest`` of what is kept and handed out (SHA-256); ``size`` is what it
    takes on the disk, thumbnail included.
    """

    __tablename__ = "files"
    __table_args__ = (sa.UniqueConstraint("owner_id", "source_digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(sa.String(120))
    media_type: Mapped[str] = mapped_column(sa.String(100))
    size: Mapped[int]
    width: Mapped[int | None]  # points, of pictures
    height: Mapped[int | None]
    digest: Mapped[str] = mapped_column(sa.String(64))
    source_digest: Mapped[str] = mapped_column(sa.String(64))
    key: Mapped[str] = mapped_column(sa.String(32), unique=True)
    small_key: Mapped[str | None] = mapped_column(sa.String(32), unique=True)  # a WebP, of pictures
    created_at: Mapped[datetime]

    owner: Mapped[User] = relationship()

    @property
    def url(self) -> str:
        """Where it is read from, as it stands in texts."""
        return f"/files/{self.id}/{self.name}"

    @property
    def is_picture(self) -> bool:
        """Shown within a text; everything else is taken away as a file."""
        return self.media_type.startswith("image/")

    def markdown(self, words: str = "") -> str:
        """How a text refers to it; ``words`` are what a picture shows, or what a document is called."""
        words = words or self.name.rpartition(".")[0]
        words = words.translate({ord(mark): None for mark in "[]\\\n"})
        return f"{'!' if self.is_picture else ''}[{words}]({self.url})"


class FileReference(Base):
    """A revision refers to a file that its author could read: whoever may read the revision may read the file."""

    __tablename__ = "file_references"

    revision_id: Mapped[int] = mapped_column(sa.ForeignKey("revisions.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("files.id"), primary_key=True, index=True)
