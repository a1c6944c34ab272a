"""From a row to an actor: the frozen snapshot that every write takes as its argument."""

from typing import Any

import sqlalchemy as sa

from accounts.models import ApiToken, LoginSession, Team, Tier, User, UserRole
from accounts.rules import Role
from core.actors import Actor


def actor_of(user: User, *, scopes: frozenset[str] | None = None) -> Actor:
    """The snapshot of a loaded user (``team`` is read)."""
    team = user.team
    return Actor(
        id=user.id,
        username=user.username,
        name=user.name,
        roles=frozenset(user.roles),
        team_id=user.team_id,
        team_slug=team.slug if team else None,
        site_id=team.site_id if team else None,
        tier_id=user.tier_id,
        locale=user.locale,
        scopes=scopes,
    )


def snapshots(of: type[LoginSession] | type[ApiToken]) -> sa.Select[Any]:
    """What ``actor_from`` needs of the people of these rows, and the names of their places, as plain columns."""
    role = sa.type_coerce(UserRole.role, sa.String)
    roles = sa.select(sa.func.aggregate_strings(role, " ")).where(UserRole.user_id == User.id).scalar_subquery()
    places = (Team.slug.label("team_slug"), Team.site_id, Team.name.label("team_name"), Tier.name.label("tier_name"))
    return (
        sa.select(User.id, User.username, User.name, User.team_id, User.tier_id, User.locale)
        .add_columns(roles.label("roles"), *places)
        .select_from(of)
        .join(User, User.id == of.user_id)
        .outerjoin(Team, Team.id == User.team_id)
        .outerjoin(Tier, Tier.id == User.tier_id)
    )


def actor_from(row: Any, *, scopes: frozenset[str] | None = None) -> Actor:
    """The snapshot of a row of ``snapshots``."""
    return Actor(
        id=row.id,
        username=row.username,
        name=row.name,
        roles=frozenset(Role(each) for each in (row.roles or "").split()),
        team_id=row.team_id,
        team_slug=row.team_slug,
        site_id=row.site_id,
        tier_id=row.tier_id,
        locale=row.locale,
        scopes=scopes,
    )
