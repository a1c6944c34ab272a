"""Reads of imports."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core.db import session
from wiki.exchange.models import Import, ImportRow
from wiki.exchange.rules import Found, Outcome


def imports() -> sa.Select[Import]:
    """Every import that is not forgotten, newest first."""
    return sa.select(Import).options(joinedload(Import.created_by)).order_by(Import.id.desc())


def rows(import_id: int, *, found: Found | None = None, outcome: Outcome | None = None) -> sa.Select[ImportRow]:
    """The rows of an import in their order; only those of which the dry run said, or that became, this."""
    chosen = sa.select(ImportRow).where(ImportRow.import_id == import_id).order_by(ImportRow.number)
    if found is not None:
        chosen = chosen.where(ImportRow.found == found)
    return chosen.where(ImportRow.outcome == outcome) if outcome is not None else chosen


def failed(import_id: int) -> sa.Select[ImportRow]:
    """The rows that are wrong, or were refused."""
    wrong = sa.or_(ImportRow.found == Found.WRONG, ImportRow.outcome == Outcome.REFUSED)
    return sa.select(ImportRow).where(ImportRow.import_id == import_id, wrong).order_by(ImportRow.number)


def counts(import_id: int) -> tuple[dict[Found, int], dict[Outcome, int]]:
    """How many rows there are of each; one query."""
    found: dict[Found, int] = dict.fromkeys(Found, 0)
    taken: dict[Outcome, int] = dict.fromkeys(Outcome, 0)
    grouped = (
        sa.select(ImportRow.found, ImportRow.outcome, sa.func.count())
        .where(ImportRow.import_id == import_id)
        .group_by(ImportRow.found, ImportRow.outcome)
    )
    for what, outcome, number in session.execute(grouped):
        found[what] += number
        if outcome is not None:
            taken[outcome] += number
    return found, taken
