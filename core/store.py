"""Where the bytes lie that people brought: a folder (``core/vault.py``) or a bucket (``core/bucket.py``).

What may be fetched by whom is never asked here: whoever holds a key has asked before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, Protocol, cast

from flask import current_app

from core.addresses import file_store
from core.settings import Settings

ROOMS = ("files", "imports", "readings")
CHUNK = 256 << 10


class Missing(LookupError):
    """There are no bytes under this key (a database was restored without its files)."""


@dataclass(frozen=True, slots=True)
class Item:
    """What lies under a key: its size in bytes, and when it was put there (seconds since 1970, the store's clock)."""

    key: str
    size: int
    at: float


class Blob:
    """Bytes being read, and how many they are. Close it, or read to the end of ``chunks``."""

    def __init__(self, file: IO[bytes] | Any, size: int) -> None:
        self.file, self.size = file, size

    def read(self) -> bytes:
        """All of it."""
        with self:
            return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """Piece by piece; never all of it in memory.

        Raises:
            OSError: the other side stopped in the middle.
        """
        left = self.size
        try:
            while left > 0:
                part = self.file.read(min(CHUNK, left))
                if not part:
                    raise OSError(f"the bytes ended {left} too early")
                left -= len(part)
                yield part
        finally:
            self.close()

    def close(self) -> None:
        """Let go of it."""
        self.file.close()

    def __enter__(self) -> "Blob":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Store(Protocol):
    """Bytes by key (32 hexadecimal digits); what lies under a key never changes."""

    def put(self, data: bytes, *, key: str = "") -> str:
        """Keep these bytes for good and give the key to them, a new one unless told.

        Raises:
            DiskFull: there is no room; nothing was kept. Unavailable: the store does not answer.
        """

    def open(self, key: str) -> Blob:
        """The bytes under a key.

        Raises:
            Missing, Unavailable.
        """

    def remove(self, key: str) -> None:
        """Nothing is under the key; removing it again does nothing."""

    def each(self) -> Iterator[Item]:
        """Everything that is here, in no order."""

    def discard(self, item: Item) -> None:
        """What ``each`` told of is gone, also where it is no whole file."""

    def mark(self) -> str:
        """The same on every machine that sees the same store, and different otherwise."""


def of(room: str) -> Store:
    """The store of ``files``, ``imports`` or ``readings`` of this installation."""
    held: dict[str, Store] = current_app.extensions.setdefault("spiral.stores", {})
    if room not in held:
        held[room] = _made(_settings(), room)
    return held[room]


def elsewhere() -> bool:
    """Files lie in a place that other machines see, too: what a machine works with besides is to be there as well."""
    return bool(_settings().files_url)


def _settings() -> Settings:
    return cast(Settings, current_app.config["SPIRAL"])


def _made(settings: Settings, room: str) -> Store:
    from core.vault import Vault

    if not settings.files_url:
        return Vault(settings.var / room)
    place = file_store(settings.files_url)
    if place.folder is not None:
        return Vault(place.folder / room)
    from core.bucket import Bucket

    return Bucket(place, room)
