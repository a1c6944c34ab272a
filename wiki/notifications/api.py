"""``GET /notices`` and ``POST /notices/read``."""

from datetime import datetime
from typing import Any

from pydantic import Field

from core.api import Api, In, Out, PageIn, page
from core.errors import Invalid
from core.i18n import _
from core.web import actor
from wiki.notifications import ops
from wiki.notifications.models import NoticeEntry
from wiki.notifications.permissions import P
from wiki.notifications.queries import count_unread, notices_of
from wiki.notifications.table import ROWS
from wiki.notifications.words import worded

api = Api("notices")


class NoticesQuery(PageIn):
    """Only those not read yet, or only the urgent ones."""

    unread: bool = False
    urgent: bool = False


class NoticeOut(Out):
    """One notice, in the caller's language."""

    id: str
    code: str
    group: str
    urgent: bool
    subject: str
    body: str
    on_behalf_of: str | None
    url: str
    created_at: datetime
    read_at: datetime | None


class NoticesOut(Out):
    """A page of notices. ``unread`` counts to 100 and not beyond."""

    items: list[NoticeOut]
    next: str | None
    total: int
    unread: int


class ReadIn(In):
    """Which ones are read now: some by id, or ``all``."""

    ids: list[str] = Field([], max_length=1000)
    all: bool = False


class UnreadOut(Out):
    """How many are left."""

    unread: int


def notice_out(entry: NoticeEntry) -> NoticeOut:
    """The notice as the interface shows it."""
    said, row = worded(entry), ROWS.get(entry.code)
    return NoticeOut(
        id=str(entry.id),
        code=entry.code,
        group=row.group.value if row else "",
        urgent=entry.urgent,
        subject=said.subject,
        body=said.body,
        on_behalf_of=said.on_behalf_of or None,
        url=entry.url,
        created_at=entry.created_at,
        read_at=entry.read_at,
    )


@api.get("/notices", gate=P.READ_NOTICES, query=NoticesQuery, answer=NoticesOut)
def list_notices(query: NoticesQuery) -> dict[str, Any]:
    """The caller's notices, newest first."""
    found = notices_of(actor(), unread=query.unread, urgent=query.urgent)
    return {**page(found, query, notice_out), "unread": count_unread(actor())}


@api.post("/notices/read", gate=P.READ_NOTICES, body=ReadIn, answer=UnreadOut)
def read_notices(body: ReadIn) -> UnreadOut:
    """Mark notices of the caller as read; again changes nothing."""
    if not body.all and not body.ids:
        raise Invalid({"ids": _("Say which ones, or all.")})
    wanted = [int(one) for one in body.ids if one.isdecimal() and len(one) < 10]
    ops.read(actor(), None if body.all else wanted)
    return UnreadOut(unread=count_unread(actor()))
