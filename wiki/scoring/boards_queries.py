"""Reads of the boards: sums by person and period along one index of the ledger, badges, choices."""

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal

import sqlalchemy as sa

from accounts.models import Team, User
from core.actors import Actor
from core.db import session
from core.permissions import allowed
from wiki.scoring.boards_models import BadgeVersion, BoardChoice
from wiki.scoring.boards_permissions import P
from wiki.scoring.boards_rules import QUALITY, REUSE, BadgeRule, Contribution, Earned, fits
from wiki.scoring.models import Finding, FindingState, LedgerEntry
from wiki.scoring.rules import Unit

CENTS = sa.type_coerce(LedgerEntry.points, sa.BigInteger)
_disputes: list[Callable[[str], Collection[int]]] = []


def leave_out(disputed: Callable[[str], Collection[int]]) -> None:
    """Fill the slot: ``disputed('2026-11')`` names the people about whose points of that month a question is open."""
    if disputed not in _disputes:
        _disputes.append(disputed)


def disputed(period: str) -> set[int]:
    """Whose points of a month are in question."""
    return {user_id for one in _disputes for user_id in one(period)}


def suspected(period: str) -> set[int]:
    """Who is named in a finding of the fairness checks that nobody has decided yet."""
    rows = session.scalars(sa.select(Finding.people).where(Finding.state == FindingState.OPEN))
    return {int(user_id) for people in rows for user_id in people}


leave_out(suspected)


def hidden() -> set[int]:
    """Who takes no part in rankings."""
    return set(session.scalars(sa.select(BoardChoice.user_id).where(BoardChoice.hidden)))


def is_hidden(user_id: int) -> bool:
    """This person takes no part."""
    found = session.get(BoardChoice, user_id)
    return found is not None and found.hidden


def sums(periods: Sequence[str], user_ids: Collection[int] | None = None) -> dict[int, Decimal]:
    """The points of everybody, or of some, in some months: who has any."""
    found: dict[int, int] = {}
    for period in periods:  # month by month the index is read in its own order, and nothing is sorted
        rows = sa.select(LedgerEntry.user_id, sa.func.sum(CENTS)).where(
            LedgerEntry.unit == Unit.POINTS, LedgerEntry.period == period
        )
        if user_ids is not None:
            rows = rows.where(LedgerEntry.user_id.in_(user_ids))
        for user_id, cents in session.execute(rows.group_by(LedgerEntry.user_id)):
            found[user_id] = found.get(user_id, 0) + int(cents)
    return {user_id: Decimal(cents).scaleb(-2) for user_id, cents in found.items()}


def contributions(period: str) -> dict[int, Contribution]:
    """What everybody gave in a month: points of reviewed texts, and how often texts of theirs helped."""
    net = sa.func.sum(sa.case((CENTS > 0, 1), (CENTS < 0, -1), else_=0))
    rows = session.execute(
        sa.select(LedgerEntry.user_id, LedgerEntry.rule, sa.func.sum(CENTS), net)
        .where(LedgerEntry.unit == Unit.POINTS, LedgerEntry.period == period)
        .group_by(LedgerEntry.user_id, LedgerEntry.rule)
    )
    quality: dict[int, int] = {}
    reuse: dict[int, int] = {}
    for user_id, rule, cents, times in rows:
        if fits(rule, QUALITY):
            quality[user_id] = quality.get(user_id, 0) + int(cents)
        elif fits(rule, REUSE):
            reuse[user_id] = reuse.get(user_id, 0) + int(times)
    return {
        user_id: Contribution(Decimal(cents).scaleb(-2), max(0, reuse.get(user_id, 0)))
        for user_id, cents in quality.items()
        if cents > 0
    }


def badges() -> list[BadgeRule]:
    """Every badge and level of all times, in the order in which they came."""
    return [row.rule for row in session.scalars(sa.select(BadgeVersion).order_by(BadgeVersion.id))]


def earned(user_id: int, versions: Sequence[BadgeRule]) -> list[Earned]:
    """What badges count of a person's entries."""
    named = [LedgerEntry.rule == one for v in versions for one in v.rules if not one.endswith(".")]
    begun = [
        LedgerEntry.rule.startswith(one, autoescape=True) for v in versions for one in v.rules if one.endswith(".")
    ]
    if not named and not begun:
        return []
    rows = session.execute(
        sa.select(
            LedgerEntry.rule, LedgerEntry.source_kind, LedgerEntry.source_id, LedgerEntry.points, LedgerEntry.day
        ).where(LedgerEntry.user_id == user_id, sa.or_(*named, *begun))
    )
    return [Earned(rule, (kind, key), points, day) for rule, kind, key, points, day in rows]


def names(user_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """(name, team) of those of some people who work here."""
    rows = session.execute(
        sa.select(User.id, User.name, Team.name)
        .join(Team, Team.id == User.team_id, isouter=True)
        .where(User.id.in_(list(user_ids)), User.active)
    )
    return {user_id: (name, team or "") for user_id, name, team in rows}


def active() -> set[int]:
    """Everybody who works here."""
    return set(session.scalars(sa.select(User.id).where(User.active)))


def of_team(team_id: int) -> dict[int, str]:
    """The people of a team, by name."""
    rows = session.execute(
        sa.select(User.id, User.name).where(User.team_id == team_id, User.active).order_by(User.name, User.id)
    )
    return dict(rows.all())


def teams_seen_by(actor: Actor) -> sa.Select[Team]:
    """Whose board this person may open, by name."""
    return sa.select(Team).where(allowed(actor, P.SEE_TEAM_BOARD)).order_by(Team.name, Team.id)
