"""``GET /ledger``."""

from typing import Any

from pydantic import Field

from core.api import Api, Out, PageIn, page
from core.web import actor
from wiki.scoring.models import LedgerEntry
from wiki.scoring.permissions import P
from wiki.scoring.queries import Filter, ledger, moment, sums
from wiki.scoring.rules import Unit
from wiki.scoring.views import whose

api = Api("scoring")


class LedgerQuery(PageIn):
    """Whose entries (a username; default: the caller) and of which days, both counted in; or times with an offset."""

    user: str | None = None
    from_: str | None = Field(None, alias="from")
    to: str | None = None
    unit: Unit | None = None


class EntryOut(Out):
    """One entry. ``points`` is a decimal with two places, of the unit."""

    id: str
    at: str
    rule: str
    points: str
    unit: str
    source: str
    revision: str | None
    period: str
    note: str


class LedgerOut(Out):
    """``sum`` is of the whole filter, not of the page; ``sums`` the same by unit."""

    items: list[EntryOut]
    next: str | None
    total: int
    user: str
    sum: str
    sums: dict[str, str]


def entry_out(entry: LedgerEntry) -> EntryOut:
    """The entry as the interface shows it."""
    return EntryOut(
        id=str(entry.id),
        at=entry.at.isoformat(),
        rule=entry.rule,
        points=f"{entry.points:.2f}",
        unit=entry.unit.value,
        source=entry.source,
        revision=str(entry.revision_id) if entry.revision_id else None,
        period=entry.period,
        note=entry.note,
    )


@api.get("/ledger", gate=P.OPEN_LEDGER, query=LedgerQuery, answer=LedgerOut)
def show_ledger(query: LedgerQuery) -> dict[str, Any]:
    """Points and credits of a person, and what earned them, newest first."""
    user = whose(query.user, actor())
    wanted = Filter(
        user_id=user.id,
        since=moment(query.from_, "from"),
        before=moment(query.to, "to", end=True),
        unit=query.unit,
    )
    totals = sums(wanted)
    return {
        **page(ledger(wanted), query, entry_out),
        "user": user.username,
        "sum": f"{sum(totals.values()):.2f}",
        "sums": {unit.value: f"{total:.2f}" for unit, total in totals.items()},
    }
