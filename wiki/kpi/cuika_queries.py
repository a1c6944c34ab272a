"""Reads of the CUIKA board: readings as plain integers, opens, actions, and whose figures somebody answers for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from accounts.models import Team, User, UserRole
from accounts.rules import Role
from core.actors import Actor
from core.db import session
from core.permissions import can
from wiki.kpi.cuika_models import KpiAction
from wiki.kpi.dealing_models import CardAnswer, CardAppeal, CardOpening
from wiki.kpi.models import Indicator, KpiReading, SubjectKind
from wiki.kpi.periods import Period, containing, parse
from wiki.kpi.permissions import LEADERS, P
from wiki.kpi.subjects import CENTRE, WORKING, Subject, of_person, of_team
from wiki.scoring.models import LedgerEntry

Key = tuple[SubjectKind, int]
CENTRE_KEY: Key = (SubjectKind.CENTRE, 0)


class Read(NamedTuple):
    """One reading, its figures as they are kept: scaled integers."""

    indicator_id: int
    kind: SubjectKind
    subject_id: int
    period: str
    number: int
    numerator: int
    denominator: int
    by_id: int | None
    source: str

    @property
    def key(self) -> Key:
        """Of whom it is."""
        return self.kind, self.subject_id


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works here."""

    id: int
    username: str
    name: str
    team_id: int | None
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Circle:
    """Whose figures somebody looks at: the whole centre for those who lead it, else the own team and the centre's."""

    centre: bool
    teams: dict[int, Subject]
    people: dict[int, Person]
    whole: bool

    def subjects(self, kind: SubjectKind, *, computed: bool) -> list[Key]:
        """Of whom a figure is expected: a call's figures of those who answer calls, counts of all who work here."""
        if kind is SubjectKind.CENTRE:
            return [CENTRE_KEY] if self.centre else []
        wanted = set(WORKING) if computed else {Role.REP}
        some = [one for one in self.people.values() if wanted & one.roles]
        if kind is SubjectKind.TEAM:
            at_work = {one.team_id for one in some}
            return [(kind, team_id) for team_id in self.teams if team_id in at_work]
        return [(kind, one.id) for one in some]

    def name(self, key: Key) -> str:
        """The name of a team or person; empty for the centre, which has words of its own."""
        if key[0] is SubjectKind.TEAM:
            return self.teams[key[1]].name if key[1] in self.teams else ""
        return self.people[key[1]].name if key[0] is SubjectKind.PERSON and key[1] in self.people else ""


def circle_of(actor: Actor) -> Circle:
    """Whose figures this person answers for."""
    whole = actor.holds(*LEADERS)
    found = sa.select(User.id, User.username, User.name, User.team_id).where(User.active).order_by(User.name, User.id)
    roles = sa.select(UserRole.user_id, UserRole.role).where(UserRole.role.in_((*WORKING, *LEADERS)))
    teams = sa.select(Team).order_by(Team.name, Team.id)
    if not whole:
        own = actor.team_id or 0
        found, teams = found.where(User.team_id == own), teams.where(Team.id == own)
        roles = roles.join(User, User.id == UserRole.user_id).where(User.team_id == own)
    held: dict[int, set[Role]] = {}
    for user_id, role in session.execute(roles):
        held.setdefault(user_id, set()).add(role)
    return Circle(
        centre=can(actor, P.SEE_CENTRE),
        teams={team.id: Subject(SubjectKind.TEAM, team.id, team.slug, team.name) for team in session.scalars(teams)},
        people={
            row.id: Person(row.id, row.username, row.name, row.team_id, frozenset(held[row.id]))
            for row in session.execute(found)
            if row.id in held
        },
        whole=whole,
    )


def readings(indicator_ids: Sequence[int], months: Sequence[str], circle: Circle) -> list[Read]:
    """Every reading that lies in some months – days too –, corrections after what they correct."""
    around = {str(one) for month in months for one in containing(parse(month))}
    rows = session.execute(
        sa.select(
            KpiReading.indicator_id,
            KpiReading.subject_kind,
            KpiReading.subject_id,
            KpiReading.period,
            KpiReading.number,
            sa.type_coerce(KpiReading.numerator, sa.BigInteger),
            sa.type_coerce(KpiReading.denominator, sa.BigInteger),
            KpiReading.by_id,
            KpiReading.source,
        )
        .where(
            KpiReading.indicator_id.in_(indicator_ids),
            sa.func.substr(KpiReading.period, 1, 7).in_(sorted(around)),
            _of(circle),
        )
        .order_by(KpiReading.number)
    )
    return [Read(*row) for row in rows]


def _of(circle: Circle) -> sa.ColumnElement[bool]:
    if circle.whole:
        return sa.true()
    kind, subject = KpiReading.subject_kind, KpiReading.subject_id
    return sa.or_(
        kind == SubjectKind.CENTRE,
        sa.and_(kind == SubjectKind.TEAM, subject.in_(list(circle.teams))),
        sa.and_(kind == SubjectKind.PERSON, subject.in_(list(circle.people))),
    )


def opens(period: Period) -> list[tuple[int, SubjectKind, str]]:
    """Who opened a card of a period, or of a longer one around it: (person, kind of card, code or empty)."""
    around = [str(one) for one in containing(period)]
    rows = session.execute(
        sa.select(CardOpening.user_id, CardOpening.subject_kind, CardOpening.code)
        .where(CardOpening.period.in_(around))
        .distinct()
    )
    return [(user_id, kind, code) for user_id, kind, code in rows]


def actions(periods: Iterable[str]) -> sa.Select[KpiAction]:
    """The actions on misses of some periods, the oldest first."""
    return sa.select(KpiAction).where(KpiAction.period.in_(sorted(set(periods)))).order_by(KpiAction.id)


def actions_on(key: Key, period: Period) -> sa.Select[KpiAction]:
    """The actions that a card of this period shows: on misses of its own, of its parts, and of periods around it."""
    texts = {str(one) for one in containing(period)} | {str(part) for part in _parts(period)}
    return (
        sa.select(KpiAction)
        .where(KpiAction.subject_kind == key[0], KpiAction.subject_id == key[1], KpiAction.period.in_(sorted(texts)))
        .order_by(KpiAction.id)
    )


def _parts(period: Period) -> list[Period]:
    return [one for part in period.children() for one in (part, *_parts(part))]


def mine(user_id: int) -> sa.Select[KpiAction]:
    """The open actions of a person, the most urgent first."""
    return (
        sa.select(KpiAction)
        .where(KpiAction.owner_id == user_id, KpiAction.closed_at.is_(None))
        .order_by(KpiAction.due_on, KpiAction.id)
    )


def measured() -> sa.Select[Indicator]:
    """Indicators that have ever had a reading."""
    return sa.select(Indicator).where(sa.exists().where(KpiReading.indicator_id == Indicator.id))


def owners() -> sa.Select[User]:
    """Who may be given an action: everybody active, by name."""
    return sa.select(User).where(User.active).order_by(User.name, User.id)


def newest() -> sa.Select[KpiAction]:
    """Actions, open ones first by their day, then the newest."""
    closed = sa.case((KpiAction.closed_at.is_(None), 0), else_=1)
    return sa.select(KpiAction).order_by(closed, KpiAction.due_on.desc(), KpiAction.id.desc()).limit(500)


def subject(key: Key) -> Subject:
    """The subject of a key, whoever asks."""
    if key[0] is SubjectKind.TEAM and (team := session.get(Team, key[1])) is not None:
        return of_team(team)
    if key[0] is SubjectKind.PERSON and (user := session.get(User, key[1])) is not None:
        return of_person(user)
    return CENTRE


def in_appeal(period: str) -> set[int]:
    """Whose card of a period is being appealed against, without an answer yet."""
    around = [str(one) for one in containing(parse(period))]
    rows = session.scalars(
        sa.select(CardAppeal.subject_id)
        .outerjoin(CardAnswer, CardAnswer.appeal_id == CardAppeal.id)
        .where(CardAppeal.subject_kind == SubjectKind.PERSON, CardAppeal.period.in_(around), CardAnswer.id.is_(None))
    )
    return set(rows)


def first_month() -> str:
    """The month of the first entry of the ledger; one that never comes while there is none."""
    return session.scalar(sa.select(sa.func.min(LedgerEntry.period))) or "9999-12"
