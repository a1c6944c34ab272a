"""Things for tests, made in the fewest words: ``make.user('qa', team='billing')``.

Inside ``db`` (or any ``writing()`` block) a thing belongs to that transaction; outside, it is committed at once. Extend
the class with one method per thing; take what is needed by keyword and invent the rest.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import sqlalchemy as sa

from accounts import passwords
from accounts.identity import new_token, token_hash
from accounts.models import ApiToken, Site, Team, Tier, User, UserRole
from accounts.people import actor_of
from accounts.rules import Role
from core import clock
from core.actors import Actor
from core.db import has_session, session, writing
from tests.clients import PASSWORD


@contextmanager
def somewhere() -> Iterator[None]:
    """The transaction that is open, else one of its own."""
    if has_session():
        yield
        session.flush()
    else:
        with writing():
            yield


class Make:
    """One per test."""

    _hash: ClassVar[dict[str, str]] = {}

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def number(self) -> int:
        """A number not used before in this test."""
        return next(self._numbers)

    def site(
        self,
        slug: str = "wuhan",
        *,
        name: str | None = None,
        timezone: str = "Asia/Shanghai",
    ) -> Site:
        """The site of this slug, made when it is not there."""
        return self._named(Site, slug, name=name or slug, timezone=timezone)

    def tier(self, slug: str = "first", *, name: str | None = None, position: int = 1) -> Tier:
        """The tier of this slug, made when it is not there."""
        return self._named(Tier, slug, name=name or slug, position=position)

    def team(self, slug: str = "billing", *, name: str | None = None, site: str | None = None) -> Team:
        """The team of this slug, made when it is not there."""
        with somewhere():
            place = self.site(site) if site else None
            return self._named(Team, slug, name=name or slug, site_id=place.id if place else None)

    def user(
        self,
        *roles: str,
        username: str | None = None,
        name: str | None = None,
        team: str | None = None,
        tier: str | None = None,
        password: str | None = PASSWORD,
        locale: str | None = "en",
        active: bool = True,
    ) -> User:
        """A person holding the roles (none: ``rep``), in the team of this slug."""
        with somewhere():
            number = self.number()
            user = User(
                username=username or f"{roles[0] if roles else 'rep'}{number}",
                name=name or f"Person {number}",
                password_hash=self._hashed(password) if password else None,
                locale=locale,
                team=self.team(team) if team else None,
                tier=self.tier(tier) if tier else None,
                active=active,
                created_at=clock.now(),
                role_rows=[UserRole(role=Role(role)) for role in roles or ("rep",)],
            )
            session.add(user)
            session.flush()
            return user

    def actor(self, *roles: str, **about: Any) -> Actor:
        """The same as the actor that operations take."""
        return actor_of(self.user(*roles, **about))

    def token(self, user: User, *, scopes: list[str] | None = None) -> str:
        """A bearer token of this user."""
        token = new_token()
        with somewhere():
            session.add(
                ApiToken(
                    token_hash=token_hash(token),
                    user_id=user.id,
                    scopes=scopes,
                    created_at=clock.now(),
                )
            )
        return token

    def _hashed(self, password: str) -> str:
        if password not in self._hash:
            self._hash[password] = passwords.hashed(password)
        return self._hash[password]

    def _named(self, kind: Any, slug: str, **about: Any) -> Any:
        with somewhere():
            found = session.scalar(sa.select(kind).where(kind.slug == slug))
            if found is None:
                found = kind(slug=slug, **about)
                session.add(found)
                session.flush()
            return found
