"""After a major change questions rest and lessons are read again; a minor one bothers nobody."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from accounts.people import actor_of
from core import outbox
from core.db import reading, session, writing
from core.errors import Conflict
from tests.make import somewhere
from wiki.notifications.models import NoticeEntry
from wiki.training import ops, quizzes, recalling
from wiki.training.following import waiting_to_read_again
from wiki.training.following_rules import holds
from wiki.training.learning import confirm, hand_in
from wiki.training.models import Course, Lesson, Question
from wiki.training.rules import Kind, spec

words = st.text(st.sampled_from("退费三十元以内当场办理24小时|：→ \n*"), min_size=3, max_size=40)
PASSAGE = "30 元以内 | 当场 | 首层代表"
BEFORE = "| 金额 | 时限 | 谁 |\n|---|---|---|\n| **30** 元以内 | 当场 | 首层代表 |\n| 200 元 | 两天 | 二线 |\n"
AFTER = BEFORE.replace("**30** 元", "50 元")


# ── the rule ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(words, words, words)
def test_a_passage_holds_wherever_it_stands(before: str, passage: str, after: str):
    assert holds(passage, before + passage + after)
    assert holds(passage, before + f"**{passage.strip()}**" + after)


@given(st.integers(1, 999), st.integers(1, 999))
def test_another_figure_is_another_passage(one: int, two: int):
    text = f"误充 {one} 小时以内可以退。"
    assert holds(f"误充{one}小时以内可以退", text)
    assert holds(f"误充 {two} 小时以内可以退。", text) == (one == two)


# ── in the product ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def taught(school, make):
    """A course on one article, with a question about a row of its table and one about nothing; a rep who is through."""
    trainer, rep = make.user("training"), make.user("rep")
    article = school.article("退费权限", body=BEFORE)
    course = school.course(by=trainer, lessons=0, quiz=False, published=False)
    with somewhere():
        found = session.get_one(Course, course.id)
        ops.add_lesson(found, actor_of(trainer), article.slug)
        about = {"article_id": article.id, "passage": PASSAGE}
        quizzes.add_quiz(
            found, actor_of(trainer), quizzes.QuizSpec("小测", 50),
            (spec(Kind.SINGLE, "30 元谁退？", ["首层", "二线", "督导"], 0, **about),
             spec(Kind.TRUE_FALSE, "真？", [], True)),
        )  # fmt: skip
        ops.publish(found, actor_of(trainer))
    with writing():
        confirm(lesson_of(course), actor_of(rep))
        quiz = school.quiz(course)
        hand_in(quiz, actor_of(rep), {question.id: ["o2"] if question.passage else ["true"] for question in quiz.asked})
    return course, article, trainer, rep


def lesson_of(course: Course) -> Lesson:
    return session.scalars(sa.select(Lesson).where(Lesson.course_id == course.id)).one()


def asked(school, course: Course) -> list[str]:
    with reading():
        return [question.text for question in school.quiz(course).asked]


def again(rep) -> int:
    with reading():
        return len(waiting_to_read_again(rep.id))


def told(user, code: str) -> int:
    outbox.drain()
    with reading():
        mine = sa.select(sa.func.count()).where(NoticeEntry.user_id == user.id, NoticeEntry.code == code)
        return session.scalar(mine)


@pytest.mark.both_databases
def test_a_minor_change_bothers_nobody(school, taught):
    course, article, trainer, rep = taught
    school.again(article, "minor", AFTER)
    assert len(asked(school, course)) == 2
    assert again(rep) == 0
    assert told(trainer, "questions_suspended") == told(rep, "lesson_renewed") == 0
    with reading():
        assert lesson_of(course).publication.version == "1.1", "the pin has moved on"


@pytest.mark.both_databases
def test_a_major_change_rests_the_question_and_asks_the_reader_again(school, taught, clock):
    course, article, trainer, rep = taught
    school.again(article, "major", AFTER)
    assert asked(school, course) == ["真？"]
    assert told(trainer, "questions_suspended") == told(trainer, "lesson_outdated") == 1
    assert again(rep) == 0, "the trainer has not taken the new text up yet"
    clock.advance(days=1)
    with reading():
        assert recalling.waiting(actor_of(rep)) == [], "what rests is not asked again either"
    with writing():
        ops.pin(lesson_of(course), actor_of(trainer))
    assert again(rep) == 1
    assert told(rep, "lesson_renewed") == 1
    for _twice in range(2):
        with writing():
            confirm(lesson_of(course), actor_of(rep))
    assert again(rep) == 0
    school.again(article, "major", BEFORE)
    assert len(asked(school, course)) == 2, "the passage is back, and so is the question"
    with writing():
        ops.pin(lesson_of(course), actor_of(trainer))
    assert again(rep) == 1, "every major version is read for itself"


def test_the_trainer_looks_and_asks_it_again(school, taught, signed_in):
    course, article, trainer, rep = taught
    school.again(article, "major", AFTER)
    with reading():
        quiz = school.quiz(course)
        number, resting = quiz.id, next(one.id for one in quiz.questions if one.suspended_at)
    browser, page = signed_in(trainer), f"/quizzes/{number}/edit"
    html = browser.text(page)
    assert "Not asked: the passage changed" in html
    browser.submit(page, {"verb": "resume"}, to=f"/quizzes/{number}/questions/{resting}")
    assert len(asked(school, course)) == 2
    assert "Not asked" not in browser.text(page)
    with writing():
        ops.pin(lesson_of(course), actor_of(trainer))
    learner = signed_in(rep)
    assert "Changed: read it again" in learner.text(f"/courses/{course.slug}")
    lesson = f"/courses/{course.slug}/lessons/1"
    assert "You read version 1.0. The lesson now teaches 2.0" in learner.text(lesson)
    learner.submit(lesson, to=f"{lesson}/done")
    assert "read it again" not in learner.text(f"/courses/{course.slug}")


def test_a_quiz_of_which_every_question_rests_cannot_be_taken(school, taught):
    course, article, trainer, rep = taught
    with writing():
        quiz = school.quiz(course)
        quizzes.remove_question(next(one for one in quiz.questions if not one.passage), actor_of(trainer))
    school.again(article, "major", AFTER)
    with writing(), pytest.raises(Conflict):
        hand_in(school.quiz(course), actor_of(rep), {})
    with writing():
        question = session.scalars(sa.select(Question).where(Question.suspended_at.is_not(None))).one()
        fresh = quizzes.change_question(question, actor_of(trainer), spec(Kind.TRUE_FALSE, "50 元当场退？", [], True))
        assert fresh.suspended_at is None
    assert asked(school, course) == ["50 元当场退？"]
