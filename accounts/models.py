"""Tables of people and of the places they belong to."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.absence_rules import Told, in_force
from accounts.rules import Role, Way
from core.db import Base, enum_column


class Site(Base):
    """职场: a place with a time zone of its own (which moves deadlines only)."""

    __tablename__ = "sites"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    timezone: Mapped[str] = mapped_column(sa.String(64))


class Tier(Base):
    """层级: first line, second line, specialist desk …; ``position`` orders them."""

    __tablename__ = "tiers"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    position: Mapped[int] = mapped_column(default=0)


class Team(Base):
    """班组."""

    __tablename__ = "teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sites.id"))

    site: Mapped[Site | None] = relationship()


class User(Base):
    """A person who signs in. ``username`` is lower case; without a password hash only tokens work."""

    __tablename__ = "users"
    __table_args__ = (sa.CheckConstraint("username = lower(username)", name="username_lower"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    email: Mapped[str | None] = mapped_column(sa.String(200))
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    locale: Mapped[str | None] = mapped_column(sa.String(16))
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("teams.id"), index=True)
    tier_id: Mapped[int | None] = mapped_column(sa.ForeignKey("tiers.id"))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]

    team: Mapped[Team | None] = relationship()
    tier: Mapped[Tier | None] = relationship()
    role_rows: Mapped[list["UserRole"]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    @property
    def roles(self) -> frozenset[Role]:
        """The roles this person holds."""
        return frozenset(row.role for row in self.role_rows)


class UserRole(Base):
    """One role of one person."""

    __tablename__ = "user_roles"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[Role] = mapped_column(enum_column(Role), primary_key=True, index=True)


class LoginSession(Base):
    """A sign-in; the cookie holds the token, the table only its SHA-256. Deleting the row ends it."""

    __tablename__ = "login_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    address: Mapped[str | None] = mapped_column(sa.String(64))
    agent: Mapped[str | None] = mapped_column(sa.String(200))
    way: Mapped[Way] = mapped_column(enum_column(Way), default=Way.PASSWORD, server_default=Way.PASSWORD.value)
    stepped: Mapped[bool] = mapped_column(default=False, server_default=sa.false())  # the second step was taken

    user: Mapped[User] = relationship()


class ApiToken(Base):
    """A bearer token, shown once and kept as SHA-256. ``scopes`` ``None``: all the user's rights."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    scopes: Mapped[list[Any] | None]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class EmbedPass(Base):
    """Somebody may find, read and mark in a frame of another program until ``expires_at``. Deleting the row ends it;
    it ends with the sign-in it came from, and with all sign-ins of its person."""

    __tablename__ = "embed_passes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    login_id: Mapped[int | None] = mapped_column(sa.ForeignKey("login_sessions.id", ondelete="CASCADE"), index=True)
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))  # the program's account, when one asked
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SetupLink(Base):
    """The one-time link with which an empty installation gets its first administrator."""

    __tablename__ = "setup_links"

    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Throttle(Base):
    """Failures of one account or address, in the database so that several workers count together."""

    __tablename__ = "throttles"

    key: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    blocked_until: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class Absence(Base):
    """Somebody is away from ``starts_at`` until ``ends_at``, or until they said 'I am back' (``ended_at``).

    ``reviews``: the deputy may judge for them. ``notices``: the deputy gets their notices too. ``told``: how much of
    it those who listen have heard.
    """

    __tablename__ = "absences"
    __table_args__ = (
        sa.CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        sa.CheckConstraint("deputy_id IS NULL OR deputy_id <> user_id", name="somebody_else"),
        sa.CheckConstraint("deputy_id IS NOT NULL OR NOT (reviews OR notices)", name="asks_a_deputy"),
        sa.Index("ix_absences_user_id_ends_at", "user_id", "ends_at"),
        sa.Index("ix_absences_ended_at_ends_at", "ended_at", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    deputy_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reviews: Mapped[bool] = mapped_column(default=False)
    notices: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
    told: Mapped[Told] = mapped_column(enum_column(Told), default=Told.ANNOUNCED)

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    deputy: Mapped[User | None] = relationship(foreign_keys=[deputy_id])

    def is_on(self, at: datetime) -> bool:
        """True when the person is away at this moment."""
        return in_force(self.starts_at, self.ends_at, self.ended_at, at)

    def is_over(self, at: datetime) -> bool:
        """True when it lies behind: its time has passed, or it was ended or cancelled before."""
        return self.ended_at is not None or self.ends_at <= at
