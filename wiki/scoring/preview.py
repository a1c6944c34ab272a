"""A month that is over, reckoned under rules that are not in force: who would have what. Writes nothing.

The acts of the month are replayed twice, under the rules as they are and under the proposed ones, and what later acts
did with acts of other months counts as it was written. So the difference comes from the rules alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from accounts.models import Team, User
from core.db import session
from wiki.scoring import queries
from wiki.scoring.models import LedgerEntry, ScoringAct
from wiki.scoring.ops import group_of
from wiki.scoring.replay import Replay
from wiki.scoring.rules import NOTHING, Act, Entry, Rule, Unit

AT_ONCE = 5_000
ALWAYS = date(1900, 1, 1)


@dataclass(slots=True)
class Balance:
    """What somebody, or a team, has and would have."""

    before: Decimal = NOTHING
    after: Decimal = NOTHING

    @property
    def change(self) -> Decimal:
        """What the rules would add."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Line:
    """One act of one person: what it paid and would pay."""

    act_id: int
    event: str
    rule: str
    source: str
    day: date
    before: Decimal
    after: Decimal


@dataclass(slots=True)
class Preview:
    """Points of a month by user id; ``lines`` only of the person who was asked for."""

    period: str
    people: dict[int, Balance] = field(default_factory=lambda: defaultdict(Balance))
    lines: list[Line] = field(default_factory=list)

    @property
    def whole(self) -> Balance:
        """Everybody together."""
        return Balance(
            sum((one.before for one in self.people.values()), NOTHING),
            sum((one.after for one in self.people.values()), NOTHING),
        )


def proposed(rules: Sequence[Rule], drafts: Mapping[str, Rule | None]) -> list[Rule]:
    """The rules, with those of these codes replaced by one that holds throughout (``None``: gone)."""
    kept = [rule for rule in rules if rule.code not in drafts]
    return [*kept, *(replace(rule, valid_from=ALWAYS, valid_to=None) for rule in drafts.values() if rule is not None)]


def preview(period: str, drafts: Mapping[str, Rule | None], *, lines_of: int | None = None) -> Preview:
    """A month as it is and as it would be, with the entries of ``lines_of``."""
    now = queries.rules()
    wanted = proposed(now, drafts)
    events = {rule.event for rule in now if rule.code in drafts} | {one.event for one in drafts.values() if one}
    found = Preview(period)
    _unchanged(found, events)
    books = Replay(now), Replay(wanted)
    for act_id, act in queries.acts_streamed(
        AT_ONCE, ScoringAct.period == period, ScoringAct.event.in_(sorted(events))
    ):
        _introduce(books, act, period)
        before, after = (_points(book.entries(act)) for book in books)
        for user_id in before.keys() | after.keys():
            balance = found.people[user_id]
            (had, code), (gets, new_code) = before.get(user_id, (NOTHING, "")), after.get(user_id, (NOTHING, ""))
            balance.before += had
            balance.after += gets
            if user_id == lines_of:
                found.lines.append(Line(act_id, act.event, code or new_code, act.source, act.day, had, gets))
    return found


def _unchanged(found: Preview, events: set[str]) -> None:
    """What the proposed rules do not touch, as it was written."""
    rows = session.execute(
        sa.select(LedgerEntry.user_id, sa.func.sum(LedgerEntry.points, type_=LedgerEntry.points.type))
        .where(LedgerEntry.period == found.period, LedgerEntry.unit == Unit.POINTS)
        .where(LedgerEntry.event.not_in(sorted(events)))
        .group_by(LedgerEntry.user_id)
    )
    for user_id, points in rows:
        balance = found.people[user_id]
        balance.before += points
        balance.after += points


def _introduce(books: tuple[Replay, Replay], act: Act, period: str) -> None:
    """An act that refers to one of another month finds it as it stood."""
    if act.undoes is None:
        return
    first = queries.act_of(act.event, act.undoes)
    if first is None or first.period == period or first.undoes is not None:
        return
    for book in books:
        if not book.knows((act.event, act.undoes)):
            book.know((act.event, act.undoes), group_of(first, until=_number(act)).net.values())


def _number(act: Act) -> int:
    found = queries.act_of(act.event, act.source)
    return found.id if found is not None else 0


def _points(entries: list[Entry]) -> dict[int, tuple[Decimal, str]]:
    return {entry.user_id: (entry.points, entry.rule) for entry in entries if entry.unit is Unit.POINTS}


def teams_of(found: Preview) -> list[tuple[str, Balance]]:
    """The same by team, the largest change first; people without one together."""
    rows = session.execute(
        sa.select(User.id, Team.name).join(Team, Team.id == User.team_id, isouter=True).where(User.id.in_(found.people))
    )
    sums: dict[str, Balance] = defaultdict(Balance)
    for user_id, team in rows:
        sums[team or ""].before += found.people[user_id].before
        sums[team or ""].after += found.people[user_id].after
    return sorted(sums.items(), key=lambda one: (-abs(one[1].change), one[0]))
