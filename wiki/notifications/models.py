"""Notices keep code and values, never sentences: the words are found when they are read, in the reader's language."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base, enum_column
from wiki.notifications.rules import MORNING, Group, Mail, Rhythm


class NoticeEntry(Base):
    """Somebody was told something. ``dedup`` is made of event, row and person: telling twice is telling once.

    ``created_at`` is when it happened. ``way`` is how it goes by mail, ``mailed_at`` when it has gone. Of subject
    ``task`` are those that say 'do something': they count as read as soon as there is nothing left to do.
    """

    __tablename__ = "notices"
    __table_args__ = (
        sa.Index("ix_notices_list", "user_id", "created_at", "id"),
        sa.Index(
            "ix_notices_unread",
            "user_id",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        ),
        sa.Index(
            "ix_notices_digest",
            "created_at",
            sqlite_where=sa.text("way = 'digest' AND mailed_at IS NULL AND read_at IS NULL"),
            postgresql_where=sa.text("way = 'digest' AND mailed_at IS NULL AND read_at IS NULL"),
        ),
        sa.Index("ix_notices_subject", "subject_kind", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    code: Mapped[str] = mapped_column(sa.String(40))
    urgent: Mapped[bool] = mapped_column(default=False)
    subject_kind: Mapped[str] = mapped_column(sa.String(32))
    subject_id: Mapped[int]
    params: Mapped[dict[str, Any]]
    url: Mapped[str] = mapped_column(sa.String(400))
    way: Mapped[Mail] = mapped_column(enum_column(Mail))
    dedup: Mapped[str] = mapped_column(sa.String(160), unique=True)
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]


class NoticeChoice(Base):
    """What somebody wants by mail of one group; without a row, what the table recommends."""

    __tablename__ = "notice_choices"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    topic: Mapped[Group] = mapped_column(enum_column(Group), primary_key=True)
    mail: Mapped[Mail] = mapped_column(enum_column(Mail))


class DigestTime(Base):
    """When somebody wants the digest: every hour, or at this hour of the day; without a row, in the morning."""

    __tablename__ = "digest_times"
    __table_args__ = (sa.CheckConstraint("hour BETWEEN 0 AND 23", name="hour_of_the_day"),)

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    rhythm: Mapped[Rhythm] = mapped_column(enum_column(Rhythm), default=Rhythm.DAILY)
    hour: Mapped[int] = mapped_column(default=MORNING)


class MailEntry(Base):
    """One mail: ``key`` names the notice or digest, so that none is there twice. Without a mail server it is kept.

    ``about`` lists (kind, id) of what its text speaks of: who may not know of that does not read it here either.
    """

    __tablename__ = "mails"
    __table_args__ = (
        sa.CheckConstraint("(sent_at IS NULL) OR (refusal = '')", name="sent_or_refused"),
        sa.Index("ix_mails_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    address: Mapped[str] = mapped_column(sa.String(200))
    subject: Mapped[str] = mapped_column(sa.String(400))
    body: Mapped[str] = mapped_column(sa.Text)
    message_id: Mapped[str] = mapped_column(sa.String(200))
    about: Mapped[list[Any]]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    refusal: Mapped[str] = mapped_column(sa.String(400), default="")

    user: Mapped[User] = relationship()

    @property
    def state(self) -> str:
        """sent, refused (for good, by the mail server), or kept here because there is no mail server."""
        return "sent" if self.sent_at else "refused" if self.refusal else "kept"
