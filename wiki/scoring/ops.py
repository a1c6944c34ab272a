"""Writes of the ledger: record an act and what it earns; take that back, give it again, share it in another way."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import clock
from core.appended import append
from core.db import database, session
from core.i18n import choose_zone
from wiki.scoring import queries, registry
from wiki.scoring.models import LedgerEntry, ScoringAct, ScoringRule
from wiki.scoring.replay import Group
from wiki.scoring.rules import DEFAULTS, DEFAULTS_SINCE, NOTHING, ONE, Does, Entry, Rule, month_of, price, rule_for

LOCK = 0x5343_4F52  # 'SCOR': the first half of PostgreSQL's advisory lock, the person is the other
CLOSING = 0x4B50_49  # 'KPI': what closing a period holds


def ensure_defaults() -> None:
    """Every rule of the product exists afterwards; a rule that somebody changed stays as it is."""
    known = set(session.scalars(sa.select(ScoringRule.code)))
    session.add_all(
        ScoringRule(
            code=rule.code,
            event=rule.event,
            variant=rule.variant,
            points=Decimal(rule.points),
            unit=rule.unit,
            quality=rule.quality,
            split=rule.split,
            cap_per_day=None if rule.cap_per_day is None else Decimal(rule.cap_per_day),
            cap_per_month=None if rule.cap_per_month is None else Decimal(rule.cap_per_month),
            valid_from=DEFAULTS_SINCE,
        )
        for rule in DEFAULTS
        if rule.code not in known
    )
    session.flush()


def grant(
    event: str,
    *,
    source_kind: str,
    source_id: int,
    people: Sequence[int],
    at: datetime,
    source: str | None = None,
    variant: str = "",
    amount: Decimal = ONE,
    score: int | None = None,
    revision_id: int | None = None,
    undoes: str | None = None,
    does: Does = Does.PAY,
    shares: Sequence[int] | None = None,
    details: Mapping[str, Any] | None = None,
) -> list[LedgerEntry]:
    """Record that something happened and write what everybody earns by it, in the current transaction.

    Telling the same (event, source) again adds nothing. An act of a closed month belongs to the open one, and says so.

    Raises:
        KeyError: nobody registered this type of act.
    """
    registry.known(event)
    source = source or f"{source_kind}:{source_id}"
    if not people or queries.is_recorded(event, source):
        return []
    month, day, about = when(at)
    row = ScoringAct(
        event=event,
        variant=variant,
        source_kind=source_kind,
        source_id=source_id,
        source=source,
        undoes=undoes,
        does=does,
        people=list(dict.fromkeys(people)),
        shares=list(shares) if shares is not None else None,
        amount=amount,
        score=score,
        revision_id=revision_id,
        at=at,
        day=day,
        period=month,
        details={**(details or {}), **about},
        recorded_at=clock.now(),
    )
    return _record(row)


def when(at: datetime) -> tuple[str, Any, dict[str, str]]:
    """The month an act of this moment belongs to, its day, and a word when that is not its own month."""
    zone = choose_zone()
    month, now = month_of(at, zone), month_of(clock.now(), zone)
    day = at.astimezone(ZoneInfo(zone)).date()
    if month == now:  # the running month cannot be closed
        return month, day, {}
    if not database().sqlite:  # nobody closes that month between this look and our commit
        session.execute(sa.text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": CLOSING})
    return (now, day, {"late_for": month}) if registry.is_closed(month) else (month, day, {})


def _record(row: ScoringAct) -> list[LedgerEntry]:
    rules = queries.rules(row.event)
    _one_at_a_time(row, rules)
    append(row)
    return _write(row, _priced(row, rules))


# ── what was earned, taken back and given again ──────────────────────────────────────────────────────────────────────


def undo(event: str, source: str, *, why: str, at: datetime | None = None, **details: Any) -> list[LedgerEntry]:
    """Take back whatever an act still pays, to the hundredth, as entries of the open month; nothing when that is
    nothing. ``why`` is a word of ``naming.REASONS``."""
    return _follow(event, source, Does.UNDO, at=at, details={**details, "why": why})


def restore(event: str, source: str, *, why: str, at: datetime | None = None, **details: Any) -> list[LedgerEntry]:
    """Give back what the last undoing of an act took; nothing when it stands."""
    return _follow(event, source, Does.RESTORE, at=at, details={**details, "why": why})


def _follow(
    event: str,
    source: str,
    does: Does,
    *,
    at: datetime | None = None,
    details: Mapping[str, Any],
) -> list[LedgerEntry]:
    first = queries.act_of(event, source)
    if first is None or first.undoes is not None:
        return []
    _hold(first)
    group = group_of(first)
    if (does is Does.RESTORE and not group.taken) or (does is not Does.RESTORE and not group.standing):
        return []
    later = session.scalar(sa.select(sa.func.count()).select_from(queries.following(first).subquery())) or 0
    return grant(
        event,
        source_kind=first.source_kind,
        source_id=first.source_id,
        source=f"{source}~{later + 1}",
        people=first.people,
        at=at or clock.now(),
        variant=first.variant,
        revision_id=first.revision_id,
        undoes=source,
        does=does,
        details={**handed_down(first), **details},
    )


def handed_down(first: ScoringAct) -> dict[str, Any]:
    """What an act that refers to this one says of it."""
    return {key: value for key, value in first.details.items() if key != "late_for"}


def again(event: str, source: str, *, at: datetime | None = None) -> bool:
    """True when this was recorded before; if it had been taken back, it is given back."""
    if not queries.is_recorded(event, source):
        return False
    restore(event, source, why="again", at=at)
    return True


def _hold(first: ScoringAct) -> None:
    """Two who take back the same thing at one instant wait for each other (SQLite has one writer anyway)."""
    if not database().sqlite:
        session.execute(sa.select(ScoringAct.id).where(ScoringAct.id == first.id).with_for_update())


def group_of(first: ScoringAct, *, until: int | None = None) -> Group:
    """What an act pays now, after all that was done with it (before act ``until``), corrections counted in."""
    later = [row for row in queries.followings([first])[first.id] if until is None or row.id < until]
    return groups_of([first], {first.id: later})[first.id]


def groups_of(firsts: Sequence[ScoringAct], later: Mapping[int, Sequence[ScoringAct]]) -> dict[int, Group]:
    """By number what each of these acts pays now, after what was done with it later; two statements."""
    rules = {rule.id: rule.split for rule in queries.rules()}
    rows = queries.entries_by_act([act.id for first in firsts for act in (first, *later[first.id])])
    entries = {number: [_entry(row) for row in some] for number, some in rows.items()}
    found = {}
    for first in firsts:
        group = found[first.id] = Group()
        own = entries.get(first.id, [])
        group.add(own)
        group.split = all(rules.get(entry.rule_id, True) for entry in own)
        for row in later[first.id]:
            _count_in(group, row, _together(entries.get(row.id, [])))
    return found


def _count_in(group: Group, row: ScoringAct, entries: list[Entry]) -> None:
    group.add(entries)
    if row.act.deed is Does.UNDO and entries:
        group.taken = entries
    elif row.act.deed is Does.RESTORE:
        group.taken = []


def _together(entries: Iterable[Entry]) -> list[Entry]:
    """One for each person: corrections are added to what they correct."""
    group = Group()
    group.add(entries)
    return [entry for entry in group.net.values() if entry.points]


def _one_at_a_time(row: ScoringAct, rules: list[Rule]) -> None:
    """Two acts at one instant must not both find room under one person's cap (SQLite has one writer anyway)."""
    rule = rule_for(row.act, rules)
    if database().sqlite or rule is None or (rule.cap_per_day is None and rule.cap_per_month is None):
        return
    for user_id in sorted(row.people):
        session.execute(sa.text("SELECT pg_advisory_xact_lock(:lock, :person)"), {"lock": LOCK, "person": user_id})


def _priced(row: ScoringAct, rules: list[Rule]) -> list[Entry]:
    if row.undoes is None:
        return price(row.act, rules, queries.spent)
    first = queries.act_of(row.event, row.undoes)
    if first is None or first.undoes is not None:
        return []
    _hold(first)
    return group_of(first, until=row.id).follow(row.act)


def _entry(row: LedgerEntry) -> Entry:
    return Entry(
        row.user_id,
        row.rule_id,
        row.rule,
        row.event,
        row.source,
        row.unit,
        row.points,
        row.uncapped,
        row.multiplier,
        row.day,
        row.period,
    )


def _write(row: ScoringAct, entries: Iterable[Entry]) -> list[LedgerEntry]:
    return [append(ledger_row(row, entry)) for entry in entries]


def ledger_row(row: ScoringAct, entry: Entry) -> LedgerEntry:
    """An entry of an act as it is stored."""
    return LedgerEntry(**ledger_values(row, entry))


def ledger_values(row: ScoringAct, entry: Entry) -> dict[str, Any]:
    """The columns of an entry of an act."""
    return {
        "act_id": row.id,
        "user_id": entry.user_id,
        "rule_id": entry.rule_id,
        "rule": entry.rule,
        "event": row.event,
        "unit": entry.unit,
        "points": entry.points,
        "uncapped": entry.uncapped,
        "multiplier": entry.multiplier,
        "source_kind": row.source_kind,
        "source_id": row.source_id,
        "source": row.source,
        "revision_id": row.revision_id,
        "at": row.at,
        "day": row.day,
        "period": row.period,
        "note": "",
        "details": row.details,
    }


__all__ = ["NOTHING", "again", "ensure_defaults", "grant", "group_of", "groups_of", "ledger_row", "restore", "undo"]
