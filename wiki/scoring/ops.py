"""Writes of the ledger: record an act and what it earns, seed rules, change a rule, reckon again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import clock
from core.db import database, session
from core.errors import Invalid
from core.i18n import _, choose_zone
from wiki.scoring import queries, registry
from wiki.scoring.models import LedgerEntry, ScoringAct, ScoringRule
from wiki.scoring.rules import DEFAULTS, DEFAULTS_SINCE, ONE, Entry, Rule, month_of, price, replay, rule_for, undo

NOTHING = Decimal("0.00")
LOCK = 0x5343_4F52  # 'SCOR': the first half of PostgreSQL's advisory lock, the person is the other


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
    details: Mapping[str, Any] | None = None,
) -> list[LedgerEntry]:
    """Record that something happened and write what everybody earns by it, in the current transaction.

    Telling the same (event, source) again adds nothing. An act of a closed month belongs to the open one, and says so.

    Raises:
        KeyError: nobody registered this type of act.
    """
    registry.known(event)
    source = source or f"{source_kind}:{source_id}"
    if not people or _is_recorded(event, source):
        return []
    zone = choose_zone()
    month = month_of(at, zone)
    late = registry.is_closed(month)
    row = ScoringAct(
        event=event,
        variant=variant,
        source_kind=source_kind,
        source_id=source_id,
        source=source,
        undoes=undoes,
        people=list(dict.fromkeys(people)),
        amount=amount,
        score=score,
        revision_id=revision_id,
        at=at,
        day=at.astimezone(ZoneInfo(zone)).date(),
        period=month_of(clock.now(), zone) if late else month,
        details={**(details or {}), **({"late_for": month} if late else {})},
        recorded_at=clock.now(),
    )
    rules = queries.rules()
    _one_at_a_time(row, rules)
    session.add(row)
    session.flush()
    return _write(row, _priced(row, rules))


def _is_recorded(event: str, source: str) -> bool:
    found = sa.select(ScoringAct.id).where(ScoringAct.event == event, ScoringAct.source == source)
    return session.scalar(found) is not None


def _one_at_a_time(row: ScoringAct, rules: list[Rule]) -> None:
    """Two acts at one instant must not both find room under one person's cap (SQLite has one writer anyway)."""
    rule = rule_for(row.act, rules)
    if database().sqlite or rule is None or rule.cap_per_day is None:
        return
    for user_id in sorted(row.people):
        session.execute(sa.text("SELECT pg_advisory_xact_lock(:lock, :person)"), {"lock": LOCK, "person": user_id})


def _priced(row: ScoringAct, rules: list[Rule]) -> list[Entry]:
    if row.undoes is None:
        return price(row.act, rules, queries.spent)
    return undo(row.act, [_entry(old) for old in session.scalars(queries.earned_by(row.event, row.undoes))])


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
    made = _ledger_rows(row, entries)
    session.add_all(made)
    session.flush()
    return made


def _ledger_rows(row: ScoringAct, entries: Iterable[Entry]) -> list[LedgerEntry]:
    return [
        LedgerEntry(
            act_id=row.id,
            user_id=entry.user_id,
            rule_id=entry.rule_id,
            rule=entry.rule,
            event=row.event,
            unit=entry.unit,
            points=entry.points,
            uncapped=entry.uncapped,
            multiplier=entry.multiplier,
            source_kind=row.source_kind,
            source_id=row.source_id,
            source=row.source,
            revision_id=row.revision_id,
            at=row.at,
            day=row.day,
            period=row.period,
            note="",
            details=row.details,
        )
        for entry in entries
    ]


def change_rule(code: str, *, points: Decimal, since: date, cap_per_day: Decimal | None = None) -> ScoringRule:
    """From ``since`` on the rule pays ``points``; what was earned before stays.

    Raises:
        Invalid: there is no such rule, it already has a later change, or the day lies in a closed month.
    """
    old = session.scalar(
        sa.select(ScoringRule).where(ScoringRule.code == code).order_by(ScoringRule.valid_from.desc()).limit(1)
    )
    if old is None:
        raise Invalid({"code": _("There is no rule %(code)s.", code=code)})
    if since <= old.valid_from:
        raise Invalid({"since": _("This rule was changed on a later day already.")})
    if registry.is_closed(f"{since:%Y-%m}"):
        raise Invalid({"since": _("That month is closed; rules are never dated into a closed month.")})
    old.valid_to = since - timedelta(days=1)
    new = ScoringRule(
        code=code,
        event=old.event,
        variant=old.variant,
        points=points,
        unit=old.unit,
        quality=old.quality,
        split=old.split,
        cap_per_day=cap_per_day if cap_per_day is not None else old.cap_per_day,
        valid_from=since,
    )
    session.add(new)
    session.flush()
    return new


@dataclass(frozen=True, slots=True)
class Difference:
    """What one person has, and should have, by one rule from one source."""

    user_id: int
    rule: str
    source: str
    written: Decimal
    reckoned: Decimal


Key = tuple[int, str, str]  # person, rule, source


def _reckoned() -> dict[Key, Entry]:
    acts = (row.act for row in session.scalars(queries.acts().execution_options(yield_per=5000)))
    return {(e.user_id, e.rule, e.source): e for e in replay(acts, queries.rules())}


def _written() -> dict[Key, Decimal]:
    """What the ledger says; corrections (source#1, source#2 …) are added to what they correct."""
    found: dict[Key, Decimal] = {}
    rows = session.execute(
        sa.select(LedgerEntry.user_id, LedgerEntry.rule, LedgerEntry.source, LedgerEntry.points).order_by(
            LedgerEntry.id
        )
    )
    for user_id, rule, source, points in rows:
        key = (user_id, rule, source.partition("#")[0])
        found[key] = found.get(key, NOTHING) + points
    return found


def verify() -> list[Difference]:
    """Reckon the whole ledger again from the acts and compare it, to the hundredth; empty when it is the same."""
    return _compare(_reckoned(), _written())


def _compare(reckoned: dict[Key, Entry], written: dict[Key, Decimal]) -> list[Difference]:
    wanted = {key: entry.points for key, entry in reckoned.items()}
    return [
        Difference(*key, written.get(key, NOTHING), wanted.get(key, NOTHING))
        for key in sorted(wanted.keys() | written.keys())
        if written.get(key) != wanted.get(key) and (key in wanted or written[key])
    ]


def unrecorded() -> dict[str, int]:
    """How many facts of each table below have no act yet; empty unless something was brought in behind our back."""
    return {facts.name: count for facts in registry.facts() if (count := len(facts.missing()))}


def rebuild() -> tuple[int, int]:
    """Afterwards every fact has its act, and the ledger is what the acts and rules say: (facts told, entries added).

    Nothing is changed or deleted: what is missing or wrong becomes an entry with the difference.
    """
    told = 0
    for facts in registry.facts():
        for fact_id in facts.missing():
            facts.tell(fact_id)
            told += 1
    reckoned, written = _reckoned(), _written()
    differences = _compare(reckoned, written)
    for found in differences:
        _correct(found, reckoned.get((found.user_id, found.rule, found.source)))
    return told, len(differences)


def _correct(found: Difference, entry: Entry | None) -> None:
    """Add the difference: under the source itself when nothing is written yet, else as its next correction."""
    same = sa.select(LedgerEntry).where(
        LedgerEntry.user_id == found.user_id,
        LedgerEntry.rule == found.rule,
        sa.or_(LedgerEntry.source == found.source, LedgerEntry.source.startswith(found.source + "#", autoescape=True)),
    )
    earlier = list(session.scalars(same.order_by(LedgerEntry.id)))
    base = entry or _entry(earlier[0])
    row = session.scalars(
        sa.select(ScoringAct).where(ScoringAct.event == base.event, ScoringAct.source == found.source)
    ).one_or_none() or session.get_one(ScoringAct, earlier[0].act_id)
    (made,) = _ledger_rows(row, [replace(base, points=found.reckoned - found.written)])
    if earlier:
        made.source = f"{found.source}#{len(earlier)}"
        made.note = "correction"
    session.add(made)
    session.flush()
