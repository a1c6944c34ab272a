"""The pages of the classroom, as people walk through them."""

import re
from datetime import date

import pytest
import sqlalchemy as sa

from core.db import reading, session, writing
from tests.clients import Browser, fewest
from wiki.training.models import Attempt, Course, Enrolment, Question, Quiz

OURS = re.compile(
    r"FROM (courses|lessons|quizzes|questions|attempts|attempt_answers|enrolments|assignments|articles)|publications"
)


def ours(statements: list[str]) -> int:
    """Statements of the classroom; who is asking is remembered for a second and may or may not be looked up."""
    return sum(1 for statement in statements if OURS.search(" ".join(statement.split())))


def quiz_id(course: Course) -> int:
    with reading():
        return session.scalars(sa.select(Quiz.id).where(Quiz.course_id == course.id)).one()


def right_answers(number: int, *, wrong: int = 0) -> dict[str, object]:
    """The fields of the quiz form, filled in."""
    with reading():
        rows = session.scalars(sa.select(Question).where(Question.quiz_id == number).order_by(Question.position)).all()
        return {f"q-{q.id}": list(q.key) if at >= wrong else "" for at, q in enumerate(rows)}


def test_a_rep_learns_and_earns(client, make, school, signed_in, clock):
    course = school.course()
    rep = make.user("rep", team="night")
    school.assign(course, team=make.team("night"), due_on=date(2026, 11, 20))
    browser: Browser = signed_in(rep)
    mine = browser.text("/courses")
    assert "Broadband for beginners" in mine
    assert "Due soon" not in mine
    assert re.search(r'class="count">1<', mine)
    page = browser.text(f"/courses/{course.slug}")
    assert "2.5" in page
    moved = browser.submit(f"/courses/{course.slug}", to=f"/courses/{course.slug}/begin")
    assert moved.location.endswith("/lessons/1")
    lesson = browser.text(f"/courses/{course.slug}/lessons/1")
    assert "Text " in lesson
    assert "I have read this" in lesson
    moved = browser.submit(f"/courses/{course.slug}/lessons/1", to=f"/courses/{course.slug}/lessons/1/done")
    assert moved.location.endswith("/lessons/2")
    moved = browser.submit(f"/courses/{course.slug}/lessons/2", to=f"/courses/{course.slug}/lessons/2/done")
    number = quiz_id(course)
    assert moved.location == f"/quizzes/{number}"
    taken = browser.text(f"/quizzes/{number}")
    assert "The light tells." not in taken
    done = browser.submit(f"/quizzes/{number}", right_answers(number) | {"attempt": "1"}, follow=True)
    text = done.get_data(as_text=True)
    assert "100 %" in text
    assert "Course completed: 2.5 credits earned" in text
    assert not re.search(r'href="/courses"[^>]*>Courses\s*<span class="count"', browser.text("/courses"))


def test_a_wrong_answer_leads_to_why_and_where(make, school, signed_in):
    course = school.course(lessons=1)
    number = quiz_id(course)
    with writing():
        question = session.scalars(sa.select(Question).where(Question.kind == "single")).one()
        question.article_id = session.get_one(Course, course.id).lessons[0].article_id
        question.passage = "Text"
    browser = signed_in(make.user("rep"))
    fields = right_answers(number) | {f"q-{question.id}": "o1", "attempt": "1"}
    text = browser.submit(f"/quizzes/{number}", fields, follow=True).get_data(as_text=True)
    assert "66 %" in text
    assert "The light tells." in text
    assert f"/courses/{course.slug}/lessons/1#:~:text=Text" in text


def test_the_key_stays_on_the_server_while_it_could_help(make, school, signed_in):
    course = school.course()
    number = quiz_id(course)
    browser = signed_in(make.user("rep"))
    empty = {"attempt": "1", "sure": "1"}
    first = browser.submit(f"/quizzes/{number}", empty, follow=True).get_data(as_text=True)
    assert "is-right" not in first
    last = browser.submit(f"/quizzes/{number}", empty | {"attempt": "2"}, follow=True).get_data(as_text=True)
    assert "is-right" in last
    assert "used all your attempts" in browser.text(f"/quizzes/{number}")


def test_open_questions_are_asked_again_and_what_was_chosen_is_kept(make, school, signed_in):
    course = school.course()
    number = quiz_id(course)
    browser = signed_in(make.user("rep"))
    fields = right_answers(number, wrong=1) | {"attempt": "1"}
    again = browser.submit(f"/quizzes/{number}", fields)
    text = again.get_data(as_text=True)
    assert again.status_code == 422
    assert "1 question is not answered yet" in text
    assert text.count(" checked") == 3  # two of the several, one of true or false
    with reading():
        assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(Enrolment)) == 0


def test_a_second_submit_of_the_same_page_counts_once(make, school, signed_in):
    course = school.course()
    number = quiz_id(course)
    browser = signed_in(make.user("rep"))
    fields = right_answers(number, wrong=3) | {"attempt": "1", "sure": "1"}
    first = browser.submit(f"/quizzes/{number}", fields)
    second = browser.submit(
        f"/courses/{course.slug}", right_answers(number) | {"attempt": "1"}, to=f"/quizzes/{number}"
    )
    assert first.location == second.location


def test_a_trainer_builds_a_course_by_clicks(make, school, signed_in):
    article = school.article("Broadband is down")
    school.article("Other thing")
    team = make.team("night", name="Night shift")
    browser = signed_in(make.user("training"))
    made = browser.submit("/courses/new", title="Broadband", summary="Why", credits="1,5", requires="everything")
    assert made.status_code == 303
    edit = made.location
    slug = edit.split("/")[2]
    found = browser.text(f"{edit}?q=down")
    assert "Broadband is down" in found
    assert "Other thing" not in found
    browser.submit(edit, to=f"/courses/{slug}/lessons", article=article.slug)
    asked = browser.submit(edit, to=f"/courses/{slug}/quizzes")
    number = asked.location.split("/")[2]
    question = {"kind": "single", "text": "What first?", "option-1": "Restart", "option-2": "Light", "right": "2"}
    more = browser.submit(asked.location, question | {"more": "1"}, to=f"/quizzes/{number}/questions/new")
    assert more.status_code == 303, more.get_data(as_text=True)
    truth = {"kind": "true_false", "text": "It is so.", "right": "false", "explanation": "It is not."}
    browser.submit(f"/quizzes/{number}/questions/new?kind=true_false", truth, to=f"/quizzes/{number}/questions/new")
    several = {"kind": "multiple", "text": "Which?", "option-1": "a", "option-2": "b", "right": ["1", "2"]}
    browser.submit(f"/quizzes/{number}/questions/new?kind=multiple", several, to=f"/quizzes/{number}/questions/new")
    shown = browser.text(f"/quizzes/{number}/edit")
    assert "3 questions" in shown
    assert "It is not." in shown
    assert browser.submit(edit, to=f"/courses/{slug}/publish").status_code == 303
    browser.submit(edit, to=f"/courses/{slug}/assignments", team=str(team.id), due_on="2026-12-01")
    page = browser.text(edit)
    assert "Night shift" in page
    assert "Broadband" in signed_in(make.user("rep", team="night")).text("/courses")
    assert "No learners" not in browser.text(f"/courses/{slug}/learners")
    assert "Broadband" in browser.text("/courses?show=all")


def test_a_refused_question_keeps_what_was_typed(make, school, signed_in):
    course = school.course(published=False)
    number = quiz_id(course)
    browser = signed_in(make.user("training"))
    page = f"/quizzes/{number}/questions/new"
    again = browser.submit(page, {"kind": "single", "text": "What?", "option-1": "this one", "option-2": "that"})
    text = again.get_data(as_text=True)
    assert again.status_code == 422
    assert "Mark the one right answer." in text
    assert 'value="this one"' in text
    again = browser.submit(page, {"kind": "single", "text": "", "option-1": "x", "option-2": "y", "right": "1"})
    assert "Write the question." in again.get_data(as_text=True)


def test_a_refused_course_keeps_what_was_typed(make, signed_in):
    browser = signed_in(make.user("training"))
    again = browser.submit("/courses/new", title="", summary="Long text", credits="many", requires="quizzes")
    text = again.get_data(as_text=True)
    assert again.status_code == 422
    assert "Long text" in text


def test_a_moved_article_is_said_on_the_pages(make, school, signed_in):
    course = school.course(lessons=1, quiz=False)
    with reading():
        article = session.get_one(Course, course.id).lessons[0].article
    school.again(article, "major", body="New words.")
    trainer, rep = signed_in(make.user("training")), signed_in(make.user("rep"))
    assert "pins 1.0, live is 2.0" in trainer.text(f"/courses/{course.slug}/edit")
    assert "Article changed" in trainer.text(f"/courses/{course.slug}")
    lesson = rep.text(f"/courses/{course.slug}/lessons/1")
    assert "New words." not in lesson
    assert "version 2.0 is valid in calls" in lesson
    moved = trainer.submit(f"/courses/{course.slug}/edit", to=f"/courses/{course.slug}/lessons/1", verb="pin")
    assert moved.status_code == 303
    assert "New words." in rep.text(f"/courses/{course.slug}/lessons/1")
    assert f"/courses/{course.slug}" in rep.text(f"/articles/{article.slug}")


@pytest.mark.parametrize(
    "page",
    [
        "/courses/new",
        "/courses/{slug}/edit",
        "/courses/{slug}/learners",
        "/quizzes/{quiz}/edit",
        "/quizzes/{quiz}/questions/new",
    ],
)
def test_the_trainers_desk_is_closed_to_reps(make, school, signed_in, page):
    course = school.course()
    address = page.format(slug=course.slug, quiz=quiz_id(course))
    assert signed_in(make.user("rep")).get(address).status_code == 403


def test_a_result_is_shown_to_its_learner_and_to_trainers_only(make, school, signed_in):
    course = school.course()
    number = quiz_id(course)
    made = signed_in(make.user("rep")).submit(f"/quizzes/{number}", attempt="1", sure="1")
    assert signed_in(make.user("rep")).get(made.location).status_code == 404
    assert signed_in(make.user("training")).get(made.location).status_code == 200


def test_a_draft_is_not_there_for_reps(make, school, signed_in):
    course = school.course(published=False)
    rep, trainer = signed_in(make.user("rep")), signed_in(make.user("training"))
    for page in (f"/courses/{course.slug}", f"/courses/{course.slug}/lessons/1", f"/quizzes/{quiz_id(course)}"):
        assert rep.get(page).status_code == 404
        assert "Preview" in trainer.text(page) or "Only trainers see" in trainer.text(page)


@pytest.mark.parametrize("page", ["/courses", "/courses?show=open", "/courses?show=all"])
def test_a_longer_list_costs_no_more_queries(make, school, signed_in, query_count, page):
    team, trainer = make.team("night"), make.user("training", team="night")
    browser = signed_in(trainer)

    def cost() -> int:
        return fewest(query_count, lambda: browser.text(page), ours)

    for n in range(2):
        course = school.course(title=f"Course {n}")
        if page == "/courses":
            school.assign(course, team=team)
    few = cost()
    for n in range(4):
        course = school.course(title=f"More {n}")
        if page == "/courses":
            school.assign(course, team=team)
    assert cost() == few <= 6


def test_more_learners_and_lessons_cost_no_more_queries(make, school, signed_in, query_count):
    small, large = school.course(lessons=1), school.course(lessons=6, title="Large")
    for course, people in ((small, 1), (large, 6)):
        for _n in range(people):
            signed_in(make.user("rep")).submit(f"/quizzes/{quiz_id(course)}", attempt="1", sure="1")
    trainer = signed_in(make.user("training"))
    for page in ("", "/learners", "/edit", "/lessons/1"):
        counts = []
        for course in (small, large):
            address = f"/courses/{course.slug}{page}"
            counts.append(fewest(query_count, lambda address=address: trainer.text(address), ours))
        assert counts[0] == counts[1], page
        assert counts[0] <= 16, page
