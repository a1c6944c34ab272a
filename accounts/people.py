"""From a row to an actor: the frozen snapshot that every write takes as its argument."""

from accounts.models import User
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
