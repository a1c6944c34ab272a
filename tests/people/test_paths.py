"""New hires: a path is built, people walk it, steps are signed, and the cohorts are compared by facts."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from accounts import ops as accounts
from accounts.models import Team, User
from accounts.people import actor_of
from core import clock
from core.db import reading, session, writing
from core.errors import Forbidden, Invalid, NotFound
from core.permissions import allowed, can
from wiki.kpi import figures, ops, queries
from wiki.kpi.bringing import import_readings
from wiki.people import path_duties, path_showing, paths, standing
from wiki.people.path_models import Cohort, Newcomer, Path, StepMark, StepSort
from wiki.people.permissions import P
from wiki.training import assigning, learning, quizzes, voiding
from wiki.training import ops as teaching
from wiki.training.audience_models import Duty
from wiki.training.models import Assignment, Attempt, Course
from wiki.training.rules import Kind, Requires, spec
from workflows.calendar_ops import OFFICE_WEEK, ensure_calendars, save_calendar
from workflows.calendar_queries import CENTRE

MONDAY = date(2026, 9, 7)
NOW = datetime(2026, 10, 16, 8, 0, tzinfo=UTC)  # the Friday of the sixth week: working day 30


def at(day: date, hour: int = 2) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.fixture
def school(app, make):
    """A path with a course, a text and a first call; Ann and Bob begin on a Monday, Cat two weeks later."""
    with clock.fixed(at(MONDAY) - timedelta(days=40)), writing():
        ops.ensure_defaults()
        people = {
            name: make.user(role, username=name, name=name.title(), team=team).id
            for name, role, team in (
                ("ann", "rep", "billing"), ("bob", "rep", "billing"), ("cat", "rep", "billing"),
                ("tom", "training", None), ("sue", "supervisor", "billing"), ("far", "supervisor", "faults"),
                ("boss", "manager", None),
            )
        }  # fmt: skip

    def who(name):
        return actor_of(session.get_one(User, people[name]))

    with clock.fixed(at(MONDAY) - timedelta(days=30)), writing():
        ensure_calendars()
        save_calendar(who("boss"), CENTRE, name="Centre", timezone="Asia/Shanghai", week=OFFICE_WEEK)
        text = make.article(who("boss"), title="House rules")
        course = teaching.create_course(who("tom"), teaching.CourseSpec("Bills", requires=Requires.QUIZZES))
        teaching.add_lesson(course, who("tom"), text.slug)
        question = spec(Kind.SINGLE, "Which?", ["This", "That"], 0)
        quizzes.add_quiz(course, who("tom"), quizzes.QuizSpec("Bills", shuffle=False), (question,))
        teaching.publish(course, who("tom"))
        path = paths.save_path(who("tom"), "First weeks")
        paths.add_step(path, who("tom"), 1, StepSort.READING, what=text.slug)
        paths.add_step(path, who("tom"), 5, StepSort.COURSE, what=course.slug)
        paths.add_step(path, who("tom"), 10, StepSort.SOLO, title="First solo call")
        team = session.scalars(sa.select(Team).where(Team.slug == "billing")).one()
        first = paths.make_cohort(who("tom"), "September", path, MONDAY, team=team)
        paths.add_people(first, who("tom"), [session.get_one(User, people[name]) for name in ("ann", "bob")])
        second = paths.make_cohort(who("tom"), "Late September", path, MONDAY + timedelta(days=14), team=team)
        paths.add_people(second, who("tom"), [session.get_one(User, people["cat"])])
    return who, people


def scores(who, name, first: date, values: list[int | None]) -> None:
    rows = [
        (n, {"indicator": "qa_score", "subject": name, "period": f"{first + timedelta(days=n):%Y-%m-%d}",
             "numerator": str(value), "denominator": "1"})
        for n, value in enumerate(values) if value is not None
    ]  # fmt: skip
    report = import_readings(who("boss"), rows, source="qa.csv")
    assert not report.errors


def pass_test(who, name, day: date) -> None:
    with clock.fixed(at(day)), writing():
        quiz = session.scalars(sa.select(quizzes.Quiz)).one()
        learning.hand_in(quiz, who(name), {quiz.questions[0].id: list(quiz.questions[0].key)})


@pytest.mark.both_databases
def test_who_is_where_and_how_long_it_took_each_number_from_its_facts(app, school, signed_in):
    who, people = school
    with clock.fixed(NOW), app.test_request_context():
        with reading():
            due = {
                (row.user_id, row.due_on) for row in session.scalars(sa.select(Assignment)) if row.user_id is not None
            }  # fmt: skip
            assert (people["ann"], MONDAY + timedelta(days=4)) in due  # working day 5
        pass_test(who, "ann", MONDAY + timedelta(days=7))
        pass_test(who, "bob", MONDAY + timedelta(days=9))
        with writing():
            good, bad = [95, 95, 95, 95, 10, None, 95], [95, 95, 70, None, 95, None, None, 95, 95, 95]
            scores(who, "ann", MONDAY + timedelta(days=1), good)  # Saturday's score does not count: closed
            scores(who, "bob", MONDAY, bad)  # four in a row after the bad day: not enough
            import_readings(who("boss"), [(1, {"indicator": "qa_score", "subject": "cat", "period": "2026-09",
                                               "numerator": "99", "denominator": "1"})], source="m")  # fmt: skip
            indicator = queries.indicator("qa_score")
            assert figures.daily(indicator, [people["cat"]], MONDAY, NOW.date()) == {}  # a month says nothing of days
        with reading():
            ann, bob, cat = standing.standings(standing.newcomers(who("tom"), [1, 2]))
            assert ann.proficient_on == MONDAY + timedelta(days=7) and ann.proficient_day == 6
            assert (bob.proficient_day, bob.passed_on) == (None, MONDAY + timedelta(days=9))
            assert (cat.proficient_day, cat.late, cat.scores) == (None, 3, {})
            assert [one.step.title for one in bob.now] == ["House rules", "First solo call"] and bob.late == 2
            rows = path_showing.cohort_rows(standing.cohorts(), [ann, bob, cat])
            assert [(row["name"], row["median"], row["done"], row["people"]) for row in rows] == [
                ("Late September", None, 0, 1), ("September", 6, 1, 2),
            ]  # fmt: skip
        tom, sue, mine = (signed_in(_user(people[name])) for name in ("tom", "sue", "bob"))
        page = tom.text("/cohorts")
        assert "not yet after" in page and "Kaplan" in page
        with writing():
            scores(who, "bob", MONDAY + timedelta(days=10), [90])  # exactly the target
        assert "on day 9" in sue.text(f"/newcomers/{_newcomer(people['bob'])}")
        assert "My first weeks" in mine.text("/") and "House rules" in mine.text("/my-path")
        with reading():
            after = standing.standings(standing.newcomers(who("sue"), [1, 2]))
            assert len(after) == 3 and path_showing.cohort_rows(standing.cohorts(), after)[1]["median"] == 6
            assert standing.newcomers(who("far"), [1, 2]) == []
        assert signed_in(_user(people["far"])).get("/cohorts/1").status_code == 404


def _user(number: int) -> User:
    with reading():
        return session.get_one(User, number)


def _newcomer(user_id: int) -> int:
    with reading():
        return session.scalars(sa.select(Newcomer.id).where(Newcomer.user_id == user_id)).one()


def test_steps_are_signed_by_who_saw_them_and_nobody_signs_for_themselves(school, signed_in):
    who, people = school
    with clock.fixed(NOW):
        with writing():
            bob = session.get_one(Newcomer, _only(people["bob"]))
            read, course, solo = bob.cohort.path.steps
            paths.sign(bob, who("bob"), read.id)
            with pytest.raises(Forbidden):
                paths.sign(bob, who("bob"), solo.id)
            with pytest.raises(Forbidden):
                paths.sign(bob, who("tom"), read.id)  # only the reader says so
            with pytest.raises(NotFound):
                paths.sign(bob, who("tom"), course.id)  # a course is done by taking it
            with pytest.raises(Invalid):
                paths.sign(bob, who("sue"), solo.id, day=NOW.date() + timedelta(days=1))
            row = paths.sign(bob, who("sue"), solo.id, day=MONDAY + timedelta(days=20), note="Calm and right.")
            assert paths.sign(bob, who("tom"), solo.id).id == row.id
        page = f"/newcomers/{bob.id}"
        tom = signed_in(_user(people["tom"]))
        assert "Calm and right." in tom.text(page)
        assert tom.submit(page, act="take_back", step=str(solo.id)).status_code == 303
        with reading():
            (row,) = session.scalars(sa.select(StepMark).where(StepMark.step_id == solo.id))
            assert row.taken_back_by_id == people["tom"]
            (found,) = standing.standings([session.get_one(Newcomer, bob.id)])
            assert [one.done_on is not None for one in found.steps] == [True, False, False]
        with writing():
            accounts.disable(None, session.get_one(User, people["bob"]))
        with reading():
            (found,) = standing.standings([session.get_one(Newcomer, bob.id)])
            assert found.newcomer.ended_on == NOW.date() and not found.life.done and found.late == 0


def owed() -> dict[str, date | None]:
    """By username until when the course is owed."""
    rows = sa.select(User.username, Duty.due_on).join(User, User.id == Duty.user_id).where(Duty.ended_at.is_(None))
    return dict(session.execute(rows).all())


def _day(number: int) -> date:
    return MONDAY + timedelta(days=number)


@pytest.mark.both_databases
def test_a_day_set_by_hand_stays_and_a_step_taken_out_ends_only_what_the_path_asked_for(school, signed_in):
    who, people = school
    with clock.fixed(NOW):
        with writing():
            tom = who("tom")
            path, course = session.scalars(sa.select(Path)).one(), session.scalars(sa.select(Course)).one()
            assigning.assign(course, tom, user=session.get_one(User, people["ann"]), due_on=_day(60))
            assigning.assign(course, tom, user=session.get_one(User, people["sue"]), due_on=_day(70))
            cohort = session.scalars(sa.select(Cohort).order_by(Cohort.id)).first()
            paths.add_people(cohort, tom, [session.get_one(User, people["sue"])])
            assert owed() == {"ann": _day(60), "sue": _day(70), "bob": _day(4), "cat": _day(18)}
            sooner = paths.add_step(path, tom, 2, StepSort.COURSE, what=course.slug)
            assert owed() == {"ann": _day(60), "sue": _day(70), "bob": _day(1), "cat": _day(15)}
            assert not path_duties.touched(path)[sooner.id].freed  # the other step asks for it all the same
            paths.remove_step(path, tom, sooner.id)
            assert owed() == {"ann": _day(60), "sue": _day(70), "bob": _day(4), "cat": _day(18)}
            step = next(one for one in path.steps if one.course_id == course.id)
        browser, page = signed_in(_user(people["tom"])), f"/paths/{path.id}"
        said = browser.text(page)
        assert "2 people owe the course only because of this path and owe it no longer: Bob, Cat." in said
        assert "2 people owe it all the same" in said
        assert browser.submit(page, act="remove", step=str(step.id)).status_code == 303
        with reading():
            assert owed() == {"ann": _day(60), "sue": _day(70)}


@pytest.mark.both_databases
def test_who_is_taken_off_a_path_owes_nothing_for_it_and_who_has_completed_a_course_is_asked_nothing(school, signed_in):
    who, people = school
    with clock.fixed(NOW):
        pass_test(who, "ann", NOW.date())
        with writing():
            tom = who("tom")
            path, course = session.scalars(sa.select(Path)).one(), session.scalars(sa.select(Course)).one()
            step = next(one for one in path.steps if one.course_id == course.id)
            paths.remove_step(path, tom, step.id)
            assert owed() == {}
            paths.add_step(path, tom, 5, StepSort.COURSE, what=course.slug)
            assert owed() == {"bob": _day(4), "cat": _day(18)}  # Ann has completed it
            voiding.void(session.scalars(sa.select(Attempt)).one(), tom, reason="Somebody else sat there.")
            assert owed() == {"ann": _day(4), "bob": _day(4), "cat": _day(18)}  # not after all
            assigning.assign(course, tom, user=session.get_one(User, people["cat"]), due_on=_day(60))
        browser, page = signed_in(_user(people["tom"])), f"/newcomers/{_newcomer(people['bob'])}"
        assert "Owed only because of the path, and no longer then: Bills." in browser.text(page)
        assert browser.submit(page, act="end").status_code == 303
        by_hand = f"/newcomers/{_newcomer(people['cat'])}"
        assert "no longer then" not in browser.text(by_hand)
        assert browser.submit(by_hand, act="end").status_code == 303
        with writing():
            assert owed() == {"ann": _day(4), "cat": _day(60)}
            ann = session.get_one(User, people["ann"])
            accounts.disable(None, ann)
            accounts.enable(None, ann)
            assert owed() == {"cat": _day(60)}  # back, but on no path


def _only(user_id: int) -> int:
    return session.scalars(sa.select(Newcomer.id).where(Newcomer.user_id == user_id)).one()


def test_a_reading_for_a_closed_circle_is_not_named_in_the_cohort(school, signed_in, make):
    who, people = school
    with clock.fixed(NOW):
        with writing():
            closed = make.article(who("boss"), title="Kept quiet", audience="restricted", readers=["role:rep"])
            path = paths.find_path(session.scalars(sa.select(Newcomer)).first().cohort.path_id)
            paths.add_step(path, who("boss"), 2, StepSort.READING, what=closed.slug)
            cohort = session.scalars(sa.select(Newcomer.cohort_id)).first()
            mark = who("ann")
            newcomer = paths.newcomer_of(mark.id)
            paths.sign(newcomer, mark, newcomer.cohort.path.steps[0].id)
        with reading():
            sue, boss = (session.get_one(User, people[name]) for name in ("sue", "boss"))
        said = signed_in(sue).text(f"/cohorts/{cohort}")
        assert "Kept quiet" not in said
        assert "A text for a closed circle" in said
        assert "Kept quiet" in signed_in(boss).text(f"/cohorts/{cohort}")


def test_lists_of_new_hires_show_exactly_what_each_may_see(school):
    who, people = school
    with reading():
        every = list(session.scalars(sa.select(Newcomer)))
        for name in people:
            listed = set(session.scalars(sa.select(Newcomer.id).where(allowed(who(name), P.SEE_NEWCOMER))))
            assert listed == {row.id for row in every if can(who(name), P.SEE_NEWCOMER, row)}, name


def test_a_trainer_builds_a_path_and_a_cohort_on_the_pages(school, signed_in):
    _who, people = school
    with clock.fixed(NOW):
        tom, sue = signed_in(_user(people["tom"])), signed_in(_user(people["sue"]))
        assert tom.submit("/paths", name="", target="90", in_a_row="5").status_code == 422
        page = tom.submit("/paths", name="Second line", target="92.5", in_a_row="3").headers["Location"]
        assert tom.submit(page, act="add", day="2", sort="reading", article="/articles/house-rules").status_code == 303
        assert tom.submit(page, act="add", day="3", sort="course", course="nothing").status_code == 422
        assert tom.submit(page, act="add", day="3", sort="shadow", title="Four calls beside Sue").status_code == 303
        assert "Four calls beside Sue" in sue.text(page) and "Add a step" not in sue.text(page)
        assert "<details open" not in tom.text(page).replace(' class="fold section-gap"', "")
        wrong = tom.submit(page, act="add", day="3", sort="course", course="nothing").get_data(as_text=True)
        assert 'href="#f-course"' in wrong and '<details class="fold section-gap" open>' in wrong
        number = page.rpartition("/")[2]
        form = {"name": "October", "path": number, "starts_on": "2026-10-12", "people": "sue, nobody"}
        assert tom.submit("/cohorts", form).status_code == 422
        cohort = tom.submit("/cohorts", form | {"people": "sue"}).headers["Location"]
        assert "Sue" in tom.text(cohort) and "92.5" in tom.text(page)
        assert tom.submit(cohort, people="ann").status_code == 422  # she walks a path already
        assert sue.submit("/cohorts", to=cohort, people="far").status_code == 403
