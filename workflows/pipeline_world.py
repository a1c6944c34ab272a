"""What a definition may name here – roles, teams, people, categories, calendars – and what of it is not there."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload
from werkzeug.utils import cached_property

from accounts import queries as people_queries
from accounts.models import User
from accounts.rules import REVIEWERS, Role
from core.db import session
from core.i18n import _
from workflows import seating, subjects
from workflows.calendar_queries import calendars
from workflows.definitions import ALL, OWN, Definition, Seat
from workflows.pipeline_words import Words, options, stage_name

SEAT_ROLES = (*REVIEWERS, Role.MANAGER, Role.REP, Role.ADMIN)  # as they are offered


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be named for a seat."""

    username: str
    name: str
    roles: frozenset[str]
    team: str | None
    active: bool


class World:
    """The things of this installation, each read once."""

    def __init__(self) -> None:
        self._holders: dict[str, list[Person]] = {}
        self._named: dict[str, Person | None] = {}

    @cached_property
    def teams(self) -> dict[str, str]:
        """Names by slug."""
        return {team.slug: team.name for team in session.scalars(people_queries.teams())}

    @cached_property
    def categories(self) -> list[tuple[str, str, str]]:
        """(slug, label, path), those above before those below."""
        return subjects.categories()

    @cached_property
    def calendars(self) -> dict[str, str]:
        """Names by slug of every calendar there is."""
        return {row.slug: row.name for row in session.scalars(calendars())}

    @cached_property
    def offered_calendars(self) -> dict[str, str]:
        """Names by slug of those that are offered."""
        return {row.slug: row.name for row in session.scalars(calendars(active=True))}

    @cached_property
    def topics(self) -> dict[str, str]:
        """Labels of the kinds."""
        return options(subjects.topics())

    @cached_property
    def significances(self) -> dict[str, str]:
        """Labels of the sizes of an edit."""
        return options(subjects.significances())

    @cached_property
    def roles(self) -> dict[str, str]:
        """Words for the roles, those that judge first."""
        return {role.value: subjects.role_word(role.value) for role in SEAT_ROLES}

    def fields(self, topics: tuple[str, ...] | list[str]) -> dict[str, str]:
        """Labels of what subjects of these kinds are made of; a field of several kinds is there once."""
        out: dict[str, str] = {}
        for topic in topics:
            for code, label in subjects.fields(topic):
                out.setdefault(code, str(label))
        return out

    def named(self, usernames: set[str]) -> dict[str, Person]:
        """The people of these usernames, disabled ones too."""
        unknown = usernames - self._named.keys()
        if unknown:
            found = sa.select(User).where(User.username.in_(unknown)).options(joinedload(User.team))
            people = {user.username: _person(user) for user in session.scalars(found)}
            self._named |= {username: people.get(username) for username in unknown}
        return {username: person for username in usernames if (person := self._named[username]) is not None}

    def holders(self, role: str) -> list[Person]:
        """The active people who hold a role, by name."""
        if role not in self._holders:
            rows = session.scalars(people_queries.holders(Role(role))) if role in set(Role) else ()
            self._holders[role] = [_person(user) for user in rows]
        return self._holders[role]

    def words(self, definition: Definition | None = None) -> Words:
        """The labels that a definition is told with."""
        topics = definition.applies.topics if definition else ()
        names = (
            {one for stage in definition.stages for seat in stage.seats for one in seat.people} if definition else set()
        )
        return Words(
            roles=self.roles,
            teams=self.teams,
            categories={slug: label for slug, label, _path in self.categories} | {OWN: _("that of the text")},
            calendars=self.calendars,
            people={username: one.name for username, one in self.named(names).items()},
            topics=self.topics,
            significances=self.significances,
            fields=self.fields(topics),
        )


def _person(user: User) -> Person:
    team = user.team.slug if user.team else None
    return Person(user.username, user.name, frozenset(role.value for role in user.roles), team, user.active)


# ── what is not there ────────────────────────────────────────────────────────────────────────────────────────────────


def faults_in_world(definition: Definition, world: World | None = None) -> dict[str, str]:
    """What a definition names and this installation has not: a sentence per field; empty when all of it is here."""
    world = world or World()
    found = dict(_faults_of_applies(definition, world))
    usernames = {one for stage in definition.stages for seat in stage.seats for one in seat.people}
    known = world.named(usernames)
    fields = world.fields(definition.applies.topics)
    for number, stage in enumerate(definition.stages):
        at = f"stages.{number}"
        if stage.calendar is not None and stage.calendar not in world.calendars:
            found[f"{at}.calendar"] = _("There is no calendar %(name)s here.", name=stage.calendar)
        for step, rung in enumerate(stage.escalate):
            if rung.to not in set(Role):
                found[f"{at}.escalate.{step}.to"] = _("There is no role %(name)s here.", name=rung.to)
        for place, seat in enumerate(stage.seats):
            found.update(_faults_of_seat(seat, f"{at}.seats.{place}", world, known, fields))
    found.update(_too_few(definition, found, world))
    return found


def _faults_of_applies(definition: Definition, world: World) -> Iterator[tuple[str, str]]:
    applies = definition.applies
    slugs = {slug for slug, _label, _path in world.categories}
    for topic in applies.topics:
        if topic not in world.topics:
            yield "applies.topics", _("There is no kind %(name)s here.", name=topic)
    for slug in applies.categories:
        if slug not in slugs:
            yield "applies.categories", _("There is no category %(name)s here.", name=slug)
    for code in applies.significances:
        if code not in world.significances:
            yield "applies.significances", _("There is no size of an edit %(name)s here.", name=code)


def _faults_of_seat(
    seat: Seat, at: str, world: World, known: dict[str, Person], fields: dict[str, str]
) -> Iterator[tuple[str, str]]:
    if seat.role not in set(Role):
        yield f"{at}.role", _("There is no role %(name)s here.", name=seat.role)
        return
    if seat.team is not None and seat.team not in world.teams:
        yield f"{at}.team", _("There is no team %(name)s here.", name=seat.team)
    if seat.category not in {None, OWN, *(slug for slug, _label, _path in world.categories)}:
        yield f"{at}.category", _("There is no category %(name)s here.", name=seat.category)
    for code in seat.fields:
        if code not in fields:
            yield f"{at}.fields", _("The kinds of this pipeline have no field %(name)s.", name=code)
    for username in seat.people:
        person, role = known.get(username), world.roles[seat.role]
        if person is None:
            yield f"{at}.people", _("There is nobody called %(name)s here.", name=username)
        elif not person.active:
            yield f"{at}.people", _("%(name)s is disabled and cannot sign in.", name=person.name)
        elif seat.role not in person.roles:
            yield f"{at}.people", _("%(name)s does not hold the role %(role)s.", name=person.name, role=role)
        elif seat.team is not None and seat.team != person.team:
            yield f"{at}.people", _("%(name)s is not in this team.", name=person.name)


def _too_few(definition: Definition, found: dict[str, str], world: World) -> Iterator[tuple[str, str]]:
    """Seats that nobody could take, that need more people than there are, or that others must leave empty."""
    wanted, places = [], []
    for number, stage in enumerate(definition.stages):
        for place, seat in enumerate(stage.seats):
            at = f"stages.{number}.seats.{place}"
            if any(path.startswith(f"{at}.") for path in found):
                continue
            pool = seating.sitters(seating.task_of(stage, seat))
            if not pool:
                yield f"{at}.role", _nobody(seat, world)
                return
            if seat.approvals != ALL and seat.approvals > len(pool):
                yield (
                    f"{at}.approvals",
                    _("%(n)s approvals are needed, but only %(m)s can sit here.", n=seat.approvals, m=len(pool)),
                )
                return
            if stage.needed == len(stage.seats) and seat.approvals != ALL:
                wanted.append((seat.approvals, [user.id for user in pool]))
                places.append((at, stage))
    lacking = seating.unseated(wanted)
    if lacking is not None:
        at, stage = places[lacking]
        name = stage_name(stage, world.words())
        yield (
            f"{at}.approvals",
            _(
                "Too few people: nobody may take two seats in one round, so %(stage)s could never be passed.",
                stage=name,
            ),
        )


def _nobody(seat: Seat, world: World) -> str:
    if seat.people:
        return _("Nobody can take this seat: none of the named people may sit here.")
    if seat.category not in {None, OWN}:
        return _("Nobody can take this seat: nobody with this role looks after the category.")
    if seat.team is not None:
        return _("Nobody can take this seat: the team %(team)s has nobody with this role.", team=world.teams[seat.team])
    return _("Nobody can take this seat: no active person holds the role %(role)s.", role=world.roles[seat.role])
