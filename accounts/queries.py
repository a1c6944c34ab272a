"""Reads over people and places; each answers a ``Select`` with its order and its loading."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from accounts.access_models import SecondFactor
from accounts.models import ApiToken, LoginSession, Site, Team, Tier, User, UserRole
from accounts.rules import Role


def people(
    *, text: str = "", team: str | None = None, role: Role | None = None, active: bool | None = None
) -> sa.Select[User]:
    """People by name, with team and tier; ``text`` is looked for in names and usernames."""
    found = (
        sa.select(User)
        .options(joinedload(User.team), joinedload(User.tier))
        .order_by(User.active.desc(), User.name, User.id)
    )
    if text:
        text = text[:200]  # no name is longer, and SQLite takes no pattern of 50,000 letters
        found = found.where(
            sa.or_(User.name.icontains(text, autoescape=True), User.username.icontains(text, autoescape=True))
        )
    if team:
        found = found.where(User.team.has(Team.slug == team))
    if role:
        found = found.where(User.role_rows.any(UserRole.role == role))
    if active is not None:
        found = found.where(User.active == active)
    return found


def person(username: str) -> sa.Select[User]:
    """The person of this username (any case), with team and tier."""
    return (
        sa.select(User)
        .options(joinedload(User.team).joinedload(Team.site), joinedload(User.tier))
        .where(User.username == username.strip().lower())
    )


def holders(role: Role) -> sa.Select[User]:
    """Active people who hold a role, by name."""
    return people(role=role, active=True)


def teams() -> sa.Select[Team]:
    """Every team with its site, by name."""
    return sa.select(Team).options(joinedload(Team.site)).order_by(Team.name, Team.id)


def sites() -> sa.Select[Site]:
    """Every site, by name."""
    return sa.select(Site).order_by(Site.name, Site.id)


def tiers() -> sa.Select[Tier]:
    """Every tier, in their order."""
    return sa.select(Tier).order_by(Tier.position, Tier.id)


def head_counts() -> sa.Select[int | None, int]:
    """(team id, active people) of every team that has some."""
    return sa.select(User.team_id, sa.func.count()).where(User.active, User.team_id.is_not(None)).group_by(User.team_id)


def second_steps() -> sa.Select[Role, int, int]:
    """(role, active people with it who have a second step, active people with it) of every role that somebody holds."""
    there = sa.func.count(SecondFactor.confirmed_at)
    return (
        sa.select(UserRole.role, there, sa.func.count())
        .join(User, User.id == UserRole.user_id)
        .outerjoin(SecondFactor, SecondFactor.user_id == User.id)
        .where(User.active)
        .group_by(UserRole.role)
        .order_by(UserRole.role)
    )


def sessions_of(user_id: int) -> sa.Select[LoginSession]:
    """A person's sign-ins, the newest first."""
    return sa.select(LoginSession).where(LoginSession.user_id == user_id).order_by(LoginSession.seen_at.desc())


def tokens_of(user_id: int) -> sa.Select[ApiToken]:
    """A person's tokens that still work, the newest first."""
    return (
        sa.select(ApiToken)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.id.desc())
    )
