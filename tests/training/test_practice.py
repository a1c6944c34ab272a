"""Modules and their order, sessions and who was there, tasks and who signed: through the verbs and the pages."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core.db import reading, session
from core.errors import Conflict, Forbidden, Invalid
from wiki.training import learning, ops, outline, practice, prerequisites
from wiki.training.models import Course, Enrolment
from wiki.training.practice_models import TaskReport
from wiki.training.practice_permissions import waiting
from wiki.training.practice_rules import Verdict
from wiki.training.queries import progress_of
from wiki.training.rules import Requires


def session_at(clock, *, hours: int = 1, seats: int | None = None) -> practice.SessionSpec:
    begins = clock.now() + timedelta(hours=hours)
    return practice.SessionSpec("Practising calls", "Room 4", begins, begins + timedelta(hours=1), seats)


def complete(course: Course, user_id: int) -> bool:
    return (
        session.scalars(
            sa.select(Enrolment.completed_at).where(Enrolment.course_id == course.id, Enrolment.user_id == user_id)
        ).one()
        is not None
    )


@pytest.mark.both_databases
def test_steps_stand_in_one_order_under_modules(db, make, school):
    trainer = make.actor("training")
    course = school.course(published=False)
    first, second, quiz = (
        f"lesson:{course.lessons[0].id}",
        f"lesson:{course.lessons[1].id}",
        f"quiz:{school.quiz(course).id}",
    )
    assert outline.outline(course).order == [first, second, quiz]
    task = practice.save_task(course, trainer, "A task", "Do it.")
    module = f"module:{outline.add_module(course, trainer, ' Calls ').id}"
    order = outline.outline(course).order
    assert order == [first, second, f"task:{task.id}", quiz, module]
    outline.place(course, trainer, [second, module, first, "lesson:999999"], key=quiz, way="up")
    assert outline.outline(course).order == [second, module, first, quiz, f"task:{task.id}"]
    assert [f"lesson:{one.id}" for one in course.lessons] == [second, first]  # 'lesson 1' is the first one met
    outline.remove_module(
        session.get_one(type(outline.find_module(course, int(module[7:]))), int(module[7:])), course, trainer
    )
    assert outline.outline(course).order == [second, first, quiz, f"task:{task.id}"]
    with pytest.raises(Invalid):
        outline.add_module(course, trainer, "  ")
    with pytest.raises(Forbidden):
        outline.place(course, make.actor("supervisor"), [first])


@pytest.mark.both_databases
def test_a_session_counts_for_who_was_there_also_when_it_is_noted_late(db, make, school, clock):
    trainer, rep, other = make.actor("training"), make.actor("rep"), make.actor("rep")
    course = school.course(lessons=0, quiz=False, published=False)
    meeting = practice.save_session(course, trainer, session_at(clock, seats=1))
    ops.publish(course, trainer)
    practice.take_seat(meeting, rep)
    practice.take_seat(meeting, rep)
    with pytest.raises(Conflict):
        practice.take_seat(meeting, other)
    practice.leave_seat(meeting, rep)
    practice.take_seat(meeting, other)
    with pytest.raises(Conflict):  # it has not begun
        practice.note_attendance(meeting, trainer, listed=[rep.id], present=[rep.id])
    clock.advance(days=3)
    with pytest.raises(Forbidden):
        practice.note_attendance(meeting, make.actor("supervisor"), listed=[rep.id], present=[rep.id])
    assert practice.note_attendance(meeting, trainer, listed=[rep.id, other.id], present=[rep.id]) == 1
    assert practice.note_attendance(meeting, trainer, listed=[other.id], present=[rep.id]) == 0
    assert complete(course, rep.id)
    assert not complete(course, other.id)
    assert progress_of(rep.id, [course.id])[course.id].steps_done == 1
    practice.note_attendance(meeting, trainer, listed=[rep.id], present=[])  # a slip of the pen
    assert complete(course, rep.id)  # what was completed stays so


@pytest.mark.both_databases
def test_a_task_is_done_when_somebody_who_may_has_signed(db, make, school):
    rep = make.user("rep", team="night")
    chief = actor_of(make.user("supervisor", team="night"))
    stranger, trainer = actor_of(make.user("supervisor", team="day")), make.actor("training")
    learner = actor_of(rep)
    course = school.course(lessons=1, quiz=True, published=False, requires=Requires.QUIZZES)
    task = practice.save_task(course, trainer, "Listen in", "Two calls.")
    ops.publish(course, trainer)
    quiz = school.quiz(course)
    learning.hand_in(quiz, learner, school.answers(quiz))
    assert not complete(course, rep.id)  # who knows it already is let off the reading, never off the task
    report = practice.say_done(task, learner, "With Ms Li.")
    assert practice.say_done(task, learner).id == report.id
    assert [session.scalars(waiting(one)).all() for one in (chief, stranger, trainer, learner)] == [
        [report],
        [],
        [report],
        [],
    ]
    with pytest.raises(Forbidden):
        practice.judge(report, stranger, Verdict.SIGNED)
    with pytest.raises(Invalid):
        practice.judge(report, chief, Verdict.SENT_BACK)
    practice.judge(report, chief, Verdict.SENT_BACK, "One more, please.")
    with pytest.raises(Conflict):
        practice.judge(report, trainer, Verdict.SIGNED)
    again = practice.say_done(task, learner, "Two now.")
    assert again.id != report.id
    practice.judge(again, trainer, Verdict.SIGNED)
    assert complete(course, rep.id)
    assert session.scalar(sa.select(sa.func.count()).select_from(TaskReport)) == 2


def built(trainer, course, clock) -> None:
    """A trainer adds a session, a task and a module, and moves a lesson, all by the pages."""
    edit = f"/courses/{course.slug}/edit"
    soon = (clock.now() + timedelta(hours=2)).astimezone(ZoneInfo("Asia/Shanghai"))  # the clock of the centre
    typed = {
        "title": "In pairs",
        "place": "Room 9",
        "starts_at": soon.strftime("%Y-%m-%dT%H:%M"),
        "ends_at": "",
        "capacity": "x",
    }
    new = f"/courses/{course.slug}/sessions/new"
    refused = trainer.submit(new, typed)
    assert refused.status_code == 422
    assert 'value="In pairs"' in refused.text
    later = {"ends_at": (soon + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"), "capacity": "4"}
    assert trainer.submit(new, typed | later).status_code == 303
    assert (
        trainer.submit(f"/courses/{course.slug}/tasks/new", {"title": "Listen", "what": "**Two** calls"}).status_code
        == 303
    )
    assert trainer.submit(edit, {"title": "Second part"}, to=f"/courses/{course.slug}/modules").status_code == 303
    page = trainer.text(edit)
    steps = re.findall(r'name="step" value="([^"]+)"', page)
    assert [step.split(":")[0] for step in steps] == ["lesson", "lesson", "session", "task", "module"]
    moved = trainer.submit(edit, {"step": steps, "move": f"up:{steps[1]}"}, to=f"/courses/{course.slug}/order")
    assert moved.location.endswith(f"#up-{steps[1].replace(':', '-')}")
    assert re.findall(r'name="step" value="([^"]+)"', trainer.text(edit)) == [steps[1], steps[0], *steps[2:]]


def test_the_pages_of_sessions_and_tasks(client, make, school, signed_in, clock):
    course = school.course(lessons=2, quiz=False)
    built(signed_in(make.user("training")), course, clock)
    rep = signed_in(make.user("rep"))
    page = rep.text(f"/courses/{course.slug}")
    assert "Second part" in page
    meeting, task = (re.search(rf'href="(/courses/[^"]+/{kind}/\d+)"', page)[1] for kind in ("sessions", "tasks"))
    assert "Who was there" not in rep.text(meeting)
    assert rep.submit(meeting, to=f"{meeting}/seat").status_code == 303
    assert "You are coming" in rep.text(meeting)
    assert "<strong>Two</strong>" in rep.text(task)
    rep.submit(task, {"note": "Heard <b>both</b>"}, to=f"{task}/done")
    assert "Waits for a signature" in rep.text(task)
    trainer = signed_in(make.user("training"))
    assert "1 task waits for your signature" in trainer.text("/courses")
    listed = trainer.text("/sign-offs")
    assert "Heard &lt;b&gt;both" in listed
    action = re.search(r'action="(/sign-offs/\d+)"', listed)[1]
    assert trainer.submit("/sign-offs", {"verb": "back", "word": " "}, to=action).status_code == 422
    assert trainer.submit("/sign-offs", {"verb": "sign"}, to=action).status_code == 303
    clock.advance(hours=4)
    with reading():
        person = session.scalars(sa.select(Enrolment.user_id).where(Enrolment.course_id == course.id)).one()
    saved = trainer.submit(meeting, {"listed": str(person), "present": str(person)}, to=f"{meeting}/attendance")
    assert saved.status_code == 303
    with reading():
        assert progress_of(person, [course.id])[course.id].practised == 2


@pytest.mark.both_databases
def test_a_course_before_a_course(db, make, school):
    trainer, rep = make.actor("training"), make.actor("rep")
    one, two, three = (school.course(lessons=1, quiz=False, title=title) for title in ("First", "Second", "Third"))
    prerequisites.need(two, trainer, one)
    prerequisites.need(two, trainer, one)
    prerequisites.need(three, trainer, two)
    with pytest.raises(Invalid) as refused:
        prerequisites.need(one, trainer, three)
    assert "First → Third → Second → First" in refused.value.errors["needs"]
    with pytest.raises(Conflict) as locked:
        learning.confirm(two.lessons[0], rep)
    assert "First" in locked.value.sentence
    learning.confirm(one.lessons[0], rep)
    assert prerequisites.missing(two, rep.id) == []
    learning.confirm(two.lessons[0], rep)
    assert complete(two, rep.id)
    learning.enrol(three, rep.id, rep)
    prerequisites.need(three, trainer, school.course(lessons=1, quiz=False, title="Fourth"))
    assert prerequisites.missing(three, rep.id) == []  # who has begun goes on
    prerequisites.let_go(two, trainer, one.id)
    assert prerequisites.missing(two, make.actor("rep").id) == []


def test_a_locked_course_says_what_is_missing(client, make, school, signed_in):
    one, two = (school.course(lessons=1, quiz=False, title=title) for title in ("The basics", "The art"))
    trainer = signed_in(make.user("training"))
    edit = f"/courses/{two.slug}/edit"
    trainer.submit(edit, {"course": one.id}, to=f"/courses/{two.slug}/needs")
    assert "No longer" in trainer.text(edit)
    rep = signed_in(make.user("rep"))
    page = rep.text(f"/courses/{two.slug}")
    assert "opens when you have completed what comes first" in page
    assert f'href="/courses/{one.slug}"' in page
    assert ">Begin<" not in page
    begun = rep.submit(f"/courses/{two.slug}", to=f"/courses/{two.slug}/begin", follow=True)
    assert "Please complete “The basics” first." in begun.text
    assert "I have read this" not in rep.text(f"/courses/{two.slug}/lessons/1")


def test_learners_under_way_see_what_changed_and_who_is_through_stays_through(client, make, school, signed_in, clock):
    course = school.course(lessons=1, quiz=False)
    through, under_way = make.user("rep"), make.user("rep")
    rep = signed_in(through)
    rep.submit(f"/courses/{course.slug}/lessons/1", to=f"/courses/{course.slug}/lessons/1/done")
    rep = signed_in(under_way)
    rep.submit(f"/courses/{course.slug}", to=f"/courses/{course.slug}/begin")
    clock.advance(hours=1)
    trainer = signed_in(make.user("training"))
    trainer.submit(f"/courses/{course.slug}/tasks/new", {"title": "Listen in", "what": "Two calls."})
    listed = trainer.text(f"/courses/{course.slug}/changes")
    assert "added a task: <strong>Listen in</strong>" in listed
    assert "1 person is under way now." in listed
    edit = f"/courses/{course.slug}/edit"
    trainer.submit(edit, to=f"/courses/{course.slug}/versions", note="Now with practice", who="stay")
    page = signed_in(under_way).text(f"/courses/{course.slug}")
    assert "You are taking version 1 and finish it." in page and "Now with practice" in page
    page = signed_in(through).text(f"/courses/{course.slug}")
    assert "Completed" in page
    assert "and finish it" not in page
