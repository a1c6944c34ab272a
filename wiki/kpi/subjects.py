"""Of whom a card is: a person, a team, the centre – and how files and addresses name them."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from accounts.models import Team, User, UserRole
from accounts.rules import REVIEWERS, Role
from core.actors import Actor
from core.db import session
from core.errors import NotFound
from core.i18n import _
from core.permissions import require
from wiki.kpi.models import SubjectKind
from wiki.kpi.permissions import P

WORKING = (Role.REP, *REVIEWERS)  # whose contributions a team's and the centre's figures are divided by


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject; the centre has the id 0."""

    kind: SubjectKind
    id: int
    slug: str = ""
    name: str = ""

    @property
    def key(self) -> tuple[SubjectKind, int]:
        """What tables know it by."""
        return self.kind, self.id

    @property
    def address(self) -> str:
        """How the interface names it: a username, team:slug, centre."""
        return {
            SubjectKind.PERSON: self.slug,
            SubjectKind.TEAM: f"team:{self.slug}",
            SubjectKind.CENTRE: "centre",
        }[self.kind]


CENTRE = Subject(SubjectKind.CENTRE, 0, "centre")


def of_person(user: User) -> Subject:
    """The subject of a person."""
    return Subject(SubjectKind.PERSON, user.id, user.username, user.name)


def of_team(team: Team) -> Subject:
    """The subject of a team."""
    return Subject(SubjectKind.TEAM, team.id, team.slug, team.name)


def find(address: str, actor: Actor) -> Subject:
    """The subject of an address, if this person may see its card.

    Raises:
        NotFound: there is none. Forbidden: it is not theirs to see.
    """
    if address == "centre":
        require(actor, P.SEE_CENTRE)
        return CENTRE
    if address.startswith("team:"):
        team = session.scalar(sa.select(Team).where(Team.slug == address.removeprefix("team:")))
        if team is None:
            raise NotFound(_("There is no team %(name)s.", name=address.removeprefix("team:")))
        require(actor, P.SEE_TEAM, team)
        return of_team(team)
    user = session.scalar(sa.select(User).where(User.username == address.removeprefix("person:").lower()))
    if user is None:
        raise NotFound(_("There is nobody called %(name)s.", name=address))
    require(actor, P.SEE_PERSON, user)
    return of_person(user)


def everybody() -> list[Subject]:
    """Every subject that gets a card: the centre, all teams, all active people."""
    teams = session.scalars(sa.select(Team).order_by(Team.id))
    people = session.scalars(sa.select(User).where(User.active).order_by(User.id))
    return [CENTRE, *(of_team(team) for team in teams), *(of_person(user) for user in people)]


CENTRE_WORDS = frozenset({"centre", "center", "中心", "全中心", "呼叫中心"})


class Directory:
    """Names of a file to subjects, looked up once. People and teams may be called by name where only one has it."""

    def __init__(self) -> None:
        people = session.execute(sa.select(User.username, User.id, User.name)).all()
        teams = session.execute(sa.select(Team.slug, Team.id, Team.name)).all()
        self.users = {username: user_id for username, user_id, _name in people}
        self.teams = {slug: team_id for slug, team_id, _name in teams}
        self.by_name: dict[str, Subject | None] = {}
        for kind, rows in ((SubjectKind.TEAM, teams), (SubjectKind.PERSON, people)):
            for slug, number, name in rows:
                known = self.by_name.get(name, self)
                self.by_name[name] = Subject(kind, number, slug, name) if known is self else None

    def find(self, name: str) -> Subject | None:
        """The subject of a name: 'centre', 'team:billing', 'person:li.wei', 'li.wei', or a name that only one has."""
        name = name.strip()
        if name.lower() in CENTRE_WORDS:
            return CENTRE
        kind, colon, rest = name.partition(":")
        if colon and kind == "team":
            found = self.teams.get(rest.strip())
            return Subject(SubjectKind.TEAM, found, rest.strip()) if found is not None else None
        username = (rest if colon and kind == "person" else name).strip().lower()
        found = self.users.get(username)
        return Subject(SubjectKind.PERSON, found, username) if found is not None else self.by_name.get(name)


def members(team_ids: Iterable[int] | None = None) -> sa.Select[User]:
    """The active working people of some teams, or of the centre; by name."""
    works = sa.exists().where(UserRole.user_id == User.id, UserRole.role.in_(WORKING))
    found = sa.select(User).where(User.active, works).order_by(User.name, User.id)
    return found if team_ids is None else found.where(User.team_id.in_(list(team_ids)))
