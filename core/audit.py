"""The trail: who did what to which thing, when. Rows are only ever added; triggers in the database refuse the rest."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import g, has_request_context, request
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.actors import Actor
from core.db import Base, session


class TrailEntry(Base):
    """One act. ``actor_name`` is kept as it was, so that the trail reads the same after a rename."""

    __tablename__ = "trail_entries"
    __table_args__ = (sa.Index("ix_trail_entries_subject", "subject_kind", "subject_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(sa.String(120))
    on_behalf_of_id: Mapped[int | None]
    verb: Mapped[str] = mapped_column(sa.String(48))
    subject_kind: Mapped[str] = mapped_column(sa.String(32))
    subject_id: Mapped[int]
    revision_id: Mapped[int | None]
    stage: Mapped[str | None] = mapped_column(sa.String(64))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    details: Mapped[dict[str, Any]]
    address: Mapped[str | None] = mapped_column(sa.String(64))
    request_id: Mapped[str | None] = mapped_column(sa.String(32))


def record(
    actor: Actor | None,
    verb: str,
    *,
    subject_kind: str,
    subject_id: int,
    revision_id: int | None = None,
    stage: str | None = None,
    note: str = "",
    on_behalf_of_id: int | None = None,
    details: dict[str, Any] | None = None,
) -> TrailEntry:
    """Add one act to the trail, in the current transaction. ``actor`` is ``None`` when the system itself acted."""
    entry = TrailEntry(
        at=clock.now(),
        actor_id=actor.id if actor else None,
        actor_name=actor.name if actor else "Spiral",
        on_behalf_of_id=on_behalf_of_id,
        verb=verb,
        subject_kind=subject_kind,
        subject_id=subject_id,
        revision_id=revision_id,
        stage=stage,
        note=note,
        details=details or {},
        address=request.remote_addr if has_request_context() else None,
        request_id=g.get("request_id") if has_request_context() else None,
    )
    session.add(entry)
    return entry


def trail(subject_kind: str, subject_id: int) -> sa.Select[TrailEntry]:
    """Everything that was ever done to one thing, oldest first; ordered by sequence, because clocks jump."""
    return (
        sa.select(TrailEntry)
        .where(TrailEntry.subject_kind == subject_kind, TrailEntry.subject_id == subject_id)
        .order_by(TrailEntry.id)
    )
