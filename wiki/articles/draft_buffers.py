"""What is being typed: one buffer per person, submission and open page; two windows of one person never overwrite."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core import clock
from core.actors import Actor
from core.db import session
from core.errors import Invalid
from core.i18n import _
from core.texts import clean_tree
from wiki.articles.models import DraftBuffer

LIMIT = 600_000  # characters of one buffer


@dataclass(frozen=True, slots=True)
class Window:
    """One open editor page. ``took``: the page whose buffer it showed when it was opened, as it was at ``took_at``."""

    page: str = ""
    took: str | None = None
    took_at: datetime | None = None


def keep(
    submission_id: int, actor: Actor, document: dict[str, Any], *, base_id: int | None, window: Window
) -> DraftBuffer:
    """The page's buffer says this; the one that it had taken over is gone.

    Raises:
        Invalid: it is too long.
    """
    if len(str(document)) > LIMIT:
        raise Invalid({"body": _("This draft is too long to be saved by itself; please split it.")})
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(DraftBuffer).values(
        submission_id=submission_id,
        user_id=actor.id,
        page=window.page,
        document=clean_tree(document),
        base_revision_id=base_id,
        saved_at=clock.now(),
    )
    new = {name: row.excluded[name] for name in ("document", "base_revision_id", "saved_at")}
    session.execute(row.on_conflict_do_update(index_elements=["submission_id", "user_id", "page"], set_=new))
    _drop_taken(submission_id, actor, window)
    return session.get_one(DraftBuffer, (submission_id, actor.id, window.page), populate_existing=True)


def drop(submission_id: int, actor: Actor, window: Window | None) -> None:
    """Forget what this page typed, and what came without a page: it was saved, or is not wanted.

    ``None``: what this person typed on any page.
    """
    mine = sa.delete(DraftBuffer).where(DraftBuffer.submission_id == submission_id, DraftBuffer.user_id == actor.id)
    session.execute(mine if window is None else mine.where(DraftBuffer.page.in_([window.page, ""])))
    if window is not None:
        _drop_taken(submission_id, actor, window)


def _drop_taken(submission_id: int, actor: Actor, window: Window) -> None:
    """A page that was shut, and whose text went on here; if it has typed since, it is open after all and stays."""
    if window.took is None or window.took_at is None or window.took == window.page:
        return
    session.execute(
        sa.delete(DraftBuffer).where(
            DraftBuffer.submission_id == submission_id,
            DraftBuffer.user_id == actor.id,
            DraftBuffer.page == window.took,
            DraftBuffer.saved_at <= window.took_at,
        )
    )


def buffers_of(submission_id: int, user_id: int) -> list[DraftBuffer]:
    """What this person was typing and has not saved, by page, the newest first."""
    found = sa.select(DraftBuffer).where(DraftBuffer.submission_id == submission_id, DraftBuffer.user_id == user_id)
    return list(session.scalars(found.order_by(DraftBuffer.saved_at.desc(), DraftBuffer.page)))
