"""Codes of six digits that an app makes of a shared secret and the time (RFC 6238), and the picture that hands it over.

Pure but for the key of the installation, with which secrets are sealed before they are kept: a copy of the database
alone is nobody's second factor.
"""

import base64
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import pyotp
import segno

from core.later import Later

_fernet = Later("cryptography.fernet")
NAME = "Spiral"  # what the app shows above the code
STEP = 30  # seconds
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none is mistaken for another
QUIET = 4  # modules around the picture, as readers want them


@dataclass(frozen=True, slots=True)
class Picture:
    """A QR code as one path of an SVG: ``side`` modules wide and high, its quiet zone included."""

    side: int
    path: str


def offered(key: str, whom: str) -> str:
    """The secret that one showing hands over: the same for the same ``whom``, and nobody's guess without the key."""
    digest = hmac.digest(key.encode(), f"spiral second step {whom}".encode(), "sha256")
    return base64.b32encode(digest[:20]).decode()


def address(secret: str, username: str) -> str:
    """What the picture says: whose secret this is."""
    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=username, issuer_name=NAME)


def picture(text: str) -> Picture:
    """The QR code of a text, light modules left to the background."""
    made = segno.make(text, error="m", micro=False)
    parts = []
    for y, row in enumerate(made.matrix):
        runs = re.finditer("1+", "".join("1" if module & 1 else "0" for module in row))
        parts += [f"M{run.start() + QUIET} {y + QUIET}h{len(run[0])}v1h-{len(run[0])}z" for run in runs]
    return Picture(len(made.matrix) + 2 * QUIET, "".join(parts))


def plain(typed: str) -> str:
    """What was meant: blanks, hyphens and the width of letters do not count."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed[:100])).lower()


def step_of(secret: str, typed: str, now: datetime, last: int) -> int | None:
    """The half minute whose code this is: the present one or a neighbour, and later than ``last``; else ``None``."""
    if not re.fullmatch("[0-9]{6}", typed):
        return None
    here, app = int(now.timestamp()) // STEP, pyotp.TOTP(secret, interval=STEP)
    found = [step for step in (here - 1, here, here + 1) if hmac.compare_digest(app.generate_otp(step), typed)]
    return max((step for step in found if step > last), default=None)


def recovery_code() -> str:
    """One way in without the app: four groups of four (79 bits), to be written down."""
    return "-".join("".join(secrets.choice(LETTERS) for _i in range(4)) for _j in range(4))


def recovery_hash(user_id: int, typed: str) -> str:
    """What the table keeps of it."""
    return sha256(f"{user_id}:{plain(typed)}".encode()).hexdigest()


def seal(secret: str, key: str) -> str:
    """The secret as the table keeps it."""
    return str(_box(key).encrypt(secret.encode()).decode())


def unseal(sealed: str, key: str) -> str | None:
    """The secret; ``None`` when the installation has another key now."""
    try:
        return str(_box(key).decrypt(sealed.encode()).decode())
    except _fernet.InvalidToken:
        return None


def _box(key: str) -> Any:
    return _fernet.Fernet(base64.urlsafe_b64encode(hmac.digest(key.encode(), b"spiral second factor", "sha256")))
