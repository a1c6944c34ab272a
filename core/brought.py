"""A file on its way in: on the disk of the machine that works with it, and in the store for the other machines.

Where files lie in ``var`` there is one machine, and the disk is enough. Elsewhere what is missing on a disk is fetched,
so that one machine takes a file, a second shows its rows and the worker of a third takes them in.
"""

import contextlib
import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from core.errors import Unavailable
from core.store import Missing, elsewhere, of


def key_for(*parts: str) -> str:
    """The key in the store of something that has a longer name."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def shared(room: str, key: str, path: Path) -> None:
    """The other machines find the bytes of ``path``, too."""
    if elsewhere():
        of(room).put(path.read_bytes(), key=key)


def fetched(room: str, key: str, path: Path) -> Path:
    """``path``, which is there now unless nobody has its bytes any more."""
    if not path.exists() and elsewhere():
        with contextlib.suppress(Missing), of(room).open(key) as blob:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            scratch = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
            with scratch.open("wb") as file:
                file.writelines(blob.chunks())
            scratch.rename(path)
    return path


def forgotten(room: str, keys: Iterable[str], folder: Path) -> None:
    """Gone here and in the store; what another machine has on its disk goes with its next sweep."""
    shutil.rmtree(folder, ignore_errors=True)
    if elsewhere():
        for key in keys:
            with contextlib.suppress(OSError, Unavailable):
                of(room).remove(key)


def swept(folder: Path, known: set[str], before: float) -> None:
    """Folders of this disk that belong to nothing known and were made before (seconds since 1970) are gone."""
    for each in folder.iterdir() if folder.exists() else ():
        if each.name not in known and each.stat().st_mtime < before:
            shutil.rmtree(each, ignore_errors=True)


def cleared(room: str, known: Callable[[], set[str]], before: float) -> None:
    """What lies in the store since before then and belongs to nothing known is gone: a crash left it."""
    old = [item for item in of(room).each() if item.at < before] if elsewhere() else []
    if old:
        kept = known()
        for item in old:
            if item.key not in kept:
                of(room).discard(item)
