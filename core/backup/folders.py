"""Which folders beside the database hold what people brought. The packages that own them say so."""

import contextlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from core.store import Item, elsewhere, of
from core.vault import KEY

CHUNK = 1 << 20
STORED = "files"  # what may lie in a store elsewhere and is kept for good; files on their way in are on a disk, too
_folders: list[str] = []


def kept(folder: str) -> str:
    """This folder of ``var`` goes into every backup. Its bytes are written before their row is committed, and removed
    after the row is gone; names in it are random and are never used twice."""
    if folder not in _folders:
        _folders.append(folder)
    return folder


def folders() -> tuple[str, ...]:
    """All of them."""
    return tuple(sorted(_folders))


def walk(var: Path) -> Iterator[tuple[str, Path]]:
    """(name in the archive, file) of everything in these folders; what is only half written is left out."""
    for folder in folders():
        for path in sorted((var / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and path.suffix not in {".new", ".part"}:
                yield PurePosixPath(folder, path.relative_to(var / folder).as_posix()).as_posix(), path


def stored() -> Iterator[Item]:
    """What lies in the store, where that is not a folder of ``var``."""
    if elsewhere():
        yield from (item for item in of(STORED).each() if KEY.fullmatch(item.key))


def name_of(key: str) -> str:
    """The name in the archive of what lies under a key: that of its file where files lie in ``var``."""
    return f"{STORED}/{key[:2]}/{key[2:4]}/{key}"


def size(var: Path) -> int:
    """Bytes in these folders."""
    total = 0
    for _name, path in walk(var):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a file."""
    with path.open("rb") as data:
        while piece := data.read(CHUNK):
            yield piece
