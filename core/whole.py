"""A file that is there whole or not at all."""

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(path: Path, *, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """Write into this; leaving the block without an error puts it in its place, on the disk for good.

    Whatever stood there is replaced. An error, or a kill, leaves that as it was.
    """
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
        settle(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            scratch.unlink()
        raise


def word_in(path: Path) -> str:
    """The word that this file holds: made on first use, and one for all who make it at once (``open`` and writing are
    two steps; who reads between them waits). A file that its maker left empty gets one."""
    for _turn in range(20):
        with contextlib.suppress(FileExistsError), path.open("x", encoding="ascii") as file:
            file.write(secrets.token_hex(8))
        if word := path.read_text("ascii").strip():
            return word
        time.sleep(0.05)
    path.write_text(secrets.token_hex(8), "ascii")
    return path.read_text("ascii").strip()


def settle(folder: Path) -> None:
    """The names in this folder are on the disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
