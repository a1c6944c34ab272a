"""Missed questions come back at growing distances until they are known; no answer counts twice."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from accounts.people import actor_of
from core.db import reading, session, writing
from core.errors import Conflict, Invalid, NotFound
from tests.training.conftest import questions
from wiki.articles.models import Article, Category
from wiki.articles.publishing import retire
from wiki.training import bank, quizzes, recalling
from wiki.training.learning import hand_in
from wiki.training.models import Question, Quiz
from wiki.training.recall_models import RecallAnswer, RecallCard
from wiki.training.recall_rules import A_DAY, WAITS, answered, left_today, missed

DAY = date(2026, 11, 22)


# ── the rule ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.booleans(), max_size=30))
def test_a_question_is_known_after_five_right_answers_in_a_row_and_not_before(answers: list[bool]):
    place, today, row = missed(DAY), DAY, 0
    for right in answers:
        if place.due_on is None:
            assert row == len(WAITS)
            return
        assert place.due_on > today
        today = place.due_on
        waited = WAITS[place.box]
        place = answered(place.box, right=right, today=today)
        row = row + 1 if right else 0
        if not right:
            assert place == (0, today + timedelta(days=1)), "missed again is tomorrow again"
        elif place.due_on:
            assert (place.due_on - today).days > waited, "each right answer earns a longer rest"
        assert (place.due_on is None) == (row == len(WAITS))


@given(st.integers(0, 50))
def test_nobody_is_asked_more_than_five_a_day(already: int):
    assert 0 <= left_today(already) <= A_DAY
    assert left_today(already) + min(already, A_DAY) == A_DAY


# ── in the product ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def missed_two(school, make, clock):
    """A rep who missed two of three questions, and those."""
    course, rep = school.course(), make.user("rep")
    with writing():
        quiz = school.quiz(course)
        attempt = hand_in(quiz, actor_of(rep), school.answers(quiz, wrong=2))
        wrong = [one.question_id for one in attempt.answers if not one.right]
    return rep, quiz.id, wrong


def waiting(rep) -> list[int]:
    with reading():
        return [card.question_id for card in recalling.waiting(actor_of(rep))]


def give(rep, question_id: int, *, right: bool = True, number: int | None = None) -> RecallAnswer:
    with writing():
        card = session.scalars(sa.select(RecallCard).where(RecallCard.question_id == question_id)).one()
        key = list(card.question.key)
        return recalling.answer(card, actor_of(rep), key if right else [], number=number or card.answers + 1)


@pytest.mark.both_databases
def test_what_was_missed_comes_back_until_it_is_known(missed_two, clock):
    rep, _quiz, wrong = missed_two
    assert waiting(rep) == [], "tomorrow, not at once"
    clock.advance(days=1)
    assert waiting(rep) == wrong
    one, two = wrong
    give(rep, one)
    give(rep, two, right=False)
    assert waiting(rep) == []
    clock.advance(days=1)
    assert waiting(rep) == [two], "missed again: tomorrow; answered: in three days"
    clock.advance(days=2)
    assert waiting(rep) == [two, one], "the longest due first"
    for wait in WAITS[2:]:
        give(rep, one)
        clock.advance(days=wait)
    assert one in waiting(rep)
    give(rep, one)
    clock.advance(days=400)
    assert waiting(rep) == [two], "five right answers in a row: known"


def test_an_answer_counts_once_and_only_when_it_is_asked(missed_two, clock, make):
    rep, quiz_id, (one, two) = missed_two
    with pytest.raises(Conflict):
        give(rep, one)
    clock.advance(days=1)
    first = give(rep, one, right=False, number=1)
    again = give(rep, one, right=True, number=1)
    assert (again.id, again.right) == (first.id, False), "a second tab gets the answer that was given"
    with pytest.raises(Conflict):
        give(rep, one, number=2)
    with pytest.raises(Conflict):
        give(rep, two, number=7)
    with writing():
        card = session.scalars(sa.select(RecallCard).where(RecallCard.question_id == two)).one()
        with pytest.raises(Invalid):
            recalling.answer(card, actor_of(rep), ["no such option"], number=1)
    stranger, trainer = make.actor("rep"), make.actor("training")
    with reading(), pytest.raises(NotFound):
        recalling.find(card.id, stranger)
    with writing():
        quizzes.remove_question(session.get_one(Question, two), trainer)
    assert waiting(rep) == [], "what the quiz no longer asks is not asked again"
    with writing():
        quiz = session.get_one(Quiz, quiz_id)
        hand_in(quiz, actor_of(rep), {question.id: list(question.key) for question in quiz.questions})
    clock.advance(days=1)
    with reading():
        card = session.scalars(sa.select(RecallCard).where(RecallCard.question_id == one)).one()
        assert (card.box, card.answers) == (0, 1), "right in the quiz before it was due changes nothing"


def test_five_questions_a_day(school, make, clock, signed_in):
    courses, rep = [school.course(title=f"Course {n}") for n in range(3)], make.user("rep")
    for course in courses:
        with writing():
            quiz = school.quiz(course)
            hand_in(quiz, actor_of(rep), school.answers(quiz, wrong=3))
    clock.advance(days=1)
    assert len(waiting(rep)) == 5
    browser = signed_in(rep)
    assert "5 questions that you missed are asked again today." in browser.text("/courses")
    for left in range(4, -1, -1):
        page = browser.text("/recall")
        card = page.split('action="/recall/')[1].split('"')[0]
        name, wrong = re.findall(r'name="(q-\d+)" value="(o1|true)"', page)[0]
        fields = {"number": 1, name: wrong}
        assert (
            "Choose an answer first."
            in browser.submit("/recall", {"number": 1}, to=f"/recall/{card}", follow=True).text
        )
        assert "not right" in browser.submit("/recall", fields, to=f"/recall/{card}", follow=True).text
        assert "not right" in browser.submit("/recall", fields, to=f"/recall/{card}", follow=True).text, (
            "a second click"
        )
        assert len(waiting(rep)) == left
    assert "Done for today" in browser.text("/recall")


def test_it_names_the_course_where_it_was_met_and_forgets_what_is_retired(school, make, clock, signed_in):
    rep, trainer = make.user("rep"), make.actor("training")
    with writing():
        home, other = school.course(title="Home course"), school.course(title="Other course", lessons=0)
        article = school.article("Routers")
        asked = quizzes.add_question(
            school.quiz(home), trainer, replace(questions()[0], text="Which light?", article_id=article.id)
        )
        shelf = Category(slug="lines", name="Lines", path="lines")
        session.add(shelf)
        session.flush()
        asked.category_id = shelf.id
        bank.ask_from_bank(school.quiz(other), trainer, asked.id)
        quiz = school.quiz(other)
        right = {one.id: list(one.key) for one in quiz.questions}
        hand_in(quiz, actor_of(rep), right)
    clock.advance(days=1)
    seen = signed_in(rep).text("/recall")
    assert (
        "Which light?" in seen
        and "Other course" in seen
        and "from the bank: Lines" in seen
        and "Home course" not in seen
    )
    with writing():
        retire(session.get_one(Article, article.id), make.actor("manager"), reason="outdated")
    assert "Which light?" not in signed_in(rep).text("/recall")
