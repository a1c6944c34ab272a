"""Who has not confirmed what they are to read, and the proof of those who have."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from accounts.models import Team, User
from accounts.rules import Role
from core import clock
from core.actors import Actor
from core.db import session
from core.permissions import can
from wiki.articles.models import Article, Publication, Revision
from wiki.articles.permissions import P as Articles
from wiki.articles.rules import tokens_of
from wiki.training.acknowledging import Ask, asked, asked_about, everybody, who_answered
from wiki.training.models import Acknowledgement
from wiki.training.must_read_asking import ASKED, ESCALATED, told_of
from wiki.training.must_read_rules import deadline
from wiki.training.permissions import P

Tokened = Sequence[tuple[Actor, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Count:
    """An ask in figures, as far as somebody may see."""

    ask: Ask
    asked: int
    confirmed: int

    @property
    def waiting(self) -> int:
        """Who has not confirmed."""
        return self.asked - self.confirmed


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is asked. ``due_at`` is theirs: who was asked late has longer."""

    actor: Actor
    asked_at: datetime
    due_at: datetime
    confirmed_at: datetime | None
    escalated: bool

    @property
    def late(self) -> bool:
        """Not confirmed, and the time is over."""
        return self.confirmed_at is None and self.due_at < clock.now()


@dataclass(slots=True)
class TeamCount:
    """The people of one team who are asked, those who have not confirmed first."""

    slug: str
    name: str
    people: list[Person] = field(default_factory=list)

    @property
    def waiting(self) -> list[Person]:
        """Who has not confirmed."""
        return [one for one in self.people if one.confirmed_at is None]


def team_seen(actor: Actor, article: Article) -> int | None:
    """The team (an id) of which this person sees who has not; ``None``: of all. -1: of nobody.

    Trainers and managers see all; so does who keeps the text or asked about it; a supervisor sees the own team.
    """
    if actor.holds(Role.TRAINING, Role.MANAGER) or article.owner_id == actor.id:
        return None
    ask = asked_about(article)
    if ask is not None and ask.row is not None and ask.row.asked_by_id == actor.id:
        return None
    return actor.team_id if actor.holds(Role.SUPERVISOR) and actor.team_id is not None else -1


def counts(actor: Actor) -> list[Count]:
    """Everything that is asked of people whom this person watches, most late first."""
    asks = [ask for ask in asked() if can(actor, Articles.READ, ask.article)]
    whole: Tokened = [(one, tokens_of(one)) for one in everybody()]
    out = []
    for ask in asks:
        team = team_seen(actor, ask.article)
        people = [one.id for one, tokens in whole if team in (None, one.team_id) and ask.concerns(one, tokens)]
        if people:
            done = who_answered(ask)
            out.append(Count(ask, len(people), sum(1 for one in people if one in done)))
    return sorted(out, key=lambda one: (one.waiting == 0, one.ask.due_at, one.ask.article.id))


def people_of(actor: Actor, ask: Ask) -> list[Person]:
    """Who is asked, as far as this person may see."""
    team = team_seen(actor, ask.article)
    if team == -1:
        return []
    told, done = told_of(ask.key), who_answered(ask)
    asked_at, escalated = told.get(ASKED, {}), told.get(ESCALATED, {})
    out = []
    for one in everybody(team):
        if ask.concerns(one):
            at = asked_at.get(one.id, ask.since)
            out.append(Person(one, at, deadline(ask.due_at, at), done.get(one.id), one.id in escalated))
    return out


def by_team(people: Sequence[Person]) -> list[TeamCount]:
    """The same people by team: teams with most to chase first."""
    names = {row.id: (row.slug, row.name) for row in session.scalars(sa.select(Team))}
    found: dict[int | None, TeamCount] = {}
    for one in people:
        slug, name = names.get(one.actor.team_id or 0, ("", ""))
        found.setdefault(one.actor.team_id, TeamCount(slug, name)).people.append(one)
    for team in found.values():
        team.people.sort(key=lambda one: (one.confirmed_at is not None, one.due_at, one.actor.name))
    return sorted(found.values(), key=lambda team: (-len(team.waiting), team.name))


# ── proof ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Proof:
    """A person confirmed a text: who, when, which revision under which version, and what proves its words."""

    name: str
    username: str
    team: str
    at: datetime | None
    version: str
    revision_id: int | None
    digest: str


def proof(actor: Actor, article: Article) -> list[Proof]:
    """Every confirmation of a text ever given (also by people who have left), oldest first; then who has not yet."""
    team = team_seen(actor, article)
    found = (
        sa.select(User.name, User.username, Team.name, Acknowledgement.at, Revision.id, Revision.digest)
        .select_from(Acknowledgement)
        .join(User, User.id == Acknowledgement.user_id)
        .outerjoin(Team, Team.id == User.team_id)
        .join(Revision, Revision.id == Acknowledgement.revision_id)
        .where(Acknowledgement.article_id == article.id)
        .order_by(Acknowledgement.at, Acknowledgement.id)
    )
    if team is not None:
        found = found.where(User.team_id == team)
    versions = _versions(article)
    given = [
        Proof(name, username, team_name or "", at, _version_at(versions, revision_id, at), revision_id, digest)
        for name, username, team_name, at, revision_id, digest in session.execute(found)
    ]
    ask = asked_about(article)
    missing = [one for group in by_team(people_of(actor, ask)) for one in _missing(group)] if ask else []
    return given + missing


def _missing(group: TeamCount) -> list[Proof]:
    return [Proof(one.actor.name, one.actor.username, group.name, None, "", None, "") for one in group.waiting]


def _versions(article: Article) -> list[tuple[int, datetime, str]]:
    rows = session.execute(
        sa.select(Publication.revision_id, Publication.published_at, Publication.major, Publication.minor)
        .where(Publication.article_id == article.id)
        .order_by(Publication.published_at, Publication.id)
    )
    return [(revision_id, at, f"{major}.{minor}") for revision_id, at, major, minor in rows]


def _version_at(versions: Sequence[tuple[int, datetime, str]], revision_id: int, at: datetime) -> str:
    """Under which number the revision was live at this moment."""
    numbers = [number for revision, since, number in versions if revision == revision_id and since <= at]
    return numbers[-1] if numbers else next((n for r, _since, n in versions if r == revision_id), "")


def may_chase(actor: Actor, article: Article) -> bool:
    """The chase list of this text has something to show this person."""
    return can(actor, Articles.READ, article) and (
        can(actor, P.ASK_TO_CONFIRM, article) or team_seen(actor, article) != -1
    )
