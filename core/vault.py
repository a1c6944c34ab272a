"""Bytes that people brought, kept in files of random names beside the database: ``var/files/ab/cd/abcd….``.

A name says nothing of what is in it, and no name that a person chose ever reaches the disk. Bytes are written before
their row is committed and removed after its removal is: what a crash leaves behind is a file without a row, which the
sweep of its owner takes away – never a row without its file.
"""

import contextlib
import errno
import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from core.errors import DiskFull
from core.i18n import _
from core.whole import settle

KEY = re.compile(r"[0-9a-f]{32}")


def put(root: Path, data: bytes) -> str:
    """Keep these bytes for good (they are on the disk when this returns) and give the key to them.

    Raises:
        DiskFull: there is no room; nothing was kept.
    """
    key = secrets.token_hex(16)
    path = path_of(root, key)
    scratch = path.with_suffix(".new")
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


def path_of(root: Path, key: str) -> Path:
    """Where the bytes of a key lie."""
    if not KEY.fullmatch(key):
        raise ValueError("not a key of the vault")
    return root / key[:2] / key[2:4] / key


def remove(root: Path, key: str) -> None:
    """The bytes are gone; removing them again does nothing."""
    path_of(root, key).unlink(missing_ok=True)


def older_than(root: Path, seconds: float) -> Iterator[Path]:
    """Every file in the vault that was written longer ago than this, also what a crash left half-written."""
    limit = time.time() - seconds  # the clock of the disk, whatever a test says the time is
    for path in root.glob("??/??/*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < limit:
                yield path
