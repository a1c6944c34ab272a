"""The pure decisions about who is to take a course, and until when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from accounts.rules import Role

DAYS_LIMIT = 730
LATE_COMERS = timedelta(days=7)  # who comes when the day has passed already has so long


@dataclass(frozen=True, slots=True)
class Circle:
    """One person; or everybody who holds the role *and* belongs to the team *and* stands in the tier, as far as these
    are named."""

    user_id: int | None = None
    role: Role | None = None
    team_id: int | None = None
    tier_id: int | None = None

    @property
    def key(self) -> str:
        """The same for the same circle, and for no other one."""
        named = {"user": self.user_id, "role": self.role, "team": self.team_id, "tier": self.tier_id}
        return "+".join(f"{kind}:{one}" for kind, one in named.items() if one is not None)

    @property
    def is_clear(self) -> bool:
        """It names a person alone, or at least one thing that people have in common."""
        common = (self.role, self.team_id, self.tier_id) != (None, None, None)
        return common is (self.user_id is None)

    def takes(
        self, *, user_id: int, roles: Collection[Role], team_id: int | None, tier_id: int | None, active: bool
    ) -> bool:
        """Somebody belongs to it. Nobody does who cannot sign in."""
        return active and all(
            (
                self.user_id in {None, user_id},
                self.role is None or self.role in roles,
                self.team_id in {None, team_id},
                self.tier_id in {None, tier_id},
            )
        )


def due_day(due_on: date | None, days: int | None, *, assigned: date, reached: date) -> date | None:
    """The last day on which a person is in time: so many ``days`` after they were reached, or the day for all.

    Who comes into the circle after that day has passed is not late at once but has a week.
    """
    if days is not None:
        return reached + timedelta(days=days)
    if due_on is not None and due_on < reached and assigned < reached:
        return reached + LATE_COMERS
    return due_on
