"""Indicators that are counted and not imported. A package that counts something else registers it here by its code.

A counter gets subjects of one kind and the months of a window, and answers a measure for each subject; the denominator
is the number of people, so that a team's figure compares with a person's target.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from accounts.models import User
from core.db import session
from wiki.kpi.models import SubjectKind
from wiki.kpi.queries import MANY
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
    ratio: bool = False  # counts both sides itself; else the denominator is the number of people


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


Rows = sa.Select[*tuple[Any, ...]]
PerUser = Callable[[Sequence[str], Collection[int] | None], Rows]


def counter(per_user: PerUser) -> Counter:
    """A counter from a select of (user_id, amount) or (user_id, numerator, denominator) over some months, of some
    people or of all."""

    def count(subjects: Sequence[Subject], months: Sequence[str]) -> dict[tuple[SubjectKind, int], Measure]:
        found: dict[tuple[SubjectKind, int], Measure] = {}
        people = [s for s in subjects if s.kind is SubjectKind.PERSON]
        if people:
            found |= _people(people, per_user, months)
        teams = [s for s in subjects if s.kind is SubjectKind.TEAM]
        if teams:
            found |= _teams(teams, per_user, months)
        if any(s.kind is SubjectKind.CENTRE for s in subjects):
            found[SubjectKind.CENTRE, 0] = _centre(per_user, months)
        return found

    return count


def _some(user_ids: Collection[int] | None) -> list[sa.ColumnElement[bool]]:
    """Of these people only; of very many everybody is read and the wanted ones are kept."""
    return [] if user_ids is None or len(user_ids) > MANY else [LedgerEntry.user_id.in_(user_ids)]


def _counted(
    per_user: PerUser, months: Sequence[str], user_ids: Collection[int]
) -> tuple[dict[int, tuple[Decimal, Decimal | None]], bool]:
    """(numerator, denominator or none) by person, and whether it counts both sides."""
    rows = per_user(months, user_ids)
    found = {
        user_id: (Decimal(amount), Decimal(whole[0]) if whole else None)
        for user_id, amount, *whole in session.execute(rows)
        if user_id in user_ids
    }
    return found, len(rows.selected_columns) > 2


def _people(people: Sequence[Subject], per_user: PerUser, months: Sequence[str]) -> dict[Any, Measure]:
    counted, both = _counted(per_user, months, {s.id for s in people})
    missing = (Decimal(0), Decimal(0) if both else None)
    found = {}
    for subject in people:
        amount, whole = counted.get(subject.id, missing)
        found[subject.key] = Measure(amount, Decimal(1) if whole is None else whole)
    return found


def _teams(teams: Sequence[Subject], per_user: PerUser, months: Sequence[str]) -> dict[Any, Measure]:
    ids = [s.id for s in teams]
    rows = session.execute(sa.select(User.id, User.team_id).where(User.team_id.in_(ids)))
    home = {user_id: team_id or 0 for user_id, team_id in rows}
    amounts, wholes = dict.fromkeys(ids, Decimal(0)), dict.fromkeys(ids, Decimal(0))
    counted, both = _counted(per_user, months, home.keys())
    for user_id, (amount, whole) in counted.items():
        amounts[home[user_id]] += amount
        wholes[home[user_id]] += whole or 0
    if not both:
        working = members(ids).order_by(None).subquery()
        heads = session.execute(sa.select(working.c.team_id, sa.func.count()).group_by(working.c.team_id)).all()
        wholes |= {team_id: Decimal(count) for team_id, count in heads}
    return {s.key: Measure(amounts[s.id], wholes[s.id]) for s in teams}


def _centre(per_user: PerUser, months: Sequence[str]) -> Measure:
    rows = per_user(months, None)
    both = len(rows.selected_columns) > 2
    amount = whole = Decimal(0)
    for _user, numerator, *denominator in session.execute(rows):
        amount, whole = amount + Decimal(numerator), whole + Decimal(denominator[0] if denominator else 0)
    if not both:
        working = members().order_by(None).with_only_columns(User.id).subquery()
        whole = Decimal(session.scalar(sa.select(sa.func.count()).select_from(working)) or 0)
    return Measure(amount, whole)


# The sum of nothing keeps SQLite from walking through the whole ledger by person, so as not to sort, when the months
# and the event lead to a hundredth of it: 0.3 s for each of nine questions, at 300,000 entries.
_WHO = (LedgerEntry.user_id + sa.literal_column("0")).label("who")

ITEM_EVENTS = ("article.accepted", "revision.accepted", "review.decided")
IN_TIME = "reviewed.in_time"


def _of(months: Sequence[str], *events: str) -> Sequence[sa.ColumnElement[bool]]:
    return LedgerEntry.period.in_(months), LedgerEntry.event.in_(events)


def items(months: Sequence[str], user_ids: Collection[int] | None) -> Rows:
    """Per person: submissions of theirs accepted, and items they judged – each once, however often it came back, and
    none of which all was taken back."""
    paid = sa.type_coerce(LedgerEntry.points, sa.BigInteger)
    once = (
        sa.select(_WHO, LedgerEntry.source_id)
        .where(*_of(months, *ITEM_EVENTS))
        .where(*_some(user_ids))
        .group_by(_WHO, LedgerEntry.source_id)
        .having(sa.or_(sa.func.sum(paid) > 0, sa.func.min(paid) >= 0))  # also what a rule or a cap pays nothing for
        .subquery()
    )  # PostgreSQL gathers distinct rows by hashing, and sorts for COUNT(DISTINCT): several times slower
    return sa.select(once.c.who, sa.func.count()).group_by(once.c.who)


def earned(unit: Unit) -> PerUser:
    """Per person: what the ledger says of a unit."""

    def per_user(months: Sequence[str], user_ids: Collection[int] | None) -> Rows:
        return (
            sa.select(_WHO, sa.func.sum(LedgerEntry.points, type_=LedgerEntry.points.type))
            .where(LedgerEntry.period.in_(months), LedgerEntry.unit == unit, *_some(user_ids))
            .group_by(_WHO)
        )

    return per_user


def times(event: str) -> PerUser:
    """Per person: how often it happened, less what was taken back."""

    def per_user(months: Sequence[str], user_ids: Collection[int] | None) -> Rows:
        back = sa.type_coerce(LedgerEntry.uncapped, sa.BigInteger) < 0
        return (
            sa.select(_WHO, sa.func.sum(sa.case((back, -1), else_=1)))
            .where(*_of(months, event), *_some(user_ids))
            .group_by(_WHO)
        )

    return per_user


def verdicts(months: Sequence[str], user_ids: Collection[int] | None) -> Rows:
    """Per person: verdicts in time, and all verdicts; one that was overturned was given all the same."""
    first = LedgerEntry.source.not_like("%~%")  # an entry that takes back or gives again is no verdict
    in_time = sa.func.sum(sa.case((LedgerEntry.rule == IN_TIME, 1), else_=0))
    return (
        sa.select(_WHO, in_time, sa.func.count())
        .where(*_of(months, "review.decided"), first, *_some(user_ids))
        .group_by(_WHO)
    )


register(Computed("approved_items", counter(items), events=ITEM_EVENTS))
register(Computed("training_credits", counter(earned(Unit.CREDITS)), unit=Unit.CREDITS))
register(Computed("points_earned", counter(earned(Unit.POINTS)), unit=Unit.POINTS))
register(Computed("reviews_in_time", counter(verdicts), events=("review.decided",), ratio=True))
register(Computed("uses_in_calls", counter(times("feedback.used")), events=("feedback.used",)))
register(Computed("helpful_votes", counter(times("feedback.helpful")), events=("feedback.helpful",)))
register(Computed("courses_completed", counter(times("course.completed")), events=("course.completed",)))
