"""Who is to take a course, as the trainer's page shows and asks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from accounts.models import Team, Tier, User
from accounts.rules import Role
from core.db import session
from core.errors import Invalid
from core.i18n import _
from wiki.articles.presenting import role_word
from wiki.training import forms, queries, reports
from wiki.training.assigning import circle_words, must_be_clear
from wiki.training.audience import Reach, circle_of, reach
from wiki.training.audience_rules import Circle
from wiki.training.forms import Form
from wiki.training.models import Assignment, Course


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form says: for whom, and until when."""

    role: Role | None
    team: Team | None
    tier: Tier | None
    user: User | None
    due_on: date | None
    days: int | None

    @property
    def circle(self) -> Circle:
        """Whom it means."""
        ids = [one.id if one else None for one in (self.user, self.team, self.tier)]
        return Circle(ids[0], self.role, ids[1], ids[2])


def wanted(form: Form) -> Wanted:
    """What the form says, checked.

    Raises:
        Invalid: nobody is named, something is not there, the day is none.
    """
    role = form.get("role", "")
    if role and role not in set(Role):
        raise Invalid({"team": _("There is no %(name)s.", name=role[:80])})
    found = Wanted(
        Role(role) if role else None, _one(Team, form.get("team", "")), _one(Tier, form.get("tier", "")),
        _one(User, form.get("user", "")), forms.due_day(form), forms.due_days(form),
    )  # fmt: skip
    must_be_clear(found.circle, found.due_on, found.days)
    return found


def _one(kind: Any, number: str) -> Any:
    if not number:
        return None
    known = number.isascii() and number.isdecimal() and len(number) < 10
    found = session.get(kind, int(number)) if known else None
    if found is None:
        raise Invalid({"team": _("There is no %(name)s.", name=number[:80])})
    return found


def of_course(course: Course, typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the part of the page needs: who is to take it now, whom one may choose, and what was typed."""
    reached = reports.reached(course)
    return {
        "assignments": [_row(row, reached.get(row.id, 0)) for row in session.scalars(reports.assignments(course))],
        "roles": [(role.value, role_word(role.value)) for role in Role],
        "teams": list(session.scalars(sa.select(Team).order_by(Team.name))),
        "tiers": list(session.scalars(sa.select(Tier).order_by(Tier.position, Tier.name))),
        "people": list(session.scalars(sa.select(User).where(User.active).order_by(User.name))),
        "chosen": typed or {},
    }


def _row(row: Assignment, people: int) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": circle_words(circle_of(row)),
        "is_person": row.user_id is not None,
        "people": people,
        "due_on": row.due_on,
        "days": row.days,
        "late": row.due_on is not None and row.due_on < queries.today(),
    }


def preview(course: Course, form: Form) -> tuple[Reach | None, str]:
    """Whom the form would reach, or why nobody."""
    try:
        return reach(wanted(form).circle, course), ""
    except Invalid as error:
        return None, error.sentence
