"""The trainer's desk: four tables, each with its sources and as a file."""

from datetime import timedelta

import pytest

from accounts.people import actor_of
from core.db import reading, writing
from wiki.training import trainer_desk
from wiki.training.learning import confirm, hand_in
from wiki.training.queries import today


@pytest.mark.both_databases
def test_the_desk_counts_what_happened(app, make, school):
    with writing():
        trainer, team = make.user("training"), make.team("billing")
        people = [make.user("rep", team="billing", name=f"Rep {n}") for n in range(6)]
        single = make.user("rep", team="faults", name="Single")
        course, other = school.course(by=trainer), school.course(title="Other", quiz=False)
        school.assign(course, team=team, due_on=today() - timedelta(days=2))
        school.assign(course, user=single, due_on=today() + timedelta(days=1))
        school.assign(other, team=team, due_on=today() - timedelta(days=9))
        quiz = school.quiz(course)
        for number, user in enumerate(people[:5]):
            actor = actor_of(user)
            for lesson in course.lessons:
                confirm(lesson, actor)
            hand_in(quiz, actor, school.answers(quiz, wrong=1 if number else 0))
        school.again(course.lessons[0].article, "major")
    who = actor_of(trainer)
    with reading():
        late = trainer_desk.behind(who, every=False, limit=50)
        assert [(one.name, one.late, one.begun) for one in late] == [("Rep 5", True, False), ("Single", False, False)]
        both = trainer_desk.behind(who, every=True, limit=50)
        assert [one.course for one in both] == ["Other"] * 6 + [course.title] * 2
        assert len(trainer_desk.behind(who, every=True, limit=3)) == 3
        (first,) = trainer_desk.hard(who, every=False, limit=9)
        assert (first.share, first.asked) == (20, 5)
        (lesson,) = trainer_desk.marked(who, every=False, limit=9)
        assert (lesson.publication.version, lesson.article.version) == ("1.0", "2.0")
        billing, faults = trainer_desk.cohorts([course])
        assert (billing.team, len(billing.people), billing.completed, billing.score) == ("billing", 6, 5, 73)
        assert (faults.team, len(faults.people), faults.completed, faults.score) == ("faults", 1, 0, None)
        assert billing.days is not None and billing.days < 1


def test_the_page_and_its_files(app, make, school, signed_in):
    with writing():
        trainer, rep = make.user("training"), make.user("rep", team="billing", name="=Late")
        course = school.course(by=trainer)
        school.assign(course, user=rep, due_on=today() - timedelta(days=2))
    browser = signed_in(trainer)
    text = browser.text("/training/desk")
    assert "=Late" in text and f"/courses/{course.slug}/learners?show=behind" in text
    assert "=Late" in browser.text("/training/desk?of=all")
    for table in ("changed", "behind", "questions", "teams"):
        assert browser.get(f"/training/desk?table={table}&form=xlsx").data[:2] == b"PK"
    said = browser.get("/training/desk?table=behind&form=csv").data.decode("utf-8-sig")
    assert "'=Late" in said and signed_in(rep).get("/training/desk").status_code == 403
