"""Questions of order and to be filled in: written in the form, taken without a script, told as they were answered."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import reading
from wiki.training.models import Quiz
from wiki.training.rules import Kind, is_right, mixed, options_of, same_text, understand

STEPS = ["Greet", "Check the line", "Book a visit"]
OPTIONS = options_of(Kind.ORDER, STEPS)
IDS = [one.id for one in OPTIONS]


@given(st.dictionaries(st.sampled_from(IDS), st.integers(-1, 5).map(str) | st.sampled_from(["", "x", "１"])))
def test_an_order_counts_only_when_every_option_has_a_number_of_its_own(places):
    found = understand(Kind.ORDER, OPTIONS, places)
    numbers = [places.get(one, "") for one in IDS]
    whole = all(re.fullmatch("[0-9]+", one) for one in numbers) and len(set(numbers)) == 3
    assert bool(found) == whole
    assert is_right(Kind.ORDER, IDS, found) == (whole and numbers == sorted(numbers, key=int))


@given(st.integers(2, 10), st.text(max_size=8))
def test_what_is_to_be_put_in_order_is_never_shown_in_order(count: int, seed: str):
    ids = [f"o{n}" for n in range(1, count + 1)]
    assert sorted(mixed(ids, ids, seed)) == sorted(ids)
    assert mixed(ids, ids, seed) != ids


@pytest.mark.parametrize("typed", ["二十四小時", "二十四小时。", " 二十四 小时", "“二十四小时”"])
def test_a_gap_takes_both_scripts_and_the_marks_around(typed):
    assert is_right(Kind.FILL_IN, ["二十四小时"], [typed])


@given(st.text(max_size=20))
def test_a_gap_never_takes_something_else(typed):
    assert is_right(Kind.FILL_IN, ["24"], [typed]) == (same_text(typed) == "24")
    assert is_right(Kind.FILL_IN, ["２４"], ["24."])


def test_both_are_written_and_taken_on_pages(make, school, signed_in):
    course = school.course(lessons=1, quiz=False, published=False)
    trainer = signed_in(make.user("training"))
    made = trainer.submit(f"/courses/{course.slug}/edit", to=f"/courses/{course.slug}/quizzes")
    number = int(re.search(r"/quizzes/(\d+)/", made.location)[1])
    page, edit = f"/quizzes/{number}/questions/new", f"/quizzes/{number}/edit"
    order = {"kind": "order", "text": "In which order?"} | {f"option-{n}": one for n, one in enumerate(STEPS, 1)}
    shown = trainer.submit(page + "?kind=order", order | {"verb": "preview"}, to=page).get_data(as_text=True)
    assert "As a learner meets it" in shown
    assert "No questions yet" in trainer.text(edit)
    trainer.submit(page + "?kind=order", order, to=page)
    gap = {"kind": "fill_in", "text": "How long?", "option-1": "二十四小时", "option-2": "24小时"}
    trainer.submit(page + "?kind=fill_in", gap, to=page)
    with reading() as session:
        first, second = (one.id for one in session.get_one(Quiz, number).questions)
    assert 'value="24小时"' in trainer.text(f"/quizzes/{number}/questions/{second}")
    trainer.submit(f"/courses/{course.slug}/edit", to=f"/courses/{course.slug}/publish")

    rep = signed_in(make.user("rep"))
    fields = {f"q-{first}-{one}": n for n, one in enumerate(["o1", "o3", "o2"], 1)} | {f"q-{second}": "２４小時"}
    half = rep.submit(f"/quizzes/{number}", fields | {f"q-{first}-o2": "1", "attempt": 1}).get_data(as_text=True)
    assert "1 question is not answered yet" in half, "the same number twice is no order"
    told = rep.submit(f"/quizzes/{number}", fields | {"attempt": 1}, follow=True).get_data(as_text=True)
    assert "50 %" in told
    assert "belongs in place" not in told, "the order is still to be found"
    told = rep.submit(f"/quizzes/{number}", fields | {"attempt": 2}, follow=True)
    told = rep.submit(f"/quizzes/{number}", fields | {"attempt": 3}, follow=True).get_data(as_text=True)
    assert "belongs in place 2" in told
