"""A reader's flag is a task for whoever keeps the text true; what was said about it is never changed."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base, enum_column
from wiki.articles.models import Article, Publication, Revision
from wiki.feedback.flag_rules import FlagState, Outcome
from wiki.feedback.rules import Reason


class Flag(Base):
    """Somebody says that a published text is wrong, outdated, unclear or incomplete."""

    __tablename__ = "flags"
    __table_args__ = (
        sa.CheckConstraint("(state = 'answered') = (outcome IS NOT NULL)", name="answered_has_outcome"),
        sa.CheckConstraint("(outcome = 'changed') = (publication_id IS NOT NULL)", name="changed_names_the_version"),
        sa.Index("ix_flags_article_state", "article_id", "state"),
        sa.Index("ix_flags_state_due_at", "state", "due_at"),
        sa.Index(
            "uq_flags_open_reporter",
            "article_id",
            "reporter_id",
            "reason",
            unique=True,
            sqlite_where=sa.text("state <> 'answered'"),
            postgresql_where=sa.text("state <> 'answered'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("articles.id"))
    revision_id: Mapped[int] = mapped_column(sa.ForeignKey("revisions.id"))  # what the reporter read
    reporter_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    reason: Mapped[Reason] = mapped_column(enum_column(Reason))
    quote: Mapped[str] = mapped_column(sa.String(300), default="")
    comment: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[FlagState] = mapped_column(enum_column(FlagState))
    outcome: Mapped[Outcome | None] = mapped_column(enum_column(Outcome))
    publication_id: Mapped[int | None] = mapped_column(sa.ForeignKey("publications.id"))
    raised_at: Mapped[datetime]
    due_at: Mapped[datetime]
    pressed_at: Mapped[datetime | None]  # when it was told that nobody answers
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    article: Mapped[Article] = relationship()
    revision: Mapped[Revision] = relationship()
    publication: Mapped[Publication | None] = relationship()
    reporter: Mapped[User] = relationship(foreign_keys=[reporter_id])
    notes: Mapped[list["FlagNote"]] = relationship(order_by="FlagNote.id")


class FlagNote(Base):
    """What was asked, replied or answered about a flag. Rows only grow."""

    __tablename__ = "flag_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    flag_id: Mapped[int] = mapped_column(sa.ForeignKey("flags.id"), index=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    act: Mapped[str] = mapped_column(sa.String(16))
    text: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime]

    user: Mapped[User] = relationship()


class RemarkFlag(Base):
    """What a reader wrote with a vote became a flag: once, by whoever keeps the text; the reader is answered there."""

    __tablename__ = "feedback_flags"

    feedback_id: Mapped[int] = mapped_column(sa.ForeignKey("feedback.id"), primary_key=True)
    flag_id: Mapped[int] = mapped_column(sa.ForeignKey("flags.id"), index=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    at: Mapped[datetime]

    flag: Mapped[Flag] = relationship()
