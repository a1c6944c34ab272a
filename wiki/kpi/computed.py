"""Indicators that are counted and not imported. A package that counts something else registers it here by its code.

A counter gets subjects of one kind and the months of a window, and answers a measure for each subject; the denominator
is the number of people, so that a team's figure compares with a person's target.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from accounts.models import User
from core.db import session
from wiki.kpi.models import SubjectKind
from wiki.kpi.rules import Measure
from wiki.kpi.subjects import Subject, members
from wiki.scoring.models import LedgerEntry
from wiki.scoring.rules import Unit

Counter = Callable[[Sequence[Subject], Sequence[str]], dict[tuple[SubjectKind, int], Measure]]


@dataclass(frozen=True, slots=True)
class Computed:
    """How an indicator is counted, and which entries of the ledger it counts (for the way down to them)."""

    code: str
    count: Counter
    events: tuple[str, ...] = ()
    unit: Unit | None = None


_computed: dict[str, Computed] = {}


def register(computed: Computed) -> Computed:
    """Make an indicator countable; registering it again replaces it."""
    _computed[computed.code] = computed
    return computed


def known(code: str) -> Computed | None:
    """How an indicator is counted, if it is."""
    return _computed.get(code)


def per_person(code: str, months: Sequence[str], user_ids: Sequence[int]) -> dict[int, Decimal]:
    """The plain count of each of some people, nought included."""
    found = _computed[code].count([Subject(SubjectKind.PERSON, user_id) for user_id in user_ids], months)
    return {user_id: measure.numerator for (_kind, user_id), measure in found.items()}


PerUser = Callable[[Sequence[str]], sa.Select[int, Any]]


def counter(per_user: PerUser) -> Counter:
    """A counter from a select of (user_id, amount) over some months."""

    def count(subjects: Sequence[Subject], months: Sequence[str]) -> dict[tuple[SubjectKind, int], Measure]:
        found: dict[tuple[SubjectKind, int], Measure] = {}
        people = [s for s in subjects if s.kind is SubjectKind.PERSON]
        if people:
            found |= _people(people, per_user(months))
        teams = [s for s in subjects if s.kind is SubjectKind.TEAM]
        if teams:
            found |= _teams(teams, per_user(months))
        if any(s.kind is SubjectKind.CENTRE for s in subjects):
            found[SubjectKind.CENTRE, 0] = _centre(per_user(months))
        return found

    return count


def _people(people: Sequence[Subject], rows: sa.Select[int, Any]) -> dict[tuple[SubjectKind, int], Measure]:
    ids = [s.id for s in people]
    counted: dict[int, Any] = dict(session.execute(rows.where(LedgerEntry.user_id.in_(ids))).all())
    return {s.key: Measure(Decimal(counted.get(s.id, 0)), Decimal(1)) for s in people}


def _teams(teams: Sequence[Subject], rows: sa.Select[int, Any]) -> dict[tuple[SubjectKind, int], Measure]:
    ids = [s.id for s in teams]
    working = members(ids).order_by(None).subquery()
    heads: dict[int, int] = dict(
        session.execute(sa.select(working.c.team_id, sa.func.count()).group_by(working.c.team_id)).all()
    )
    home = dict(session.execute(sa.select(User.id, User.team_id).where(User.team_id.in_(ids))).all())
    sums = dict.fromkeys(ids, Decimal(0))
    for user_id, amount in session.execute(rows.where(LedgerEntry.user_id.in_(home))):
        sums[home[user_id] or 0] += Decimal(amount)
    return {s.key: Measure(sums[s.id], Decimal(heads.get(s.id, 0))) for s in teams}


def _centre(rows: sa.Select[int, Any]) -> Measure:
    heads = session.scalar(sa.select(sa.func.count()).select_from(members().order_by(None).subquery())) or 0
    total = sum((Decimal(amount) for _user, amount in session.execute(rows)), Decimal(0))
    return Measure(total, Decimal(heads))


ITEM_EVENTS = ("article.accepted", "revision.accepted", "review.decided")


def items(months: Sequence[str]) -> sa.Select[int, Any]:
    """Per person: submissions of theirs accepted, and items they judged – each once, however often it came back."""
    return (
        sa.select(LedgerEntry.user_id, sa.func.count(LedgerEntry.source_id.distinct()))
        .where(LedgerEntry.period.in_(months), LedgerEntry.event.in_(ITEM_EVENTS))
        .group_by(LedgerEntry.user_id)
    )


def credits_(months: Sequence[str]) -> sa.Select[int, Any]:
    """Per person: the credits of the ledger."""
    return (
        sa.select(LedgerEntry.user_id, sa.func.sum(LedgerEntry.points, type_=LedgerEntry.points.type))
        .where(LedgerEntry.period.in_(months), LedgerEntry.unit == Unit.CREDITS)
        .group_by(LedgerEntry.user_id)
    )


register(Computed("approved_items", counter(items), events=ITEM_EVENTS))
register(Computed("training_credits", counter(credits_), unit=Unit.CREDITS))
