"""What programs say and hear about who is to take a course."""

from datetime import date

from pydantic import Field

from accounts.rules import Role
from core.api import In, Out
from wiki.training.models import Assignment
from wiki.training.reports import reached


class AssignmentIn(In):
    """A person by username; or everybody who holds the role and belongs to the team and tier (slugs) that are named.
    By when: a day, or so many days after each was reached."""

    team: str | None = None
    user: str | None = None
    role: Role | None = None
    tier: str | None = None
    due_on: date | None = None
    days: int | None = Field(None, ge=1, le=730)


class AssignmentOut(Out):
    """Who is to take it by when; ``people``: whom it reaches now."""

    id: str
    course: str
    team: str | None
    user: str | None
    role: str | None
    tier: str | None
    due_on: date | None
    days: int | None
    people: int


def assignment_out(row: Assignment) -> AssignmentOut:
    """An assignment."""
    return AssignmentOut(
        id=str(row.id),
        course=row.course.slug,
        team=row.team.slug if row.team else None,
        user=row.user.username if row.user else None,
        role=row.role.value if row.role else None,
        tier=row.tier.slug if row.tier else None,
        due_on=row.due_on,
        days=row.days,
        people=reached(row.course).get(row.id, 0),
    )
