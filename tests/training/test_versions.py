"""Numbered versions of a course: who began one finishes it, and what changed can be read."""

from decimal import Decimal
from importlib import import_module

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from accounts.people import actor_of
from core import outbox
from core.db import reading, writing
from core.errors import Conflict, Invalid, NotFound
from wiki.articles.models import Category
from wiki.notifications.models import NoticeEntry
from wiki.training import bank, ops, outline, practice, queries, quizzes, versions
from wiki.training.learning import confirm, enrol, find_quiz, hand_in
from wiki.training.models import Course, Enrolment, Question
from wiki.training.practice_permissions import waiting
from wiki.training.practice_rules import Verdict
from wiki.training.rules import Requires
from wiki.training.version_rules import Plan, Sort, compare

KEYS = st.lists(st.sampled_from([f"lesson:{n}" for n in range(6)] + ["quiz:1", "module:1"]), unique=True)


@given(KEYS, KEYS)
def test_the_differences_lead_from_one_outline_to_the_other(old, new):
    """Applying what was added and taken out to the old steps gives the new ones; nothing is said of equal outlines."""
    plans = [
        Plan([{"step": key, "title": key} for key in keys], Decimal(1), Requires.EVERYTHING) for keys in (old, new)
    ]
    found = compare(*plans)
    added = {one.row["step"] for one in found if one.sort is Sort.ADDED}
    removed = {one.row["step"] for one in found if one.sort is Sort.REMOVED}
    assert (set(old) - removed) | added == set(new)
    assert not removed & set(new) and not added & set(old)
    kept = [key for key in old if key in new]
    assert (Sort.MOVED in {one.sort for one in found}) == (kept != [key for key in new if key in old])
    assert (found == []) == (old == new)


def number(row: Enrolment) -> int:
    found = versions.version_of(row)
    assert found is not None
    return found.number


@pytest.mark.both_databases
def test_what_the_migration_takes_for_version_1_is_what_the_course_asks(db, make, school):
    """Else every course with questions of the bank would seem changed after the upgrade, and nobody did anything."""
    course, other, trainer = school.course(lessons=1), school.course(), make.actor("training")
    quiz, category = course.quizzes[0], Category(slug="phones", name="Phones", path="phones")
    db.add(category)
    db.flush()
    first = db.scalars(sa.select(Question).where(Question.quiz_id == other.quizzes[0].id).order_by(Question.id)).first()
    first.category_id = category.id
    db.flush()
    bank.ask_from_bank(quiz, trainer, first.id)
    bank.draw_from(quiz, trainer, category.id, 2)
    db.expire(quiz)
    written = import_module("migrations.versions.0046_courses")._outline(db.connection(), course.id)
    rows = {row["step"]: row for row in written}[f"quiz:{quiz.id}"]
    assert rows["draws"] == [[category.name, 2]]
    assert [first.id, first.text] in rows["questions"]
    assert written == list(versions.plan(course).outline)


@pytest.mark.both_databases
def test_who_began_a_version_finishes_it_and_who_begins_takes_the_next(db, make, school):
    course, trainer = school.course(lessons=2, quiz=False), make.actor("training")
    early, late = make.actor("rep"), make.actor("rep")
    first, second = course.lessons
    confirm(first, early)
    extra = ops.add_lesson(course, trainer, school.article("Extra").slug)
    ops.remove_lesson(second, trainer)
    ops.change_course(course, trainer, ops.CourseSpec(course.title, credits=Decimal(7)))
    assert [one.sort for one in versions.changes(course, versions.newest(course.id)) if one.waits] == [
        Sort.ADDED, Sort.REMOVED, Sort.CREDITS,
    ]  # fmt: skip
    assert versions.seen_by(course, late).lessons == [first, second], "what is not published is met by nobody"
    with pytest.raises(Invalid):
        versions.renew(course, trainer, " ", move=False)
    made = versions.renew(course, trainer, "Now with the extra text", move=False)
    assert made.number == 2
    with pytest.raises(Conflict) as refused:
        versions.renew(course, trainer, "Again", move=False)
    assert refused.value.code == "same-version"
    assert versions.seen_by(course, early).lessons == [first, second]
    assert versions.seen_by(course, late).lessons == [first, extra]
    found = queries.progress_of(early.id, [course.id])[course.id]
    assert (found.lessons, found.done, found.version) == (2, 1, 1)
    confirm(second, early)
    confirm(first, late)
    confirm(extra, late)
    rows = {row.user_id: row for row in db.scalars(sa.select(Enrolment))}
    assert {(number(one), one.credits) for one in rows.values()} == {(1, Decimal("2.50")), (2, Decimal(7))}
    assert all(one.completed_at for one in rows.values())
    assert versions.people_in(course) == {rows[early.id].version_id: (0, 1), made.id: (0, 1)}


@pytest.mark.both_databases
def test_a_trainer_may_let_those_under_way_move_on(app, make, school):
    with writing():
        course, trainer = school.course(lessons=3, quiz=False), make.actor("training")
        through, half, done = (make.actor("rep") for _n in range(3))
        a, b, c = course.lessons
        for actor, lessons in ((through, (a, b)), (half, (a,)), (done, (a, b, c))):
            for one in lessons:
                confirm(one, actor)
        ops.remove_lesson(c, trainer)
        versions.renew(course, trainer, "Shorter", move=True)
    outbox.drain()
    with reading() as db:
        rows = {row.user_id: row for row in db.scalars(sa.select(Enrolment).where(Enrolment.course_id == course.id))}
        numbers = {user_id: number(row) for user_id, row in rows.items()}
        assert numbers == {through.id: 2, half.id: 2, done.id: 1}, "who has completed it keeps the version it was for"
        assert rows[through.id].completed_at is not None, "what is left over was all that was missing"
        assert rows[half.id].completed_at is None
        told = set(db.scalars(sa.select(NoticeEntry.user_id).where(NoticeEntry.code == "course_renewed")))
        assert told == {half.id}


def test_a_version_that_nobody_has_begun_takes_every_change(db, make, school):
    course, trainer, rep = school.course(lessons=1, quiz=False), make.actor("training"), make.actor("rep")
    extra = ops.add_lesson(course, trainer, school.article("Extra").slug)
    assert extra in versions.seen_by(course, rep).lessons
    assert versions.changes(course, versions.newest(course.id)) == []
    enrol(course, rep.id, rep)
    outline.place(course, trainer, [], key=f"lesson:{extra.id}", way="up")
    assert versions.seen_by(course, rep).lessons[-1] is extra, "begun: the order waits"
    quiz = quizzes.add_quiz(course, trainer, quizzes.QuizSpec("Later"))
    assert find_quiz(quiz.id, trainer) is quiz
    with pytest.raises(NotFound):
        find_quiz(quiz.id, rep)


def test_what_was_taken_out_is_still_there_for_who_finishes_with_it(db, make, school):
    course, trainer, rep = school.course(lessons=0), make.actor("training"), make.actor("rep")
    task = practice.save_task(course, trainer, "Listen", "To three calls.")
    enrol(course, rep.id, rep)
    quiz = school.quiz(course)
    practice.remove_task(task, trainer)
    quizzes.remove_quiz(quiz, trainer)
    ops.add_lesson(course, trainer, school.article().slug)
    versions.renew(course, trainer, "Text instead of a test", move=False)
    hand_in(find_quiz(quiz.id, rep), rep, school.answers(quiz))
    report = practice.say_done(practice.find_task(course, task.id, rep), rep)
    assert list(db.scalars(waiting(trainer))) == [report]
    practice.judge(report, trainer, Verdict.SIGNED)
    [row] = db.scalars(sa.select(Enrolment))
    assert (row.completed_at is not None, number(row)) == (True, 1)
    other = make.actor("rep")
    with pytest.raises(NotFound):
        practice.find_task(course, task.id, other)


def test_pages_say_which_version_it_was(app, make, school, signed_in):
    with writing():
        trainer, rep = make.user("training"), make.user("rep")
        course = school.course(lessons=1, quiz=False, by=trainer)
        confirm(course.lessons[0], actor_of(rep))
        secret = school.article("Very secret", audience="restricted", readers=["role:training"])
        ops.add_lesson(course, actor_of(trainer), secret.slug)
        code = queries.certificate_of(course.id, rep.id)
    browser, edit = signed_in(trainer), f"/courses/{course.slug}/edit"
    assert "1 change waits" in browser.text(edit) and "Very secret" in browser.text(edit)
    empty = browser.submit(edit, to=f"/courses/{course.slug}/versions", note="", who="stay", follow=True)
    assert "what is new" in empty.get_data(as_text=True)
    browser.submit(edit, to=f"/courses/{course.slug}/versions", note="A text more", who="stay")
    history = browser.text(f"/courses/{course.slug}/versions")
    assert "A text more" in history and "Very secret" in history and "1 completed" in history
    learner = signed_in(rep)
    seen = learner.text(f"/courses/{course.slug}/versions")
    assert "A text more" in seen and "Very secret" not in seen and "completed by you" in seen
    assert "Version 1" in learner.text(f"/courses/{course.slug}") and "Version 1" in learner.text(
        f"/certificates/{code}"
    )
    with writing() as db:
        other = make.user("rep")
        enrol(db.get_one(Course, course.id), other.id, actor_of(db.get_one(User, other.id)))
    assert signed_in(other).get(f"/courses/{course.slug}/lessons/2").status_code == 403
