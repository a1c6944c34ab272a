"""The trail: who did what to which thing, when. Rows are only ever added; triggers in the database refuse the rest.

An act also carries what it changed: the names of the columns of rows that stood before (``users:5.name``), the digest
of their values before it and of those after it (``core.digests``). Nobody has to remember that: it is read off the
session when the act is written. What an act *added* is kept by its own rows, and what a bulk statement changed is not
seen. ``core.chain`` seals what was written here.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import g, has_request_context, request
from sqlalchemy.orm import LoaderCallableStatus, Mapped, Session, mapped_column

from core import clock
from core.actors import Actor
from core.db import Base, session
from core.digests import digest
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _

NAMED = 40  # columns that an act names; of more it says how many
UNTOLD = {"outbox_jobs", "idempotency_keys", "login_sessions"}  # tables of the machine, which say nothing of an act
REDACTED = "[redacted]"
ENTRY = "trail_entry"  # the kind of thing that an entry itself is


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
    changed: Mapped[str | None] = mapped_column(sa.Text)
    before_hash: Mapped[str | None] = mapped_column(sa.String(64))
    after_hash: Mapped[str | None] = mapped_column(sa.String(64))
    note_digest: Mapped[str | None] = mapped_column(sa.String(64))  # of what stood there before it was redacted


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


def redact(entry_id: int, actor: Actor, second: Actor, why: str) -> None:
    """The words of an act are gone for good, their digest stays, and that two people did so is an act of its own.

    Raises:
        Invalid: both are one person. NotFound: no such act. Conflict: its words are gone already.
    """
    if actor.id == second.id:
        raise Invalid({"second": _("Two different people take words out of the trail.")})
    entry = session.get(TrailEntry, entry_id)
    if entry is None:
        raise NotFound(_("There is no such entry in the trail."))
    if entry.note_digest is not None:
        raise Conflict(_("The words of this entry were taken out already."))
    found = sa.update(TrailEntry).where(TrailEntry.id == entry_id)
    session.execute(found.values(note=REDACTED, note_digest=digest(entry.note)))
    about = {"second_id": second.id, "second": second.name}
    record(actor, "redacted", subject_kind=ENTRY, subject_id=entry_id, note=why, details=about)


def trail(subject_kind: str, subject_id: int) -> sa.Select[TrailEntry]:
    """Everything that was ever done to one thing, oldest first; ordered by sequence, because clocks jump."""
    return (
        sa.select(TrailEntry)
        .where(TrailEntry.subject_kind == subject_kind, TrailEntry.subject_id == subject_id)
        .order_by(TrailEntry.id)
    )


@sa.event.listens_for(Session, "before_flush")
def _what_changed(found: Session, _context: Any, _instances: Any) -> None:
    """Acts that are about to be written say what was changed since the last act of this transaction."""
    if not found.info.get("writes"):
        return
    changes: dict[str, list[Any]] = found.info.setdefault("changes", {})
    for thing in found.dirty:
        _note(changes, thing)
    acts = [thing for thing in found.new if isinstance(thing, TrailEntry)]
    if not acts or not changes:
        return
    names = sorted(changes)
    said = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    before = digest({name: changes[name][0] for name in names})
    after = digest({name: changes[name][1] for name in names})
    for act in acts:
        act.changed, act.before_hash, act.after_hash = said, before, after
    changes.clear()


def _note(changes: dict[str, list[Any]], thing: Any) -> None:
    """The columns of a row that differ from what was read; the first value seen is what stood before."""
    state = sa.inspect(thing)
    table = state.mapper.local_table.name
    if table in UNTOLD:
        return
    for key, old in state.committed_state.items():
        new = state.dict.get(key)
        if key not in state.mapper.column_attrs or old is LoaderCallableStatus.NO_VALUE or old == new:
            continue
        row = ",".join(str(part) for part in state.identity or ())
        changes.setdefault(f"{table}:{row}.{key}", [old, new])[1] = new
