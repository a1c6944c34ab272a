"""Pictures and documents on their way: by the digest of their bytes and their owner, in place of ids.

In a text that left, ``/files/12/plan.png`` reads ``/files/<digest>@<owner>/plan.png``, and the bytes are in the file
``files/<digest>``.
What a text names without being allowed to refer to it stays as it is typed.
"""

import contextlib
import hashlib
import re
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from accounts.models import User
from accounts.people import actor_of
from core.db import reading, session
from core.errors import Invalid
from core.i18n import _
from core.store import elsewhere
from wiki.articles import files
from wiki.articles.file_models import FileEntry, FileReference
from wiki.articles.media import Examined
from wiki.exchange.portable import Names, Rename

DIGEST = re.compile(r"[0-9a-f]{64}")
Pair = tuple[str, str]  # digest and owner
PORTABLE = re.compile(r"/files/([0-9a-f]{64})@([a-z0-9][a-z0-9._-]{1,39})/")


class Bag:
    """The files that leave with some texts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[int, tuple[str, int, str, str]] = {}  # digest, owner, name, media type by id
        self.references: dict[int, set[int]] = {}

    def fill(self, revision_ids: Sequence[int]) -> None:
        """Copy what these revisions refer to; bytes that are there already are not copied again."""
        rows = session.execute(
            sa.select(FileReference.revision_id, FileEntry)
            .join(FileEntry, FileEntry.id == FileReference.file_id)
            .where(FileReference.revision_id.in_(revision_ids))
        )
        self.references = defaultdict(set)
        for revision_id, entry in rows:
            self.references[revision_id].add(entry.id)
            if entry.id not in self.entries:
                self.entries[entry.id] = (entry.digest, entry.owner_id, entry.name, entry.media_type)
                self._copy(entry)

    def _copy(self, entry: FileEntry) -> None:
        target = self.folder / entry.digest
        self.folder.mkdir(parents=True, exist_ok=True)
        with files.opened(entry) as blob:
            if target.exists() and target.stat().st_size == blob.size:
                return
            with target.open("wb") as file:
                file.writelines(blob.chunks())

    def outward(self, revision_id: int, names: Names) -> Rename:
        """How a text of this revision is written into a folder."""
        mine = self.references.get(revision_id, set())

        def one(match: re.Match[str]) -> str:
            key = int(match.group(1))
            if key not in mine:
                return match.group()
            digest, owner, _name, _kind = self.entries[key]
            return f"/files/{digest}@{names.username(owner)}/"

        return lambda text: files.MENTION.sub(one, text)

    def listed(self, names: Names) -> list[dict[str, Any]]:
        """What the files are, in a stable order."""
        rows = [
            {"digest": digest, "owner": names.username(owner), "name": name, "media_type": kind}
            for digest, owner, name, kind in self.entries.values()
        ]
        return sorted(rows, key=lambda row: (row["digest"], str(row["owner"])))

    def paths(self) -> set[Path]:
        """Where the bytes lie."""
        return {self.folder / row[0] for row in self.entries.values()}


def ahead(folder: Path, listed: Sequence[dict[str, Any]], asked: set[Pair], *, dry_run: bool) -> dict[Pair, Examined]:
    """Where files lie with another machine, those that are asked for and not here yet lie there before the transaction
    begins: nobody waits for a lock while we wait for an answer. What no row comes to name, the sweep takes away.

    What cannot be kept is left out; the article that asks for it says why.

    Raises:
        DiskFull, Unavailable.
    """
    if not elsewhere():
        return {}
    rows = by_pair(listed)
    digests = sorted({digest for digest, _owner in asked})
    here = sa.select(FileEntry.digest, User.username).join(User, User.id == FileEntry.owner_id)
    with reading() as s:
        known = {(digest, owner) for digest, owner in s.execute(here.where(FileEntry.digest.in_(digests)))}
    found = {}
    for pair in sorted((asked & rows.keys()) - known):
        with contextlib.suppress(Invalid):
            name = str(rows[pair]["name"])
            one = files.examine(name, read(folder, pair[0], name), exact=True)
            nowhere = replace(one, keys=(secrets.token_hex(16), None), lying=one.size, data=b"", small=None)
            found[pair] = nowhere if dry_run else files.laid(one)
    return found


def by_pair(listed: Sequence[dict[str, Any]]) -> dict[Pair, dict[str, Any]]:
    """What a folder says of its files, by their digest and owner."""
    return {(str(row["digest"]), str(row["owner"])): row for row in listed}


def read(folder: Path, digest: str, name: str) -> bytes:
    """The bytes of a file of the folder.

    Raises:
        Invalid: they are missing, or others.
    """
    try:
        data = (folder / "files" / digest).read_bytes()
    except OSError as error:
        raise Invalid({"files": _("The file %(name)s is missing.", name=name)}) from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise Invalid({"files": _("The file %(name)s is damaged.", name=name)})
    return data


class Unpacked:
    """The files of a folder, as they are called here once somebody's text has asked for them. ``ready``: those of them
    that were made ready ``ahead``."""

    def __init__(
        self, folder: Path, listed: Sequence[dict[str, Any]], people: dict[str, int], ready: dict[Pair, Examined]
    ) -> None:
        self.folder = folder
        self.people = people
        self.rows = by_pair(listed)
        self.ready = ready
        self.asked: list[int] = []  # ids of the files that texts asked for since the last ``asked_now``

    def inward(self, text: str) -> str:
        """A text of the folder as it reads here; the files it refers to are kept.

        Raises:
            Invalid: one of them is missing, damaged, or of a kind that is not taken.
        """
        return PORTABLE.sub(self._here, text)

    def asked_now(self) -> tuple[int, ...]:
        """The ids of what was asked for since the last time."""
        found, self.asked = tuple(self.asked), []
        return found

    def _here(self, match: re.Match[str]) -> str:
        digest, owner = match.groups()
        row = self.rows.get((digest, owner))
        if row is None or owner not in self.people:
            return match.group()
        entry = self._entry(digest, owner, str(row["name"]))
        self.asked.append(entry.id)
        return f"/files/{entry.id}/"

    def _entry(self, digest: str, owner: str, name: str) -> FileEntry:
        here = sa.select(FileEntry).where(FileEntry.owner_id == self.people[owner], FileEntry.digest == digest)
        known = session.scalar(here.order_by(FileEntry.id).limit(1))
        if known is not None:
            return known
        brought_by = actor_of(session.get_one(User, self.people[owner]))
        ready = self.ready.get((digest, owner))
        if ready is not None:
            return files.store(brought_by, ready)
        return files.keep(brought_by, name, read(self.folder, digest, name), exact=True)
