"""A store in a folder: bytes in files of random names, ``ab/cd/abcd….``.

A name says nothing of what is in it, and no name that a person chose ever reaches the disk. Bytes are written before
their row is committed and removed after its removal is: what a crash leaves behind is a file without a row, which the
sweep of its owner takes away – never a row without its file. The folder may be one that several machines share.
"""

import contextlib
import errno
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from core.errors import DiskFull
from core.i18n import _
from core.store import Blob, Item, Missing
from core.whole import settle, word_in

KEY = re.compile(r"[0-9a-f]{32}")
MARK = ".store"


class Vault:
    """The folder at ``root``; made when first written to."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, data: bytes, *, key: str = "") -> str:
        """See ``Store.put``: they are on the disk when this returns."""
        key = key or secrets.token_hex(16)
        path = self.path_of(key)
        scratch = path.with_name(f"{key}.{secrets.token_hex(4)}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            with scratch.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            scratch.rename(path)
            settle(path.parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                scratch.unlink()
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull(_("The disk is full. Nothing was changed; an administrator must make room.")) from error
            raise
        return key

    def path_of(self, key: str) -> Path:
        """Where the bytes of a key lie."""
        if not KEY.fullmatch(key):
            raise ValueError("not a key of the vault")
        return self.root / key[:2] / key[2:4] / key

    def open(self, key: str) -> Blob:
        """See ``Store.open``."""
        try:
            file = self.path_of(key).open("rb")
        except FileNotFoundError as error:
            raise Missing(key) from error
        return Blob(file, os.fstat(file.fileno()).st_size)

    def remove(self, key: str) -> None:
        """See ``Store.remove``."""
        self.path_of(key).unlink(missing_ok=True)

    def each(self) -> Iterator[Item]:
        """See ``Store.each``; also what a crash left half-written."""
        for path in self.root.glob("??/??/*"):
            with contextlib.suppress(FileNotFoundError):
                about = path.stat()
                yield Item(path.name, about.st_size, about.st_mtime)

    def discard(self, item: Item) -> None:
        """See ``Store.discard``."""
        (self.root / item.key[:2] / item.key[2:4] / item.key).unlink(missing_ok=True)

    def mark(self) -> str:
        """See ``Store.mark``: a word in the folder itself, so that two machines can tell whether they see the same."""
        path = self.root / MARK
        self.root.mkdir(parents=True, exist_ok=True, mode=0o750)
        return word_in(path)
