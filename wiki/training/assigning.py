"""The trainer's verbs about who is to take a course. They flush and never commit; the actor is an argument."""

from datetime import date

import sqlalchemy as sa

from accounts.models import Team, Tier, User
from accounts.rules import Role
from core import clock
from core.actors import Actor
from core.db import session
from core.errors import Conflict, Invalid
from core.i18n import _
from core.permissions import require
from wiki.articles.presenting import reader_words
from wiki.training.audience import circle_of, follow, move_days
from wiki.training.audience_rules import DAYS_LIMIT, Circle
from wiki.training.models import Assignment, Course
from wiki.training.ops import touched
from wiki.training.permissions import P
from wiki.training.rules import CourseState


def assign(
    course: Course,
    actor: Actor,
    *,
    team: Team | None = None,
    user: User | None = None,
    role: Role | None = None,
    tier: Tier | None = None,
    due_on: date | None = None,
    days: int | None = None,
    by_hand: bool = True,
) -> Assignment:
    """The person, or whoever holds the role and belongs to the team and tier at the time, is to take the course until
    a day or so many days after each was reached. Again for the same circle: the last days move.

    Not ``by_hand``: it follows from something of theirs (the path of a new hire), until somebody sets it by hand.

    Raises:
        Forbidden, Conflict: learners do not see the course yet.
        Invalid: nobody is named, or a person and others; a day and a number of days.
    """
    require(actor, P.TEACH)
    circle = Circle(user.id if user else None, role, team.id if team else None, tier.id if tier else None)
    must_be_clear(circle, due_on, days)
    if course.state is not CourseState.PUBLISHED:
        raise Conflict(_("Publish the course first; then assign it."), code="draft-course")
    found = standing(course, circle)
    if found is None:
        found = Assignment(
            course_id=course.id, circle=circle.key, user_id=circle.user_id, role=role, team_id=circle.team_id,
            tier_id=circle.tier_id, by_hand=by_hand, created_at=clock.now(), created_by_id=actor.id,
        )  # fmt: skip
        session.add(found)
    found.due_on, found.days, found.by_hand = due_on, days, found.by_hand or by_hand
    session.flush()
    until = due_on.isoformat() if due_on else None
    touched(course, actor, "assign", to=circle_words(circle), circle=circle.key, due_on=until, days=days)
    move_days(found, actor.id)
    follow(assignments=[found.id], actor_id=actor.id)
    return found


def standing(course: Course, circle: Circle) -> Assignment | None:
    """The assignment of the course to exactly this circle, if there is one."""
    return session.scalar(
        sa.select(Assignment).where(
            Assignment.course_id == course.id, Assignment.circle == circle.key, Assignment.ended_at.is_(None)
        )
    )


def must_be_clear(circle: Circle, due_on: date | None = None, days: int | None = None) -> None:
    """It is said for whom and until when.

    Raises:
        Invalid: for ``team`` or ``due_on``.
    """
    errors: dict[str, str] = {}
    if circle.user_id is not None and not circle.is_clear:
        errors["team"] = _("Choose a person, or what people have in common – not both.")
    elif not circle.is_clear:
        errors["team"] = _("Choose a person, a role, a team or a tier.")
    if due_on is not None and days is not None:
        errors["due_on"] = _("Give a day or a number of days, not both.")
    elif days is not None and not 1 <= days <= DAYS_LIMIT:
        errors["due_on"] = _("Give between 1 and %(n)s days.", n=DAYS_LIMIT)
    if errors:
        raise Invalid(errors)


def unassign(assignment: Assignment, actor: Actor) -> None:
    """Nobody owes the course because of it any more; what they did stays."""
    require(actor, P.TEACH)
    lapse(assignment, actor)


def lapse(assignment: Assignment, actor: Actor | None) -> None:
    """As ``unassign``, where what it followed from is over: whoever ended that was asked whether they may."""
    if assignment.ended_at is not None:
        return
    assignment.ended_at = clock.now()
    follow(assignments=[assignment.id])
    touched(assignment.course, actor, "unassign", to=circle_words(circle_of(assignment)), circle=assignment.circle)


def circle_words(circle: Circle) -> str:
    """Whom it is for, as people say it: 'Representative, Second line'."""
    return " + ".join(reader_words(circle.key.split("+"))) if circle.key else ""
