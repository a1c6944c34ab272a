"""A bank of questions by category: asked by several quizzes, drawn from, resting everywhere at once; item figures."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import reading, session, writing
from core.errors import Conflict
from tests.training.conftest import questions
from wiki.articles.models import Article, Category
from wiki.training import bank, items, quizzes, taking
from wiki.training.asking import courses_asking, how_many, in_order
from wiki.training.following import look_at_questions
from wiki.training.item_rules import ENOUGH, ENOUGH_TO_COMPARE, Finding, First, findings, item, point_biserial
from wiki.training.learning import hand_in
from wiki.training.models import Question, Quiz
from wiki.training.rules import Kind, spec


@pytest.fixture
def drawn_from(school, make):
    """Two quizzes of two courses; the first one's five questions lie in the bank, the second draws three of them."""
    trainer = make.actor("training")
    first, second = school.course(title="One"), school.course(title="Two")
    article = school.article()
    with writing():
        top = Category(slug="lines", name="Lines", path="lines")
        session.add(top)
        session.flush()
        under = Category(slug="broad", name="Broadband", path="lines/broad", parent_id=top.id)
        session.add(under)
        session.flush()
        session.get_one(Article, article.id).category_id = under.id
        session.flush()
        home, other = school.quiz(first), school.quiz(second)
        for number in range(5):
            about = spec(
                Kind.SINGLE, f"Which {number}?", ["a", "b", "c"], 0, article_id=article.id, passage="the light"
            )
            quizzes.add_question(home, trainer, about)
        bank.draw_from(other, trainer, top.id, 3)
    return trainer, home.id, other.id, article.id, top.id


@pytest.mark.both_databases
def test_a_quiz_draws_from_a_category_and_what_lies_below(drawn_from, make, school):
    trainer, home, other, article_id, top = drawn_from
    rep = make.actor("rep")
    with writing():
        quiz = session.get_one(Quiz, other)
        assert how_many(quiz) == 6
        asked = [one.id for one in in_order(quiz, rep.id, 1)]
        assert asked == [one.id for one in in_order(quiz, rep.id, 1)]
        assert len({tuple(sorted(q.id for q in in_order(quiz, n, 1))) for n in range(30)}) > 5, "another for everybody"
        taking.begin(quiz, rep)
        bank.draw_from(quiz, trainer, top, 1)
        assert [one.id for one in in_order(quiz, rep.id, 1)] == asked, "begun is begun"
        assert how_many(quiz) == 4
        drawn = session.query(Question).filter_by(quiz_id=home, article_id=article_id)[0]
        assert courses_asking(drawn) == {quiz.course_id, session.get_one(Quiz, home).course_id}
        look_at_questions(article_id, "Something else.", major=True, at=drawn.created_at)
        assert how_many(quiz) == 3, "what rests is drawn by nobody"
        assert len(in_order(quiz, rep.id, 1)) == 3, "nor is anybody marked on it"
        assert hand_in(quiz, rep, school.answers(quiz), number=1).score == 100


@pytest.mark.both_databases
def test_a_question_of_the_bank_outlives_its_quiz_and_changes_for_all(drawn_from, make):
    trainer, home, other, article_id, _top = drawn_from
    with writing():
        quiz, mine = session.get_one(Quiz, other), session.get_one(Quiz, home)
        one = mine.questions[-1]
        bank.ask_from_bank(quiz, trainer, one.id)
        bank.ask_from_bank(quiz, trainer, one.id)
        rep = make.actor("rep")
        made = hand_in(quiz, rep, {})
        assert one.id in {answer.question_id for answer in made.answers}
        quizzes.remove_question(one, trainer)
        assert one.retired_at is None
        with pytest.raises(Conflict):
            bank.retire(one.id, trainer)
        fresh = quizzes.change_question(one, trainer, replace(questions()[0], article_id=article_id))
        session.expire(quiz, ["asks"])
        assert fresh.id in {q.id for q in in_order(quiz, rep.id, 2)}
        assert not fresh.asked_here
        for ask in list(quiz.asks):
            bank.ask_no_more(quiz, trainer, ask.id)
        bank.retire(fresh.id, trainer)
        assert len(in_order(quiz, rep.id, 3)) == 3


def test_the_bank_on_pages(drawn_from, make, school, signed_in):
    _trainer, _home, other, _article, top = drawn_from
    with writing():
        for _n in range(ENOUGH):
            hand_in(session.get_one(Quiz, other), make.actor("rep"), {})
        assert items.of_quiz(session.get_one(Quiz, other))
    browser = signed_in(make.user("training"))
    page = browser.text(f"/bank?quiz={other}&category={top}")
    assert page.count("Ask it in this quiz") == 5
    number = page.split('name="question" value="')[1].split('"')[0]
    browser.submit(f"/bank?quiz={other}", {"verb": "ask", "question": number}, to=f"/quizzes/{other}/asks")
    edit = browser.text(f"/quizzes/{other}/edit")
    assert "3 questions drawn at random from" in edit
    assert "Too hard" in edit
    with reading():
        asked = session.get_one(Quiz, other).questions[0].id
    assert "First answers" in browser.text(f"/quizzes/{other}/questions/{asked}/answers")
    rep = signed_in(make.user("rep"))
    assert rep.get("/bank").status_code == 403


# ── item statistics ──────────────────────────────────────────────────────────────────────────────────────────────────

PAIRS = st.lists(st.tuples(st.booleans(), st.integers(0, 10).map(lambda n: n / 10)), max_size=60)


@given(PAIRS)
def test_discrimination_is_the_correlation_and_never_more_than_one(pairs):
    found = point_biserial(pairs)
    if found is None:
        assert len({good for good, _rest in pairs}) < 2 or len({rest for _good, rest in pairs}) < 2
        return
    mean_x = sum(good for good, _ in pairs) / len(pairs)
    mean_y = sum(rest for _, rest in pairs) / len(pairs)
    covariance = sum((good - mean_x) * (rest - mean_y) for good, rest in pairs)
    spread = (sum((g - mean_x) ** 2 for g, _ in pairs) * sum((r - mean_y) ** 2 for _, r in pairs)) ** 0.5
    assert found == pytest.approx(covariance / spread)
    assert -1 <= found <= 1
    assert point_biserial([(not good, rest) for good, rest in pairs]) == pytest.approx(-found)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["o1", "o2", "o3"])), max_size=60))
def test_little_is_said_of_few_answers_and_a_misleading_option_is_named(rows):
    first = [First(right, 0.5, (option,)) for right, option in rows]
    found = item(first)
    said = findings(found, ["o1", "o2", "o3"], ["o1"])
    assert found.answers == len(rows) == sum(found.chosen.values())
    if len(rows) < ENOUGH:
        assert said == []
        return
    most = max(found.chosen.get("o2", 0), found.chosen.get("o3", 0))
    assert (Finding.MISLEADS in said) == (most > found.chosen.get("o1", 0))
    assert not {Finding.TOO_EASY, Finding.TOO_HARD} <= set(said)
    assert Finding.WEAK not in said, "where nothing varies nothing is said"


def test_a_question_that_the_good_ones_miss_discriminates_badly():
    first = [First(n % 2 == 0, 0.2 if n % 2 == 0 else 0.9, ()) for n in range(ENOUGH_TO_COMPARE)]
    assert Finding.WEAK in findings(item(first))
    assert Finding.WEAK not in findings(item(first[:-1]))
