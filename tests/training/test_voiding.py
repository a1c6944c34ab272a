"""An attempt that was declared void counts nowhere: in no figure of a question, no cohort, no certificate."""

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core.db import reading, session, writing
from wiki.training import items, prerequisites, trainer_desk
from wiki.training.learning import hand_in
from wiki.training.models import Course, Enrolment
from wiki.training.must_read_models import QuestionFigures
from wiki.training.queries import enrolment_certified
from wiki.training.voiding import void


@pytest.mark.both_databases
def test_a_void_attempt_leaves_the_figures_and_takes_the_certificate(db, make, school):
    learner, trainer = make.user("rep"), make.actor("training")
    course = school.course(lessons=0, attempts_allowed=3)
    quiz = school.quiz(course)
    attempt = hand_in(quiz, actor_of(learner), school.answers(quiz, wrong=1))
    code = session.scalars(sa.select(Enrolment.certificate)).one()
    assert code and enrolment_certified(code) is not None
    void(attempt, trainer, reason="another person sat there")
    assert enrolment_certified(code) is None
    assert items.firsts(quiz.id) == {}
    assert session.execute(items.first_answers(quiz, quiz.questions[0].id)).all() == []
    rows = session.execute(sa.select(QuestionFigures.asked, QuestionFigures.right)).all()
    assert set(map(tuple, rows)) == {(0, 0)}
    (cohort,) = trainer_desk.cohorts([course])
    assert (cohort.completed, cohort.score) == (0, None)
    hand_in(quiz, actor_of(learner), school.answers(quiz))
    fresh = session.scalars(sa.select(Enrolment.certificate)).one()
    assert fresh and fresh != code
    assert items.firsts(quiz.id) == {}, "a second attempt is no first one"


def test_the_questions_of_a_locked_course_are_not_shown(app, make, school, signed_in):
    one = school.course(lessons=1, quiz=False, title="The basics")
    two = school.course(lessons=1, title="The art", shuffle=False)
    with writing():
        trainer = make.actor("training")
        prerequisites.need(session.get_one(Course, two.id), trainer, session.get_one(Course, one.id))
    with reading():
        quiz = school.quiz(two).id
    page = f"/quizzes/{quiz}"
    refused = signed_in(make.user("rep")).text(page, status=409)
    assert "The basics" in refused and "What first?" not in refused
    assert "What first?" in signed_in(make.user("training")).text(page)
