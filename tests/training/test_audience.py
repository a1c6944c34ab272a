"""Who is to take a course: one rule in words and in SQL, and everybody's own last day."""

from datetime import date, timedelta
from itertools import product

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from accounts import ops as people
from accounts.models import User
from accounts.people import actor_of
from accounts.rules import Role
from core import outbox
from core.db import reading, writing
from wiki.notifications.models import NoticeEntry
from wiki.training import audience, queries, reports
from wiki.training.assigning import assign, unassign
from wiki.training.audience import reach, takes
from wiki.training.audience_models import Duty
from wiki.training.audience_rules import LATE_COMERS, Circle, due_day
from wiki.training.learning import confirm
from wiki.training.models import Assignment, Course, Enrolment
from wiki.training.queries import today

DAYS = st.dates(date(2026, 1, 1), date(2027, 1, 1))


@given(st.none() | DAYS, st.none() | st.integers(1, 60), DAYS, st.integers(0, 90))
def test_nobody_is_late_on_the_day_they_come(due_on, days, assigned, later):
    """Unless the trainer said so: who is reached by the very act of assigning has the day that was typed."""
    reached = assigned + timedelta(days=later)
    found = due_day(None if days else due_on, days, assigned=assigned, reached=reached)
    if days:
        assert found == reached + timedelta(days=days)
    elif due_on is None:
        assert found is None
    elif later and due_on < reached:
        assert found == reached + LATE_COMERS
    else:
        assert found == due_on


@pytest.mark.both_databases
def test_the_rule_and_its_twins_take_the_same_people(db, make, school):
    teams, tiers = [make.team("night"), make.team("day")], [make.tier("first"), make.tier("second")]
    users = [
        make.user(*roles, team=team, tier=tier, active=active)
        for roles, team, tier, active in product(
            (("rep",), ("rep", "supervisor")), ("night", None), ("first", "second"), (True, False)
        )
    ]
    course = school.course(lessons=1, quiz=False)
    circles = [
        Circle(None, role, team, tier)
        for role, team, tier in product(
            (None, Role.REP, Role.SUPERVISOR), (None, *(t.id for t in teams)), (None, *(t.id for t in tiers))
        )
    ] + [Circle(user.id) for user in users[:4]]
    trainer = make.user("training")
    for circle in circles[1:]:
        named = Assignment(
            course_id=course.id, circle=circle.key, user_id=circle.user_id, role=circle.role, team_id=circle.team_id,
            tier_id=circle.tier_id, created_at=course.created_at, created_by_id=trainer.id,
        )  # fmt: skip
        db.add(named)
        db.flush()
        expected = {
            user.id
            for user in users
            if circle.takes(
                user_id=user.id, roles=user.roles, team_id=user.team_id, tier_id=user.tier_id, active=user.active
            )
        }
        ours = User.id.in_([user.id for user in users])
        assert set(db.scalars(sa.select(User.id).where(takes(circle), ours))) == expected, circle
        audience.follow(assignments=[named.id])
        reached = sa.select(Duty.user_id).where(Duty.assignment_id == named.id, Duty.user_id.in_([u.id for u in users]))
        assert set(db.scalars(reached)) == expected, circle
        assert audience.circle_of(named) == circle and circle.is_clear


@pytest.mark.both_databases
def test_who_comes_has_an_own_day_and_who_leaves_is_no_longer_chased(app, make, school, clock):
    with writing() as db:
        course, trainer = school.course(lessons=2, quiz=False), make.actor("training")
        new = make.user("rep", team="night", tier="first", name="New")
        assign(course, trainer, role=Role.REP, tier=make.tier("second"), team=make.team("night"), days=10)
        assert queries.count_due(actor_of(new)) == 0

    def moved(user: User, tier: str) -> None:
        with writing() as db:
            person = db.get_one(User, user.id)
            people.change_person(None, person, name=person.name, roles=person.roles, team="night", tier=tier)

    clock.advance(days=5)
    moved(new, "second")
    with writing() as db:
        assert queries.progress_of(new.id, [course.id])[course.id].due_on == today() + timedelta(days=10)
        confirm(db.get_one(Course, course.id).lessons[0], actor_of(db.get_one(User, new.id)))
    moved(new, "first")
    with reading() as db:
        found = queries.progress_of(new.id, [course.id])[course.id]
        assert (found.assigned, found.due_on, found.done, found.begun) == (False, None, 1, True)
        assert list(db.scalars(reports.behind(course))) == []
        assert [one.id for one in db.scalars(queries.mine(actor_of(db.get_one(User, new.id))))] == [course.id]
    clock.advance(days=20)
    moved(new, "second")
    moved(new, "second")  # again: nothing new
    outbox.drain()
    with reading() as db:
        assert queries.progress_of(new.id, [course.id])[course.id].due_on == today() + timedelta(days=10)
        assert len(db.scalars(sa.select(Duty).where(Duty.user_id == new.id)).all()) == 2
        told = db.scalars(sa.select(NoticeEntry.code).where(NoticeEntry.user_id == new.id)).all()
        assert list(told) == ["course_reached", "course_reached"]


def test_a_day_for_all_moves_for_all_and_ends_for_all(db, make, school):
    course, trainer = school.course(lessons=1, quiz=False), make.actor("training")
    team, done = make.team("night"), make.user("rep", team="night")
    other = make.user("rep", team="night")
    confirm(course.lessons[0], actor_of(done))
    row = assign(course, trainer, team=team, due_on=today() - timedelta(days=1))
    assert set(db.scalars(reports.behind(course))) == {other}
    again = assign(course, trainer, team=team, days=3)
    assert again is row and reports.reached(course) == {row.id: 2}
    assert set(db.scalars(sa.select(Duty.due_on))) == {today() + timedelta(days=3)}
    unassign(row, trainer)
    assert (queries.count_due(actor_of(other)), reports.reached(course)) == (0, {})
    assert db.scalars(sa.select(Enrolment.completed_at)).one() is not None
    fresh = assign(course, trainer, team=team)
    assert fresh.id != row.id and queries.count_due(actor_of(other)) == 1


def test_what_two_transactions_did_not_see_of_each_other_is_found(db, make, school):
    course, team = school.course(lessons=1, quiz=False), make.team("night")
    school.assign(course, team=team)
    late = make.user("rep")
    late.team = team
    db.flush()
    assert queries.count_due(actor_of(late)) == 0
    audience.look_again()
    assert queries.count_due(actor_of(late)) == 1


@pytest.mark.both_databases
def test_what_the_release_before_assigns_is_named_and_counts_once(db, make, school):
    """It knows no circles, and goes on serving while the others are started anew."""
    course, team, rep = school.course(lessons=1, quiz=False), make.team("night"), make.user("rep", team="night")
    for place in ({"team_id": team.id}, {"user_id": rep.id}, {"team_id": team.id}):
        row = {"course_id": course.id, "created_at": audience.clock.now(), "created_by_id": course.author_id, **place}
        db.execute(sa.insert(Assignment.__table__).values(row))
    audience.look_again()
    rows = db.scalars(sa.select(Assignment).order_by(Assignment.id)).all()
    assert [(row.circle, row.ended_at is None) for row in rows] == [
        (f"team:{team.id}", True), (f"user:{rep.id}", True), ("", False),
    ]  # fmt: skip
    assert queries.count_due(actor_of(rep)) == 1


def test_the_page_says_first_whom_it_would_reach(app, make, school, signed_in):
    with writing():
        trainer, team = make.user("training"), make.team("night")
        rep = make.user("rep", team="night", name="Rita Rep")
        make.user("supervisor", team="night", name="Sam Super")
        course = school.course(by=trainer)
    browser, edit = signed_in(trainer), f"/courses/{course.slug}/edit"
    chosen = {"role": "rep", "team": str(team.id), "tier": "", "user": "", "due_on": "", "days": "14"}
    seen = browser.submit(edit, to=f"/courses/{course.slug}/assignments", verb="preview", **chosen).get_data(
        as_text=True
    )
    assert "1 person" in seen and "Rita Rep" in seen
    part = browser.text(f"/courses/{course.slug}/reach?role=rep&team={team.id}")
    assert "Rita Rep" in part and "Sam Super" not in part and "<html" not in part
    with reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Duty)) == 0
    browser.submit(edit, to=f"/courses/{course.slug}/assignments", **chosen)
    text = browser.text(edit)
    assert "14 days after it reached each" in text and "1 person now" in text
    assert course.title in signed_in(rep).text("/courses")
    both = {**chosen, "due_on": "2027-01-01"}
    assert "not both" in browser.submit(
        edit, to=f"/courses/{course.slug}/assignments", verb="preview", **both
    ).get_data(as_text=True)


def test_what_a_circle_would_mean(db, make, school):
    course, team = school.course(lessons=1, quiz=False), make.team("night")
    users = [make.user("rep", team="night", name=f"P{n}") for n in range(3)]
    school.assign(course, user=users[0])
    confirm(course.lessons[0], actor_of(users[1]))
    found = reach(Circle(team_id=team.id), course, named=2)
    assert (found.people, found.known, found.completed, found.names) == (3, 1, 1, ("P0", "P1"))
