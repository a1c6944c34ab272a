"""Dividing anew what was paid already: many acts at once, with as many statements for a thousand as for one."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import database, session
from wiki.scoring import ops, queries
from wiki.scoring.models import LedgerEntry, ScoringAct
from wiki.scoring.rules import ONE, Does

CHUNK = 500  # acts in one statement


def divide(firsts: Sequence[ScoringAct], shares: Mapping[int, int], **details: Any) -> int:
    """What these acts pay is shared in these parts from now on, each on its own: what some gain, others lose. How many
    acts that were; those that pay nothing (any more) stay as they are."""
    acts = [one for one in firsts if one.undoes is None]
    if not shares:
        return 0
    return sum(_divide_some(acts[n : n + CHUNK], shares, details) for n in range(0, len(acts), CHUNK))


def _divide_some(firsts: Sequence[ScoringAct], shares: Mapping[int, int], details: Mapping[str, Any]) -> int:
    if not database().sqlite:  # whoever takes one of them back at this instant waits
        held = sa.select(ScoringAct.id).where(ScoringAct.id.in_([one.id for one in firsts]))
        session.execute(held.order_by(ScoringAct.id).with_for_update())
    later = queries.followings(firsts)
    groups = ops.groups_of(firsts, later)
    standing = [first for first in firsts if groups[first.id].standing]
    if not standing:
        return 0
    now = clock.now()
    month, day, about = ops.when(now)
    rows = [
        {
            "event": first.event, "variant": first.variant, "source_kind": first.source_kind,
            "source_id": first.source_id, "source": _name(first, later[first.id]), "undoes": first.source,
            "does": Does.DIVIDE, "people": list(shares), "shares": list(shares.values()), "amount": ONE,
            "revision_id": first.revision_id, "at": now, "day": day, "period": month, "recorded_at": now,
            "details": {**ops.handed_down(first), **details, "why": "shares", **about},
        }
        for first in standing
    ]  # fmt: skip
    session.execute(sa.insert(ScoringAct), rows)
    made = queries.acts_named({first.event for first in standing}, [str(row["source"]) for row in rows])
    # no lock on people's caps: a division spends nothing of them
    entries = [
        ops.ledger_values(row, entry)
        for first in standing
        for row in (made[first.event, _name(first, later[first.id])],)
        for entry in groups[first.id].follow(row.act)
    ]
    if entries:
        session.execute(sa.insert(LedgerEntry), entries)
    return len(rows)


def _name(first: ScoringAct, later: Sequence[ScoringAct]) -> str:
    return f"{first.source}~{len(later) + 1}"
