"""Imports and their rows: what the dry run said of each, and what became of it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import User
from core.db import Base, enum_column
from wiki.exchange.rules import Found, Outcome, State, Way


class Import(Base):
    """One file that a manager brought. Its bytes lie in ``var/imports/<key>`` until it is forgotten."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(32), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[State] = mapped_column(enum_column(State))
    way: Mapped[Way] = mapped_column(enum_column(Way))
    kind: Mapped[str] = mapped_column(sa.String(32), default="")
    category: Mapped[str] = mapped_column(sa.String(64), default="")
    audience: Mapped[str] = mapped_column(sa.String(32), default="")
    headings: Mapped[list[Any]]  # of a table, as they stand in it
    sample: Mapped[list[Any]]  # its first rows
    mapping: Mapped[dict[str, Any]]  # heading: field
    error: Mapped[str] = mapped_column(sa.String(500), default="")
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    created_by: Mapped[User] = relationship()


class ImportRow(Base):
    """One line of the file. A row without ``outcome`` has not been taken yet."""

    __tablename__ = "import_rows"
    __table_args__ = (
        sa.UniqueConstraint("import_id", "number"),
        sa.Index("ix_import_rows_found", "import_id", "found", "number"),
        sa.Index("ix_import_rows_outcome", "import_id", "outcome", "number"),
        sa.Index("ix_import_rows_external_id", "external_id"),
        sa.CheckConstraint("(outcome IS NULL) = (taken_at IS NULL)", name="taken_with_outcome"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("imports.id", ondelete="CASCADE"))
    number: Mapped[int]
    place: Mapped[str] = mapped_column(sa.String(300))
    external_id: Mapped[str] = mapped_column(sa.String(200), default="")
    title: Mapped[str] = mapped_column(sa.String(300), default="")
    found: Mapped[Found] = mapped_column(enum_column(Found))
    outcome: Mapped[Outcome | None] = mapped_column(enum_column(Outcome))
    said: Mapped[str] = mapped_column(sa.Text, default="")  # what is wrong with it
    remarks: Mapped[list[Any]]  # what its author should know, and what does not hinder it
    row: Mapped[dict[str, Any]]  # the row to take; empty when it is wrong
    cells: Mapped[dict[str, Any]]  # as they stood in the table, to be mended
    pictures: Mapped[list[Any]]  # digest and name of each
    article_id: Mapped[int | None] = mapped_column(sa.ForeignKey("articles.id"))
    submission_id: Mapped[int | None] = mapped_column(sa.ForeignKey("submissions.id"))
    taken_at: Mapped[datetime | None]
