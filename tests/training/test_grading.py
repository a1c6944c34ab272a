"""An attempt whose time ran out is graded by the worker, once, whoever else hands it in."""

import pytest
import sqlalchemy as sa

from core.db import session, writing
from wiki.training import taking
from wiki.training.grading import hand_in_what_ran_out, run_out
from wiki.training.learning import hand_in
from wiki.training.models import Attempt


@pytest.mark.both_databases
def test_what_was_kept_is_graded_once_when_the_time_is_up(school, make, clock):
    course, slow, given_more, back = school.course(time_limit=10), *(make.actor("rep") for _n in range(3))
    with writing():
        quiz = school.quiz(course)
        first = quiz.questions[0]
        for rep in (slow, given_more, back):
            taking.begin(quiz, rep)
            taking.keep(quiz, rep, {first.id: first.key[0]}, number=1, tab="a", seen=0)
        taking.allow_more_time(quiz, make.actor("training"), given_more.id, 5)
    clock.advance(minutes=10, seconds=10)
    with writing():
        hand_in_what_ran_out()  # the network has its 15 seconds
        assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 0
    clock.advance(seconds=10)
    with writing():
        own = hand_in(school.quiz(course), back, {}, number=1)  # their own late submit is first
        assert own.score == 33
    for _turn in range(2):
        with writing():
            hand_in_what_ran_out()
    with writing():
        made = session.scalars(sa.select(Attempt).order_by(Attempt.id)).all()
        assert [(one.user_id, one.number, one.score) for one in made] == [(back.id, 1, 33), (slow.id, 1, 33)]
        late = hand_in(school.quiz(course), slow, school.answers(school.quiz(course)), number=1)
        assert late.id == made[1].id, "what comes after the worker gets the worker's attempt"
    clock.advance(minutes=5)
    with writing():
        assert [row.user_id for row in run_out()] == [given_more.id]
        hand_in_what_ran_out()
        assert run_out() == []
