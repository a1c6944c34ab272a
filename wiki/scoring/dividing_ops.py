"""Dividing anew what was paid already: many acts at once, with as many statements for a thousand as for one."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import database, session
from wiki.scoring import ops, queries
from wiki.scoring.models import ScoringAct
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
    now = clock.now()
    month, day, about = ops.when(now)
    rows = {
        first: ScoringAct(
            event=first.event, variant=first.variant, source_kind=first.source_kind, source_id=first.source_id,
            source=f"{first.source}~{len(later[first.id]) + 1}", undoes=first.source, does=Does.DIVIDE,
            people=list(shares), shares=list(shares.values()), amount=ONE, revision_id=first.revision_id,
            at=now, day=day, period=month, recorded_at=now,
            details={**ops.handed_down(first), **details, "why": "shares", **about},
        )
        for first in firsts
        if groups[first.id].standing
    }  # fmt: skip
    session.add_all(rows.values())
    session.flush()
    # no lock on people's caps: a division spends nothing of them
    session.add_all(
        ops.ledger_row(row, entry) for first, row in rows.items() for entry in groups[first.id].follow(row.act)
    )
    session.flush()
    return len(rows)
