"""What trainers and learners do, on both databases."""

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from accounts import ops as people
from accounts.people import actor_of
from core import events
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.permissions import allowed, can
from wiki.articles.publishing import retire
from wiki.training import ops, queries, quizzes, reports
from wiki.training.assigning import assign, unassign
from wiki.training.events import CourseCompleted, CoursePublished, QuizPassed
from wiki.training.learning import confirm, enrol, find_quiz, hand_in, in_order
from wiki.training.models import Attempt, Course, Enrolment, Lesson, Question
from wiki.training.permissions import P
from wiki.training.rules import Kind, Requires, spec
from wiki.training.versions import renew


@pytest.fixture
def told(monkeypatch):
    """The events of the classroom, in order."""
    heard: list[object] = []
    monkeypatch.setattr(events, "_listeners", {kind: list(fs) for kind, fs in events._listeners.items()})
    for kind in (CourseCompleted, CoursePublished, QuizPassed):
        events._listeners.setdefault(kind, []).append(heard.append)
    return heard


def test_a_course_gives_its_credits_once(db, make, school, told):
    course, rep = school.course(), make.actor("rep")
    told.clear()
    for lesson in course.lessons:
        confirm(lesson, rep)
        confirm(lesson, rep)
    assert told == []
    quiz = school.quiz(course)
    hand_in(quiz, rep, school.answers(quiz))
    assert [type(e) for e in told] == [QuizPassed, CourseCompleted]
    assert (told[1].user_id, told[1].credits, told[1].slug) == (rep.id, Decimal("2.50"), course.slug)
    hand_in(quiz, rep, school.answers(quiz))
    assert len(told) == 2
    enrolment = db.scalars(sa.select(Enrolment)).one()
    assert (enrolment.completed_at is not None, enrolment.credits) == (True, Decimal("2.50"))


def test_a_course_that_asks_for_quizzes_only_is_complete_without_reading(db, make, school, told):
    course, rep = school.course(requires=Requires.QUIZZES), make.actor("rep")
    quiz = school.quiz(course)
    hand_in(quiz, rep, school.answers(quiz))
    assert any(isinstance(e, CourseCompleted) for e in told)


def test_taking_the_last_open_lesson_out_completes_those_who_did_the_rest(db, make, school, told):
    course, rep = school.course(lessons=2, quiz=False), make.actor("rep")
    confirm(course.lessons[0], rep)
    trainer = make.actor("training")
    ops.remove_lesson(course.lessons[1], trainer)
    assert not any(isinstance(e, CourseCompleted) for e in told), "version 1 was begun, and asks for both"
    renew(course, trainer, "One lesson less", move=True)
    assert [e.user_id for e in told if isinstance(e, CourseCompleted)] == [rep.id]


def test_credits_already_given_stay_when_the_course_is_changed(db, make, school):
    course, rep, trainer = school.course(lessons=1, quiz=False), make.actor("rep"), make.actor("training")
    confirm(course.lessons[0], rep)
    ops.change_course(course, trainer, ops.CourseSpec("Other", credits=Decimal(9)))
    assert db.scalars(sa.select(Enrolment.credits)).one() == Decimal("2.50")


def test_attempts_run_out(db, make, school):
    course, rep = school.course(), make.actor("rep")
    quiz = school.quiz(course)
    first = hand_in(quiz, rep, school.answers(quiz, wrong=2))
    assert (first.number, first.score, first.passed) == (1, 33, False)
    hand_in(quiz, rep, {})
    with pytest.raises(Conflict) as refused:
        hand_in(quiz, rep, school.answers(quiz))
    assert refused.value.code == "no-attempts-left"


def test_after_passing_practice_is_free_and_told_to_nobody(db, make, school, told):
    course, rep = school.course(lessons=0), make.actor("rep")
    quiz = school.quiz(course)
    for _n in range(4):
        hand_in(quiz, rep, school.answers(quiz))
    assert sum(isinstance(e, QuizPassed) for e in told) == 1
    assert sum(isinstance(e, CourseCompleted) for e in told) == 1


def test_handing_in_the_same_attempt_twice_counts_once(db, make, school):
    course, rep = school.course(), make.actor("rep")
    quiz = school.quiz(course)
    first = hand_in(quiz, rep, school.answers(quiz, wrong=3), number=1)
    again = hand_in(quiz, rep, school.answers(quiz), number=1)
    assert again is first
    assert db.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 1
    with pytest.raises(Conflict):
        hand_in(quiz, rep, {}, number=3)


def test_an_answer_that_is_no_option_is_refused_and_nothing_is_counted(db, make, school):
    course, rep = school.course(), make.actor("rep")
    quiz = school.quiz(course)
    with pytest.raises(Invalid):
        hand_in(quiz, rep, {quiz.questions[0].id: "purple"})
    assert db.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 0


def test_attempts_cannot_be_rewritten(db, make, school):
    course, rep = school.course(), make.actor("rep")
    quiz = school.quiz(course)
    attempt = hand_in(quiz, rep, {})
    with pytest.raises(sa.exc.DBAPIError), db.begin_nested():
        db.execute(sa.update(Attempt).where(Attempt.id == attempt.id).values(passed=True))


def test_an_answered_question_is_replaced_and_an_unanswered_one_rewritten(db, make, school):
    course, rep, trainer = school.course(), make.actor("rep"), make.actor("training")
    quiz = school.quiz(course)
    fresh = spec(Kind.SINGLE, "What now?", ["a", "b"], 0)
    first = quiz.questions[0]
    assert quizzes.change_question(first, trainer, fresh) is first
    hand_in(quiz, rep, {})
    changed = quizzes.change_question(first, trainer, spec(Kind.SINGLE, "What then?", ["a", "b"], 1))
    assert changed.replaces_id == first.id
    assert (first.text, first.retired_at is not None) == ("What now?", True)
    assert quiz.questions[0].text == "What then?"


def test_every_attempt_has_its_own_order_and_keeps_it(db, make, school):
    course, rep = school.course(), make.actor("rep")
    quiz = school.quiz(course)
    orders = {tuple(q.id for q in in_order(quiz, rep.id, n)) for n in range(1, 20)}
    assert len(orders) > 1
    assert in_order(quiz, rep.id, 1) == in_order(quiz, rep.id, 1)


def test_a_lesson_pins_the_version_and_shows_that_it_moved(db, make, school):
    trainer, article = make.actor("training"), school.article()
    course = ops.create_course(trainer, ops.CourseSpec("C"))
    lesson = ops.add_lesson(course, trainer, article.slug)
    school.again(article, "major", body="All is different.")
    assert (lesson.publication.version, lesson.article.version, lesson.is_behind) == ("1.0", "2.0", True)
    assert lesson.publication.revision.body == "Ask for the light."
    assert lesson.marked_at is not None
    school.again(article, "minor")
    assert lesson.publication.version == "1.0"
    ops.pin(lesson, trainer)
    assert lesson.publication.version == "2.1"
    assert lesson.marked_at is None


def test_a_small_change_takes_the_pin_along(db, make, school):
    trainer, article = make.actor("training"), school.article()
    course = ops.create_course(trainer, ops.CourseSpec("C"))
    lesson = ops.add_lesson(course, trainer, article.slug, version="1.0")
    school.again(article, "typo")
    assert (lesson.publication.version, lesson.marked_at, lesson.is_behind) == ("1.1", None, False)


def test_a_retired_article_marks_its_lesson_and_stays_readable_there(db, make, school):
    course = school.course(lessons=1, quiz=False)
    retire(course.lessons[0].article, make.actor("manager"), reason="outdated")
    assert course.lessons[0].marked_at is not None
    assert can(make.actor("rep"), P.READ_LESSON, course.lessons[0])


def test_a_restricted_article_stays_closed_in_a_course(db, make, school):
    trainer = make.actor("training")
    article = school.article("Secret", audience="restricted", readers=["role:training"])
    course = ops.create_course(trainer, ops.CourseSpec("C"))
    lesson = ops.add_lesson(course, trainer, article.slug)
    ops.publish(course, trainer)
    with pytest.raises(Forbidden):
        confirm(lesson, make.actor("rep"))
    hidden = school.article("Hidden", audience="restricted", readers=["role:qa"])
    with pytest.raises(Invalid):
        ops.add_lesson(course, trainer, hidden.slug)


def test_lessons_change_places_and_keep_their_numbers(db, make, school):
    course, trainer = school.course(lessons=3, quiz=False), make.actor("training")
    a, b, c = course.lessons
    ops.move_lesson(c, trainer, "up")
    assert course.lessons == [a, c, b]
    ops.move_lesson(a, trainer, "up")
    assert course.lessons == [a, c, b]
    ops.remove_lesson(a, trainer)
    assert [lesson.position for lesson in course.lessons] == [1, 2]
    assert queries.lesson_numbered(course, 1) is c


def test_an_article_is_taught_once_in_a_course(db, make, school):
    course, trainer = school.course(lessons=1), make.actor("training")
    with pytest.raises(Conflict):
        ops.add_lesson(course, trainer, course.lessons[0].article.slug)


def test_an_empty_course_cannot_be_published(db, make, school):
    course, trainer = school.course(lessons=0, quiz=False, published=False), make.actor("training")
    with pytest.raises(Conflict):
        ops.publish(course, trainer)
    quizzes.add_quiz(course, trainer, quizzes.QuizSpec("Empty"))
    with pytest.raises(Conflict):
        ops.publish(course, trainer)


def test_publishing_is_told_once(db, make, school, told):
    course, trainer = school.course(), make.actor("training")
    ops.publish(course, trainer)
    assert sum(isinstance(e, CoursePublished) for e in told) == 1


def test_who_joins_the_team_later_has_to_take_the_course_too(db, make, school):
    course, team = school.course(), make.team("night")
    school.assign(course, team=team, due_on=date(2026, 11, 20))
    early, late = make.user("rep", team="night"), make.user("rep")
    assert queries.count_due(actor_of(early)) == 1
    assert queries.count_due(actor_of(late)) == 0
    people.change_person(None, late, name=late.name, roles=late.roles, team=team.slug, tier=None)
    assert queries.count_due(actor_of(late)) == 1
    assert set(db.scalars(reports.learners(course))) == {early, late}


def test_assigning_again_moves_the_day(db, make, school):
    course, user = school.course(), make.user("rep")
    school.assign(course, user=user, due_on=date(2026, 11, 20))
    school.assign(course, user=user, due_on=date(2026, 12, 1))
    [row] = db.scalars(reports.assignments(course))
    assert row.due_on == date(2026, 12, 1)
    unassign(row, make.actor("training"))
    assert queries.count_due(actor_of(user)) == 0


def test_who_is_behind_is_who_is_late_and_not_done(db, make, school, clock):
    course = school.course(lessons=1, quiz=False)
    team = make.team("night")
    lazy, quick, away = (make.user("rep", team="night", active=n < 2) for n in range(3))
    school.assign(course, team=team, due_on=date(2026, 11, 15))
    confirm(course.lessons[0], actor_of(quick))
    assert list(db.scalars(reports.behind(course))) == [lazy]
    totals = reports.totals_of([course.id])[course.id]
    assert (totals.learners, totals.completed, totals.overdue) == (2, 1, 1)
    assert [(u, c) for u, c, _day in reports.falling_behind()] == [(lazy, course)]
    assert away not in set(db.scalars(reports.learners(course)))


def test_progress_counts_what_is_asked_for_now(db, make, school):
    course, rep = school.course(lessons=2), make.actor("rep")
    confirm(course.lessons[0], rep)
    found = queries.progress_of(rep.id, [course.id])[course.id]
    assert (found.lessons, found.done, found.quizzes, found.passed) == (2, 1, 1, 0)
    trainer = make.actor("training")
    ops.remove_lesson(course.lessons[0], trainer)
    renew(course, trainer, "One less", move=True)
    found = queries.progress_in(course.id, [rep.id])[rep.id]
    assert (found.lessons, found.done, found.begun, found.assigned) == (1, 0, True, False)


def test_figures_of_one_course_are_not_those_of_another(db, make, school, clock):
    one, two = school.course(title="One"), school.course(title="Two")
    lazy, quick = make.user("rep", team="night"), make.user("rep", team="day")
    school.assign(one, team=make.team("night"), due_on=date(2026, 11, 15))
    school.assign(two, team=make.team("day"), due_on=date(2026, 12, 15))
    for lesson in two.lessons:
        confirm(lesson, actor_of(quick))
    hand_in(school.quiz(two), actor_of(quick), school.answers(school.quiz(two)))
    totals = reports.totals_of([one.id, two.id])
    assert [(t.learners, t.completed, t.overdue) for t in (totals[one.id], totals[two.id])] == [(1, 0, 1), (1, 1, 0)]
    found = queries.progress_of(quick.id, [one.id, two.id])
    assert [(p.passed, p.assigned, p.begun) for p in (found[one.id], found[two.id])] == [
        (0, False, False),
        (1, True, True),
    ]
    assert queries.progress_in(two.id, [lazy.id])[lazy.id] == queries.Progress(lessons=2, quizzes=1, version=1)
    assert list(db.scalars(queries.mine(actor_of(quick)))) == [two]
    assert list(db.scalars(queries.open_to(actor_of(quick)))) == [one]
    assert (queries.count_due(actor_of(lazy)), queries.count_due(actor_of(quick))) == (1, 0)


def test_credits_between_two_moments(db, make, school, clock):
    course, rep = school.course(lessons=1, quiz=False), make.actor("rep")
    before = clock.now()
    clock.advance(hours=1)
    confirm(course.lessons[0], rep)
    clock.advance(hours=1)
    assert queries.credits_between(rep.id, before, clock.now()) == Decimal("2.50")
    assert queries.credits_between(rep.id, clock.now(), clock.now()) == 0


def test_a_draft_is_for_trainers_only(db, make, school):
    course = school.course(published=False)
    with pytest.raises(NotFound):
        ops.find_course(course.slug, make.actor("rep"))
    with pytest.raises(NotFound):
        find_quiz(school.quiz(course).id, make.actor("rep"))
    with pytest.raises(Forbidden):
        enrol(course, make.user("rep").id, make.actor("rep"))
    with pytest.raises(Conflict):
        assign(course, make.actor("training"), user=make.user("rep"))
    assert ops.find_course(course.slug, make.actor("manager")) is course


@pytest.mark.parametrize("role", ["rep", "business", "qa", "training", "supervisor", "manager", "admin"])
def test_lists_show_what_the_predicates_allow(db, make, school, role):
    school.course(published=False, title="Draft")
    course = school.course(title="Open")
    quiz = school.quiz(course)
    hand_in(quiz, make.actor("rep"), {})
    person = make.actor(role)
    hand_in(quiz, person, {})
    for permission, kind in ((P.SEE_COURSE, Course), (P.TAKE_COURSE, Course), (P.SEE_ATTEMPT, Attempt)):
        listed = set(db.scalars(sa.select(kind.id).where(allowed(person, permission))))
        assert listed == {row.id for row in db.scalars(sa.select(kind)) if can(person, permission, row)}, permission


@pytest.mark.parametrize("role", ["rep", "business", "qa", "supervisor", "admin"])
def test_only_trainers_and_managers_teach(db, make, school, role):
    course, other = school.course(), make.actor(role)
    lesson, quiz = course.lessons[0], school.quiz(course)
    acts = [
        lambda: ops.create_course(other, ops.CourseSpec("C")),
        lambda: ops.change_course(course, other, ops.CourseSpec("C")),
        lambda: ops.publish(course, other),
        lambda: ops.add_lesson(course, other, lesson.article.slug),
        lambda: ops.pin(lesson, other),
        lambda: ops.move_lesson(lesson, other, "up"),
        lambda: ops.remove_lesson(lesson, other),
        lambda: assign(course, other, user=make.user("rep")),
        lambda: quizzes.add_quiz(course, other, quizzes.QuizSpec("Q")),
        lambda: quizzes.change_quiz(quiz, other, quizzes.QuizSpec("Q")),
        lambda: quizzes.remove_quiz(quiz, other),
        lambda: quizzes.remove_question(quiz.questions[0], other),
        lambda: enrol(course, make.user("rep").id, other),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()


def test_what_is_taken_out_stays_on_record(db, make, school):
    course, trainer, rep = school.course(), make.actor("training"), make.actor("rep")
    quiz = school.quiz(course)
    confirm(course.lessons[0], rep)
    hand_in(quiz, rep, {})
    ops.remove_lesson(course.lessons[0], trainer)
    quizzes.remove_quiz(quiz, trainer)
    assert db.scalar(sa.select(sa.func.count()).select_from(Lesson)) == 2
    assert db.scalar(sa.select(sa.func.count()).select_from(Question)) == 3
    renew(course, trainer, "Without the quiz", move=True)
    with pytest.raises(NotFound):
        find_quiz(quiz.id, rep)
