"""Reckon the whole ledger again from what happened, compare it to the hundredth, and mend it by adding.

Acts and entries are read side by side, once, in the order in which they were recorded; what the replay remembers is
bounded by what later acts still refer to. So a million entries are compared in the memory of some thousand.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import groupby, islice
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import session
from core.i18n import choose_zone
from wiki.scoring import queries, registry
from wiki.scoring.models import LedgerEntry, ScoringAct
from wiki.scoring.ops import ledger_row
from wiki.scoring.replay import Replay, Target
from wiki.scoring.rules import NOTHING, Act, Entry, month_of

AT_ONCE = 5_000  # rows of an open reading
MENDED_AT_ONCE = 20_000  # differences that are held in memory

Key = tuple[int, str]  # person and rule, within one act


@dataclass(frozen=True, slots=True)
class Difference:
    """What one person has, and should have, by one rule from one source."""

    user_id: int
    rule: str
    source: str
    written: Decimal
    reckoned: Decimal
    act_id: int = 0
    entry: Entry | None = None


def verify() -> list[Difference]:
    """Compare the ledger with what happened, to the hundredth; empty when it is the same."""
    return list(differences())


def differences() -> Iterator[Difference]:
    """Where the ledger is not what acts and rules say, in the order of the acts. Writes nothing."""
    written = _written()
    have = next(written, None)
    for act_id, act, entries in reckoned():
        rows: dict[Key, Decimal] = {}
        while have is not None and have[0] <= act_id:
            if have[0] == act_id:
                rows = have[1]
            have = next(written, None)
        wanted = {(entry.user_id, entry.rule): entry for entry in entries}
        for key in sorted(wanted.keys() | rows.keys()):
            points = wanted[key].points if key in wanted else NOTHING
            if rows.get(key) != points and (key in wanted or rows[key]):
                found = rows.get(key, NOTHING)
                yield Difference(*key, act.source, found, points, act_id, wanted.get(key))


def reckoned() -> Iterator[tuple[int, Act, list[Entry]]]:
    """Every act with what it earns, in the order in which they were recorded."""
    wanted, ends = _references(), _ends()
    book = Replay(queries.rules(), keep=wanted.__contains__)
    done = _last_uses(wanted)
    for act_id, act in queries.acts_streamed(AT_ONCE):
        yield act_id, act, book.entries(act)
        if act_id in ends or act_id in done:
            book.forget(days=ends.get(act_id, ()), targets=done.get(act_id, ()))


def _references() -> dict[Target, int]:
    """Acts to which others refer, with the last that does."""
    rows = session.execute(
        sa.select(ScoringAct.event, ScoringAct.undoes, sa.func.max(ScoringAct.id))
        .where(ScoringAct.undoes.is_not(None))
        .group_by(ScoringAct.event, ScoringAct.undoes)
    )
    return {(event, source): last for event, source, last in rows}


def _last_uses(wanted: dict[Target, int]) -> dict[int, list[Target]]:
    found: dict[int, list[Target]] = defaultdict(list)
    for target, last in wanted.items():
        found[last].append(target)
    return found


def _ends() -> dict[int, list[date | str]]:
    """By act: the days and months of which nothing comes after it."""
    found: dict[int, list[date | str]] = defaultdict(list)
    for column in (ScoringAct.day, ScoringAct.period):
        rows: Any = session.execute(sa.select(column, sa.func.max(ScoringAct.id)).group_by(column))
        for span, last in rows:
            found[last].append(span)
    return found


def _written() -> Iterator[tuple[int, dict[Key, Decimal]]]:
    """What the ledger says of each act; corrections are added to what they correct."""
    rows = session.execute(
        sa.select(LedgerEntry.act_id, LedgerEntry.user_id, LedgerEntry.rule, LedgerEntry.points)
        .order_by(LedgerEntry.act_id)
        .execution_options(yield_per=AT_ONCE)
    )
    for act_id, some in groupby(rows, key=lambda row: row[0]):
        sums: dict[Key, Decimal] = {}
        for _act_id, user_id, rule, points in some:
            sums[user_id, rule] = sums.get((user_id, rule), NOTHING) + points
        yield act_id, sums


def unrecorded() -> dict[str, int]:
    """How many facts of each table below have no act yet; empty unless something was brought in behind our back."""
    return {facts.name: count for facts in registry.facts() if (count := len(facts.missing()))}


def rebuild() -> tuple[int, int]:
    """Afterwards every fact has its act, and the ledger is what the acts and rules say: (facts told, entries added).

    Nothing is changed or deleted: what is missing or wrong becomes an entry with the difference; where its month is
    closed, an entry of the open one.
    """
    told = 0
    for facts in registry.facts():
        for fact_id in facts.missing():
            facts.tell(fact_id)
            told += 1
    mended = 0
    while some := list(islice(differences(), MENDED_AT_ONCE)):
        for found in some:
            _correct(found)
        session.flush()
        session.expunge_all()
        mended += len(some)
    return told, mended


def _correct(found: Difference) -> None:
    """Add the difference: under the source itself when nothing is written yet, else as its next correction."""
    row = session.get_one(ScoringAct, found.act_id)
    same = (LedgerEntry.act_id == row.id, LedgerEntry.user_id == found.user_id, LedgerEntry.rule == found.rule)
    earlier = list(session.scalars(sa.select(LedgerEntry).where(*same).order_by(LedgerEntry.id)))
    base = found.entry or _zero(row, earlier[0])
    made = ledger_row(row, replace(base, points=found.reckoned - found.written))
    if earlier:
        taken = {one.source for one in earlier}
        number = next(n for n in range(len(earlier), 10_000) if f"{row.source}#{n}" not in taken)
        made.source, made.note = f"{row.source}#{number}", "correction"
    if registry.is_closed(made.period):
        late = {"late_for": made.period}
        made.period, made.details = month_of(clock.now(), choose_zone()), {**late, **made.details}
    session.add(made)


def _zero(row: ScoringAct, like: LedgerEntry) -> Entry:
    """What should not be there at all."""
    return Entry(
        like.user_id, like.rule_id, like.rule, row.event, row.source, like.unit, NOTHING, NOTHING, like.multiplier,
        row.day, row.period,
    )  # fmt: skip
