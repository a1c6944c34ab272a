"""Pictures and documents: kept, referred to, handed out, removed. The bytes lie in the store (``core/store.py``)."""

import contextlib
import re
import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Any

import sqlalchemy as sa
from flask import current_app

from accounts.models import User
from accounts.people import actor_of
from core import audit, clock
from core.actors import Actor
from core.backup.folders import kept
from core.chores import chore
from core.db import after_commit, reading, session
from core.errors import Conflict, NotFound, Unavailable
from core.i18n import _
from core.permissions import can, require
from core.settings import Settings
from core.store import Blob, Missing, Store, elsewhere, of
from wiki.articles import media
from wiki.articles.file_models import FileEntry, FileReference
from wiki.articles.file_permissions import FileP, brought_it
from wiki.articles.media import Examined, refused
from wiki.articles.models import Revision
from wiki.articles.permissions import P

MENTION = re.compile(r"/files/([0-9]{1,9})/")
ROOM = kept("files")
ORPHANED = 24 * 3600.0  # seconds after which a file without a row is one that nobody is just about to commit


def stored() -> Store:
    """Where their bytes lie."""
    return of(ROOM)


def settings() -> Settings:
    """What this installation allows."""
    found: Settings = current_app.config["SPIRAL"]
    return found


def keep(actor: Actor, name: str, data: bytes, *, exact: bool = False) -> FileEntry:
    """A picture or document is kept in this person's name; bringing the same bytes again gives the same entry.

    ``exact``: a picture without anything beside its points is kept byte for byte (what comes from an export).

    Raises:
        Forbidden, Invalid (field ``file``), DiskFull.
    """
    return store(actor, examine(name, data, exact=exact))


def examine(name: str, data: bytes, *, exact: bool = False) -> Examined:
    """What may be kept of these bytes; slow, so that pages call it before their transaction.

    Raises:
        Invalid: field ``file``.
    """
    limit = settings().file_limit_mb
    if len(data) > limit << 20:
        raise refused(
            _("«%(name)s» is too large: %(n)s MB is the limit for one file.", name=media.clean_name(name), n=limit)
        )
    return media.examined(name, data, exact=exact)


def ahead(actor: Actor, found: Examined) -> Examined:
    """Where bytes lie with another machine, they lie there before the transaction begins: nobody waits for a lock while
    we wait for an answer. What no row comes to name, the sweep takes away.

    Raises:
        DiskFull, Unavailable.
    """
    if not elsewhere() or not can(actor, P.PROPOSE):
        return found
    with reading():
        if _known(actor, found) is not None or not _fits(actor, found):
            return found
    return laid(found)


def laid(found: Examined) -> Examined:
    """The bytes lie in the store, not in memory any more, and wait for their row.

    Raises:
        DiskFull, Unavailable.
    """
    room = stored()
    keys = (room.put(found.data), room.put(found.small) if found.small else None)
    return replace(found, keys=keys, lying=found.size, data=b"", small=None)


def store(actor: Actor, found: Examined) -> FileEntry:
    """Keep what was examined.

    Raises:
        Forbidden, Invalid (field ``file``: the person's quota), DiskFull.
    """
    require(actor, P.PROPOSE)
    _one_upload_at_a_time(actor)
    known = _known(actor, found)
    if known is not None:
        return known
    _must_fit(actor, found)
    room = stored()
    key, small_key = found.keys or (room.put(found.data), room.put(found.small) if found.small else None)
    entry = FileEntry(
        owner_id=actor.id,
        name=found.name,
        media_type=found.media_type,
        size=found.size,
        width=found.width,
        height=found.height,
        digest=found.digest,
        source_digest=found.source_digest,
        key=key,
        small_key=small_key,
        created_at=clock.now(),
    )
    session.add(entry)
    session.flush()
    return entry


def _one_upload_at_a_time(actor: Actor) -> None:
    """Two at once must not both fit into what is left of the quota (on SQLite the write transaction sees to that)."""
    session.execute(sa.select(User.id).where(User.id == actor.id).with_for_update())


def _known(actor: Actor, found: Examined) -> FileEntry | None:
    return session.scalar(
        sa.select(FileEntry).where(FileEntry.owner_id == actor.id, FileEntry.source_digest == found.source_digest)
    )


def _fits(actor: Actor, found: Examined) -> bool:
    return used_by(actor) + found.size <= settings().file_quota_mb << 20


def _must_fit(actor: Actor, found: Examined) -> None:
    quota = settings().file_quota_mb
    if not _fits(actor, found):
        raise refused(_("Your %(n)s MB for pictures and documents are used up; remove some under “My files”.", n=quota))


def used_by(actor: Actor) -> int:
    """Bytes that this person's files take."""
    return session.scalar(sa.select(sa.func.sum(FileEntry.size)).where(FileEntry.owner_id == actor.id)) or 0


def find(file_id: int, actor: Actor) -> FileEntry:
    """The file of this id.

    Raises:
        NotFound: there is none that this person may fetch.
    """
    entry = session.get(FileEntry, file_id)
    if entry is None or not can(actor, FileP.READ_FILE, entry):
        raise NotFound(_("There is no such file, or you may not see it."))
    return entry


def opened(entry: FileEntry, *, small: bool = False) -> Blob:
    """The bytes, to be read once; of a document ``small`` is the document.

    Raises:
        NotFound: they are not there (a database was restored without its files). Unavailable.
    """
    try:
        return stored().open(entry.small_key if small and entry.small_key else entry.key)
    except Missing as error:
        raise NotFound(_("There is no such file, or you may not see it.")) from error


def remove(entry: FileEntry, actor: Actor) -> None:
    """The file is gone, its bytes too.

    Raises:
        NotFound, Conflict: a saved text refers to it.
    """
    if not brought_it(actor, entry):
        raise NotFound(_("There is no such file, or you may not see it."))
    if not can(actor, FileP.REMOVE_FILE, entry):
        raise Conflict(_("«%(name)s» stands in a saved text, so it stays.", name=entry.name), code="file-in-use")
    room, keys = stored(), [key for key in (entry.key, entry.small_key) if key]
    audit.record(actor, "removed", subject_kind="file", subject_id=entry.id, details={"name": entry.name})
    session.delete(entry)
    session.flush()
    after_commit(lambda: _forget(room, keys))


def _forget(room: Store, keys: list[str]) -> None:
    for key in keys:
        with contextlib.suppress(OSError, Unavailable):  # the sweep comes by
            room.remove(key)


def mentioned(*texts: Any) -> list[int]:
    """Ids of the files that strings (in lists and dicts, too) refer to, in the order of their first mention."""
    found: dict[int, None] = {}
    for text in texts:
        for part in _strings(text):
            found.update((int(number), None) for number in MENTION.findall(part))
    return list(found)


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)


def readable(actor: Actor, ids: Iterable[int]) -> list[FileEntry]:
    """Those of these files that this person may fetch, in the given order."""
    wanted = list(ids)
    rows = {row.id: row for row in session.scalars(sa.select(FileEntry).where(FileEntry.id.in_(wanted)))}
    return [rows[one] for one in wanted if one in rows and can(actor, FileP.READ_FILE, rows[one])]


def sizes_in(revision: Revision) -> dict[int, tuple[int, int]]:
    """Width and height of the pictures that a revision refers to; of others that it only names nothing is told."""
    if not mentioned(revision.body, revision.fields):
        return {}
    return {file.id: (file.width, file.height) for file in files_of(revision.id) if file.width and file.height}


def refer(revision: Revision) -> None:
    """Note which files a new revision refers to.

    Only those that its author can fetch: naming somebody else's file in a text of one's own opens nothing.
    """
    ids = mentioned(revision.body, revision.fields)
    if not ids:
        return
    author = actor_of(session.get_one(User, revision.author_id))
    session.add_all(FileReference(revision_id=revision.id, file_id=entry.id) for entry in readable(author, ids))
    session.flush()


def files_of(revision_id: int) -> list[FileEntry]:
    """What a revision refers to, by id: for export."""
    return list(
        session.scalars(
            sa.select(FileEntry)
            .join(FileReference, FileReference.file_id == FileEntry.id)
            .where(FileReference.revision_id == revision_id)
            .order_by(FileEntry.id)
        )
    )


def owned_by(actor: Actor) -> sa.Select[FileEntry]:
    """What this person brought, newest first."""
    return sa.select(FileEntry).where(FileEntry.owner_id == actor.id).order_by(FileEntry.id.desc())


@chore(every=6 * 3600, outside=True)
def sweep() -> None:
    """Bytes that no row names are gone: what a crash or a refused save left. The store is asked in no transaction."""
    limit = time.time() - ORPHANED  # the clock of the store, whatever a test says the time is
    old = (item for item in stored().each() if item.at < limit)
    while some := {item.key: item for item in islice(old, 500)}:
        with reading() as s:
            known = set(s.scalars(sa.select(FileEntry.key).where(FileEntry.key.in_(some))))
            known |= set(s.scalars(sa.select(FileEntry.small_key).where(FileEntry.small_key.in_(some))))
        for name in some.keys() - known:
            stored().discard(some[name])
