"""Places, people with passwords made for this installation, and the plain lists."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import sqlalchemy as sa

from accounts import ops, places
from accounts.models import Team, Tier, User
from accounts.passwords import hashed
from accounts.people import actor_of
from core.db import session
from wiki.articles.ops import add_category, add_service
from wiki.demo.content import Library
from wiki.demo.plan import World

CONSONANTS, VOWELS = "bdfghklmnprstvwz", "aeiou"


@dataclass(frozen=True, slots=True)
class Login:
    """How somebody signs in. The password is known here once and never again."""

    username: str
    password: str
    name: str
    roles: str
    password_hash: str

    def told(self) -> tuple[str, str, str, str]:
        """What is written down for the owner of the installation."""
        return self.username, self.password, self.name, self.roles


def password() -> str:
    """A password that can be read over the phone: five syllables and four digits, 45 bits (sign-in is throttled)."""
    syllables = [secrets.choice(CONSONANTS) + secrets.choice(VOWELS) for _number in range(5)]
    return f"{''.join(syllables[:3])}-{''.join(syllables[3:])}-{secrets.randbelow(10_000):04}"


def make_logins(library: Library) -> list[Login]:
    """A password for everybody; hashing is slow on purpose, so several at once and before any transaction."""
    people = list(library.people.values())
    chosen = [password() for _person in people]
    with ThreadPoolExecutor(4) as pool:
        hashes = list(pool.map(hashed, chosen))
    return [
        Login(person.username, word, person.name, ",".join(person.roles), kept)
        for person, word, kept in zip(people, chosen, hashes, strict=True)
    ]


def settle_in(library: Library, logins: list[Login]) -> World:
    """Sites, tiers, teams, people, services and categories exist afterwards."""
    for site in library.places["sites"]:
        places.save_site(None, site["slug"], name=site["name"], timezone=site["timezone"])
    for tier in library.places["tiers"]:
        places.save_tier(None, tier["slug"], name=tier["name"], position=tier["order"])
    for team in library.places["teams"]:
        places.save_team(None, team["slug"], name=team["name"], site=team["site"])
    for login in logins:
        person = library.people[login.username]
        ops.add_user(
            None,
            username=person.username,
            name=person.name,
            roles=person.roles,
            team=person.team,
            tier=person.tier,
            locale=person.locale,
            password_hash=login.password_hash,
        )
    for service in library.lists["services"]:
        add_service(service["code"], service["name"])
    for number, category in enumerate(library.lists["categories"]):
        add_category(category["slug"], category["name"], category["parent"], number)
    return _world(library)


def _world(library: Library) -> World:
    users = session.scalars(sa.select(User).order_by(User.id)).all()
    tokens = {f"roles:{role}": f"role:{role}" for user in users for role in user.roles}
    tokens |= {f"people:{user.username}": f"user:{user.id}" for user in users}
    tokens |= {f"teams:{team.slug}": f"team:{team.id}" for team in session.scalars(sa.select(Team))}
    tokens |= {f"tiers:{tier.slug}": f"tier:{tier.id}" for tier in session.scalars(sa.select(Tier))}
    return World({user.username: actor_of(user) for user in users}, tokens, library.activity["remarks"])
