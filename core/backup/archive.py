"""The file: a zip whose parts are all named in a manifest with their size and SHA-256, written as its last part.

The manifest shows damage, not forgery: whoever can write the archive can write its checksums.
"""

import hashlib
import json
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from core.errors import DomainError

FORMAT = "spiral-backup"
VERSION = 1
MANIFEST = "spiral-backup.json"
CHUNK = 1 << 20
LARGEST_MANIFEST = 256 << 20
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)  # by spoilt bytes
Step = Callable[[int], None]


class BackupError(DomainError):
    """A backup was not made, or not restored; the sentence says why and what to do."""

    code = "backup"


def silent(_bytes: int) -> None:
    """Nobody watches."""


class Writer:
    """Parts go in one after the other; ``finish`` makes it an archive."""

    def __init__(self, file: IO[bytes]) -> None:
        self.zip = zipfile.ZipFile(file, "w", allowZip64=True)
        self.parts: list[dict[str, Any]] = []

    def add(self, name: str, data: Iterable[bytes | memoryview], *, packed: bool = True) -> None:
        """A part of this name. ``packed``: worth compressing."""
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        entry.external_attr = 0o600 << 16
        found, size = hashlib.sha256(), 0
        with self.zip.open(entry, "w", force_zip64=True) as out:
            for piece in data:
                out.write(piece)
                found.update(piece)
                size += len(piece)
        self.parts.append({"name": name, "size": size, "sha256": found.hexdigest()})

    def finish(self, about: dict[str, Any]) -> dict[str, Any]:
        """The manifest closes the archive; it is returned."""
        manifest = {"format": FORMAT, "version": VERSION, **about, "parts": self.parts}
        self.zip.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1), zipfile.ZIP_DEFLATED)
        self.zip.close()
        return manifest


class Archive:
    """An archive whose list of contents is harmless and complete."""

    def __init__(self, path: Path, found: zipfile.ZipFile) -> None:
        self.path, self.zip = path, found
        self.about = self._manifest()
        self.parts: dict[str, dict[str, Any]] = {part["name"]: part for part in self.about["parts"]}
        self._must_be_harmless()

    @property
    def size(self) -> int:
        """Bytes of all parts, unpacked."""
        return sum(part["size"] for part in self.parts.values())

    def within(self, folder: str) -> list[str]:
        """The names of the parts in a folder."""
        return [name for name in self.parts if name.startswith(folder + "/")]

    def read(self, name: str, step: Step = silent) -> Iterator[bytes]:
        """The bytes of a part; ends with an error where they are not what the manifest says.

        Raises:
            BackupError: the part is damaged.
        """
        part, found, size = self.parts[name], hashlib.sha256(), 0
        try:
            with self.zip.open(name) as data:
                while piece := data.read(CHUNK):
                    found.update(piece)
                    size += len(piece)
                    if size > part["size"]:
                        break
                    yield piece
                    step(len(piece))
        except UNREADABLE as error:
            raise BackupError(f"{self.path} is damaged: {name} cannot be read ({error}).") from error
        if (size, found.hexdigest()) != (part["size"], part["sha256"]):
            raise BackupError(f"{self.path} is damaged: {name} is not what its checksum says.")

    def verify(self, step: Step = silent) -> None:
        """Every part is whole.

        Raises:
            BackupError: the first that is not.
        """
        for name in self.parts:
            for _piece in self.read(name, step):
                pass

    def _manifest(self) -> dict[str, Any]:
        try:
            text = self.zip.open(MANIFEST).read(LARGEST_MANIFEST)
        except KeyError as error:
            raise BackupError(f"{self.path} is no backup of Spiral: its manifest is missing.") from error
        except UNREADABLE as error:
            raise BackupError(f"{self.path} is damaged: {MANIFEST} cannot be read.") from error
        found = _understood(text)
        if found is None:
            raise BackupError(f"{self.path} is damaged: {MANIFEST} cannot be read.")
        if found["version"] > VERSION:
            raise BackupError(
                f"{self.path} was made by a newer Spiral: its format is {found['version']}, not {VERSION}."
            )
        return found

    def _must_be_harmless(self) -> None:
        entries = [entry for entry in self.zip.infolist() if entry.filename != MANIFEST]
        for entry in entries:
            if not is_inside(entry.filename) or stat.S_ISLNK(entry.external_attr >> 16):
                raise BackupError(f"{self.path} is refused: {entry.filename!r} would lie outside of the installation.")
        names = Counter(entry.filename for entry in entries)
        for name in sorted(self.parts.keys() | names.keys()):
            if names[name] != 1 or name not in self.parts:
                raise BackupError(f"{self.path} is damaged: {name} is missing, doubled, or not in its manifest.")


def _understood(text: bytes) -> dict[str, Any] | None:
    """The manifest in this text; None when it is none."""
    try:
        found = json.loads(text)
        parts = [(part["name"], part["size"], part["sha256"]) for part in found["parts"]]
        right = found["format"] == FORMAT and isinstance(found["version"], int)
    except (ValueError, TypeError, KeyError):
        return None
    whole = all(
        isinstance(n, str) and type(size) is int and size >= 0 and isinstance(sha, str) for n, size, sha in parts
    )
    return found if right and whole else None


def is_inside(name: str) -> bool:
    """A plain relative name that stays in the folder it is unpacked to."""
    path = PurePosixPath(name)
    plain = name == path.as_posix() and "\\" not in name and ":" not in name and name.isprintable()
    return plain and not path.is_absolute() and ".." not in path.parts and len(path.parts) > 1


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The archive in this file.

    Raises:
        BackupError: it is none, it is cut short, or it holds what an archive must not.
    """
    try:
        found = zipfile.ZipFile(path)
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}.") from error
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise BackupError(f"{path} is no backup of Spiral, or its end is missing.") from error
    with found:
        yield Archive(path, found)
