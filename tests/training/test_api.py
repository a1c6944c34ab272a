"""Courses over the JSON interface, as a script walks through them that knows nothing but the contract."""

import pytest
import sqlalchemy as sa

from core.db import reading, session
from wiki.training.models import Enrolment

QUESTIONS = [
    {"text": "What first?", "options": ["Restart", "Light"], "answer": 1, "explanation": "The light tells."},
    {"question": "Which?", "type": "multiple", "choices": ["a", "b", "c"], "correct": ["a", "c"]},
    {"text": "It is so.", "answer": False},
    {"text": "Name it.", "kind": "fill_in", "answer": ["VoLTE"]},
    {"text": "Pick.", "options": [{"text": "x"}, {"text": "y", "correct": True}]},
]


@pytest.mark.both_databases
def test_the_contract_alone_leads_to_credits(make, school, api):
    article = school.article()
    trainer, rep_user = api(make.user("training")), make.user("rep", team="night")
    rep = api(rep_user)
    made = trainer.ok("POST", "/courses", {"title": "Broadband", "credits": "2.5"})
    assert (made["slug"], made["credits"], made["state"]) == ("broadband", "2.50", "published")
    lesson = trainer.ok("POST", "/courses/broadband/lessons", {"article": article.slug, "version": "1.0"})
    assert (lesson["n"], lesson["article"], lesson["version"]) == (1, article.slug, "1.0")
    quiz = trainer.ok("POST", "/courses/broadband/quizzes", {"questions": QUESTIONS})
    given = trainer.ok("POST", "/courses/broadband/assignments", {"team": "night", "due_on": "2030-01-31"})
    assert (given["team"], given["due_on"]) == ("night", "2030-01-31")
    shown = rep.ok("GET", "/courses/broadband")
    assert (shown["assigned"], shown["due_on"], shown["completed_at"]) == (True, "2030-01-31", None)
    assert rep.ok("POST", "/courses/broadband/enrolments")["user"] == rep_user.username
    text = rep.get(f"/quizzes/{quiz['id']}").get_data(as_text=True)
    assert "light tells" not in text
    assert '"key"' not in text
    assert '"answer"' not in text
    asked = rep.ok("GET", f"/quizzes/{quiz['id']}")["questions"]
    key = [1, ["a", "c"], False, "volte", "y"]
    answers = {question["id"]: answer for question, answer in zip(asked, key, strict=True)}
    wrong = rep.ok("POST", f"/quizzes/{quiz['id']}/attempts", {"answers": {asked[0]["id"]: 0}})
    assert (wrong["passed"], wrong["score"], wrong["questions"][0]["explanation"]) == (False, 0, "The light tells.")
    assert wrong["questions"][0]["key"] is None
    right = rep.ok("POST", f"/quizzes/{quiz['id']}/attempts", {"answers": answers})
    assert (right["passed"], right["score"], right["course_completed"], right["credits"]) == (True, 100, True, "2.50")
    rep.ok("POST", f"/quizzes/{quiz['id']}/attempts", {"answers": key})
    with reading():
        assert session.scalar(sa.select(sa.func.count()).select_from(Enrolment)) == 1
    assert rep.ok("GET", "/courses/broadband")["completed_at"] is not None
    assert trainer.ok("GET", "/courses/broadband/enrolments")["items"][0]["credits"] == "2.50"


def test_a_draft_is_published_with_its_first_assignment(make, school, api):
    trainer, rep = api(make.user("training")), make.user("rep")
    trainer.ok("POST", "/courses", {"title": "C", "state": "draft"})
    assert api(rep).get("/courses/c").status_code == 404
    assert trainer.post("/courses/c/publish").status_code == 409
    trainer.ok("POST", "/courses/c/quizzes", {"questions": QUESTIONS})
    trainer.ok("POST", "/courses/c/assignments", {"user": rep.username})
    assert api(rep).ok("GET", "/courses")["items"][0]["assigned"] is True


def test_a_course_that_asks_for_everything_wants_the_lessons_confirmed(make, school, api):
    article = school.article()
    trainer, rep = api(make.user("training")), api(make.user("rep"))
    trainer.ok("POST", "/courses", {"title": "C", "requires": "everything"})
    trainer.ok("POST", "/courses/c/lessons", {"article": article.slug})
    quiz = trainer.ok("POST", "/courses/c/quizzes", {"questions": QUESTIONS[:1]})
    made = rep.ok("POST", f"/quizzes/{quiz['id']}/attempts", {"answers": [1]})
    assert (made["passed"], made["course_completed"]) == (True, False)
    assert rep.ok("POST", "/courses/c/lessons/1/done")["completed_at"] is not None


REFUSED = [
    ("/courses", {"summary": "x"}, "title"),
    ("/courses", {"title": " "}, "title"),
    ("/courses", {"title": "x", "credits": "-1"}, "credits"),
    ("/courses", {"title": "x", "credits": "1.234"}, "credits"),
    ("/courses/c/lessons", {"article": "nothing"}, "article"),
    ("/courses/c/quizzes", {"questions": []}, "questions"),
    ("/courses/c/quizzes", {"questions": [{"text": "?", "options": ["a", "b"]}]}, "questions.0.answer"),
    ("/courses/c/quizzes", {"questions": [{"text": "?", "options": ["a", "a"], "answer": 0}]}, "questions.0.options"),
    ("/courses/c/quizzes", {"questions": [{"text": "?", "answer": True}], "pass_mark": 0}, "pass_mark"),
    ("/courses/c/assignments", {"team": "nobody"}, "team"),
    ("/courses/c/assignments", {}, "team"),
    ("/courses/c/assignments", {"user": "nobody"}, "user"),
    ("/courses/c/assignments", {"team": "night", "due_on": "soon"}, "due_on"),
]


def test_what_cannot_be_taken_names_its_field(make, school, api):
    make.team("night")
    trainer = api(make.user("training"))
    trainer.ok("POST", "/courses", {"title": "C"})
    trainer.ok("POST", "/courses/c/quizzes", {"questions": QUESTIONS})
    for path, body, field in REFUSED:
        answer = trainer.post(path, body)
        assert answer.status_code == 422, (path, body, answer.json)
        assert list(answer.json["errors"]) == [field], (path, body)


def test_answers_to_what_was_not_asked_are_refused(make, school, api):
    trainer, rep = api(make.user("training")), api(make.user("rep"))
    trainer.ok("POST", "/courses", {"title": "C"})
    quiz = trainer.ok("POST", "/courses/c/quizzes", {"questions": QUESTIONS})["id"]
    assert rep.post(f"/quizzes/{quiz}/attempts", {"answers": {"999": 1}}).status_code == 422
    assert rep.post(f"/quizzes/{quiz}/attempts", {"answers": ["purple"]}).status_code == 422
    assert rep.post("/quizzes/none/attempts", {"answers": []}).status_code == 404
    assert rep.post("/courses", {"title": "Mine"}).status_code == 403
    assert api().get("/courses").status_code == 401


def test_a_list_of_courses_costs_the_same_however_long(make, school, api, query_count):
    rep = api(make.user("rep"))
    counts = []
    for n in (2, 5):
        for one in range(n):
            school.course(title=f"Course {n} {one}")
        rep.get("/courses")
        with query_count() as statements:
            assert rep.get("/courses").status_code == 200
        counts.append(sum("courses" in statement for statement in statements))
    assert counts[0] == counts[1] <= 4


def test_outline_versions_and_audience_over_the_interface(make, school, api):
    first, second = school.article("First"), school.article("Second")
    trainer, rep = api(make.user("training")), make.user("rep", team="night", tier="second")
    learner, path = api(rep), "/courses/c"
    trainer.ok("POST", "/courses", {"title": "C"})
    for one in (first, second):
        trainer.ok("POST", f"{path}/lessons", {"article": one.slug})
    given = trainer.ok("POST", f"{path}/assignments", {"role": "rep", "tier": "second", "days": 9})
    assert {name: given[name] for name in ("role", "tier", "team", "days", "people")} == {
        "role": "rep", "tier": "second", "team": None, "days": 9, "people": 1,
    }  # fmt: skip
    assert learner.ok("GET", path)["assigned"] is True
    shown = learner.ok("GET", f"{path}/outline")
    keys = [step["key"] for step in shown["steps"]]
    assert (shown["version"], [step["title"] for step in shown["steps"]]) == (1, ["First", "Second"])
    learner.ok("POST", f"{path}/lessons/2/done")
    assert [step["done"] for step in learner.ok("GET", f"{path}/outline")["steps"]] == [False, True]
    trainer.ok("POST", f"{path}/modules", {"title": "Later"})
    moved = trainer.ok("PUT", f"{path}/outline", {"order": [keys[1], keys[0]]})
    assert [step["title"] for step in moved["steps"]] == ["Second", "First", "Later"] and moved["version"] is None
    assert [step["key"] for step in learner.ok("GET", f"{path}/outline")["steps"]] == keys
    made = trainer.ok("POST", f"{path}/versions", {"note": "The other way round", "move": True})
    assert (made["number"], made["under_way"]) == (2, 1)
    assert [step["title"] for step in learner.ok("GET", f"{path}/outline")["steps"]] == ["Second", "First", "Later"]
    seen = learner.ok("GET", f"{path}/versions")["items"]
    assert [(one["number"], one["note"], one["under_way"]) for one in seen] == [
        (2, "The other way round", None), (1, "", None),
    ]  # fmt: skip
    assert learner.post(f"{path}/versions", json={"note": "x"}).status_code == 403
    assert learner.ok("GET", path)["version"] == 2
