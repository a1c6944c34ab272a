"""Who is acting: a frozen snapshot, so that no write ever depends on an object of another transaction."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Actor:
    """The signed-in person (or token holder) as known when the request began.

    ``roles`` holds role codes; a ``StrEnum`` member compares equal to its code, so predicates may use either.
    ``scopes`` is ``None`` for a browser session or an unrestricted token, else the token's scopes.
    """

    id: int
    username: str
    name: str
    roles: frozenset[str] = frozenset()
    team_id: int | None = None
    team_slug: str | None = None
    site_id: int | None = None
    tier_id: int | None = None
    locale: str | None = None
    scopes: frozenset[str] | None = field(default=None)

    def __hash__(self) -> int:
        return hash((self.id, self.team_id, self.locale))  # most keys hold an actor, and are hashed again and again

    def holds(self, *roles: str) -> bool:
        """True when the person holds at least one of the roles."""
        return not self.roles.isdisjoint(roles)
