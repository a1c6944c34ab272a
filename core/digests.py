"""One spelling for everything that is hashed, so that the same facts give the same digest on every machine.

Canonical form: JSON in UTF-8, keys sorted, no blanks; times in UTC as ISO 8601 with microseconds, amounts as decimal
strings, enums by their value, bytes in hexadecimal. The digest is the SHA-256 of it, in hexadecimal.
"""

import enum
import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any


def canonical(value: Any) -> bytes:
    """The canonical form.

    Raises:
        TypeError: there is no spelling for such a thing.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_spelt).encode(
        "utf-8", "surrogatepass"
    )


def digest(value: Any) -> str:
    """The SHA-256 of the canonical form, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _spelt(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"there is no spelling for {type(value).__name__}")
