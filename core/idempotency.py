"""The same request twice is one effect: a key, kept with its answer in the transaction of the act itself.

The API sends ``Idempotency-Key``, and the same key with another body is refused; our forms carry a hidden ``once``.
"""

import hashlib
from datetime import datetime, timedelta
from urllib.parse import unquote

import sqlalchemy as sa
from flask import Response, request
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.urls import iri_to_uri

from core import clock
from core.chores import chore
from core.db import Base, session
from core.errors import Invalid
from core.i18n import _


class IdempotencyKey(Base):
    """One remembered answer; old rows are swept by the worker."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (sa.UniqueConstraint("actor_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int]
    key: Mapped[str] = mapped_column(sa.String(200))
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int] = mapped_column(default=0)
    content_type: Mapped[str] = mapped_column(sa.String(100), default="")
    location: Mapped[str | None] = mapped_column(sa.String(500))
    etag: Mapped[str | None] = mapped_column(sa.String(100))
    body: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime]


def key_of_request() -> str | None:
    """The key this request carries, if any.

    A form that somebody came back to and changed is another request, so what it says is part of its key.
    """
    key = request.headers.get("Idempotency-Key")
    if key:
        return key[:200]
    once = request.form.get("once") if request.method == "POST" else None
    return f"{once[:60]}:{_fingerprint()}" if once else None


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    if request.is_json or request.path.startswith("/api/"):  # the interface reads JSON whatever its body calls itself
        digest.update(request.get_data(cache=True))
    else:
        for name, values in sorted(request.form.lists()):
            if name != "csrf_token":
                digest.update(f"{name}={values!r}\n".encode("utf-8", "surrogatepass"))
        for name, file in request.files.items(multi=True):  # another file is another act
            digest.update(f"{name}={file.filename!r}\n".encode("utf-8", "surrogatepass"))
            digest.update(file.stream.read())
            file.stream.seek(0)
    return digest.hexdigest()


def replay(actor_id: int, key: str) -> Response | None:
    """The remembered answer, or ``None`` when this is the first time.

    Raises:
        Invalid: the key was used with another request.
    """
    found = session.scalar(
        sa.select(IdempotencyKey).where(IdempotencyKey.actor_id == actor_id, IdempotencyKey.key == key)
    )
    if found is None:
        return None
    if found.fingerprint != _fingerprint():
        raise Invalid({"Idempotency-Key": _("This key was already used for another request.")}, code="key-reused")
    answer = Response(found.body, status=found.status, content_type=found.content_type)
    if found.location:
        answer.headers["Location"] = iri_to_uri(found.location)
    if found.etag:
        answer.headers["ETag"] = found.etag
    answer.headers["Idempotent-Replay"] = "true"
    return answer


def claim(actor_id: int, key: str) -> IdempotencyKey:
    """Take the key now, so that a rival with the same key waits for our commit and then replays it."""
    row = IdempotencyKey(actor_id=actor_id, key=key, fingerprint=_fingerprint(), created_at=clock.now())
    session.add(row)
    session.flush()
    return row


def remember(row: IdempotencyKey, answer: Response) -> None:
    """Keep the answer beside the key."""
    row.status = answer.status_code
    row.content_type = answer.content_type or ""
    location = answer.headers.get("Location")
    row.location = (
        location if location is None or len(location) <= 500 else unquote(location)[:500]
    )  # Chinese is longer
    row.etag = answer.headers.get("ETag")
    row.body = answer.get_data(as_text=True)[:200_000]


@chore(every=3600)
def sweep() -> None:
    """Forget answers older than two days."""
    session.execute(sa.delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - timedelta(days=2)))
