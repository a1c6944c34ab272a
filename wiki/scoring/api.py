"""``GET /ledger`` and ``GET /scoring/rules``."""

from typing import Any

from pydantic import Field

from core import clock
from core.api import Api, Out, PageIn, page
from core.i18n import choose_zone
from core.web import actor
from wiki.scoring.models import LedgerEntry, ScoringRule
from wiki.scoring.permissions import P
from wiki.scoring.queries import Filter, ledger, moment, sums
from wiki.scoring.rules import Unit
from wiki.scoring.rule_views import all_rules, standing
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


class RuleOut(Out):
    """What an act earns between two days. Points and caps are decimals with two places; ``variant`` '' fits any kind.
    ``state`` is past, now or coming."""

    code: str
    event: str
    variant: str
    unit: str
    points: str
    quality: bool
    split: bool
    cap_per_day: str | None
    cap_per_month: str | None
    valid_from: str
    valid_to: str | None
    state: str


class RulesOut(Out):
    """Every version of every rule."""

    items: list[RuleOut]


def _rule_out(row: ScoringRule) -> RuleOut:
    return RuleOut(
        code=row.code,
        event=row.event,
        variant=row.variant,
        unit=row.unit.value,
        points=f"{row.points:.2f}",
        quality=row.quality,
        split=row.split,
        cap_per_day=None if row.cap_per_day is None else f"{row.cap_per_day:.2f}",
        cap_per_month=None if row.cap_per_month is None else f"{row.cap_per_month:.2f}",
        valid_from=row.valid_from.isoformat(),
        valid_to=row.valid_to.isoformat() if row.valid_to else None,
        state=standing(row, clock.today(choose_zone())),
    )


@api.get("/scoring/rules", gate=P.SEE_RULES, answer=RulesOut)
def show_rules() -> RulesOut:
    """What contributions earn, earned and will earn: every version of every rule with its dates."""
    return RulesOut(items=[_rule_out(row) for row in all_rules()])
