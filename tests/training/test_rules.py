"""What counts as right, when a quiz is passed, a course complete, a pin moved on."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from wiki.training.rules import (
    Follow,
    Kind,
    Requires,
    Standing,
    attempts_left,
    follow,
    is_complete,
    is_passed,
    is_right,
    may_see_key,
    options_of,
    score,
    seed_of,
    shuffled,
    spec,
    standing,
    understand,
)

TEXTS = ["red", "green", "blue"]
RIGHT = [
    (Kind.SINGLE, ["o2"], ["o2"], True, "the one right option"),
    (Kind.SINGLE, ["o2"], ["o1"], False, "another one"),
    (Kind.SINGLE, ["o2"], [], False, "nothing chosen"),
    (Kind.MULTIPLE, ["o1", "o3"], ["o3", "o1"], True, "exactly these, in whatever order"),
    (Kind.MULTIPLE, ["o1", "o3"], ["o1"], False, "one is missing"),
    (Kind.MULTIPLE, ["o1", "o3"], ["o1", "o2", "o3"], False, "one too many"),
    (Kind.TRUE_FALSE, ["false"], ["false"], True, "false is false"),
    (Kind.ORDER, ["o2", "o1"], ["o2", "o1"], True, "in this order"),
    (Kind.ORDER, ["o2", "o1"], ["o1", "o2"], False, "in another order"),
    (Kind.FILL_IN, ["VoLTE"], ["ｖｏ ｌｔｅ"], True, "width, case and spaces do not matter"),
    (Kind.FILL_IN, ["VoLTE"], ["5G"], False, "another word"),
]


@pytest.mark.parametrize(("kind", "key", "answer", "right", "why"), RIGHT)
def test_an_answer_is_right_or_wrong(kind, key, answer, right, why):
    assert is_right(kind, key, answer) is right, why


@pytest.mark.parametrize("given", ["o2", "green", 1, ["green"]])
def test_an_option_is_meant_by_id_text_or_place(given):
    assert understand(Kind.SINGLE, options_of(Kind.SINGLE, TEXTS), given) == ("o2",)


@pytest.mark.parametrize("given", [False, "false", "False", 1])
def test_false_is_understood(given):
    assert understand(Kind.TRUE_FALSE, options_of(Kind.TRUE_FALSE, []), given) == ("false",)


@pytest.mark.parametrize("given", ["purple", 7, -1, {"a": 1}])
def test_what_is_no_option_is_refused(given):
    with pytest.raises(ValueError):
        understand(Kind.SINGLE, options_of(Kind.SINGLE, TEXTS), given)


REFUSED = [
    (Kind.SINGLE, "", TEXTS, 0, "text"),
    (Kind.SINGLE, "Which?", ["one"], 0, "options"),
    (Kind.SINGLE, "Which?", ["one", "ONE"], 0, "options"),
    (Kind.SINGLE, "Which?", ["one", " "], 0, "options"),
    (Kind.SINGLE, "Which?", TEXTS, [0, 1], "answer"),
    (Kind.SINGLE, "Which?", TEXTS, None, "answer"),
    (Kind.SINGLE, "Which?", TEXTS, "purple", "answer"),
    (Kind.MULTIPLE, "Which?", TEXTS, [], "answer"),
    (Kind.TRUE_FALSE, "Is it?", [], None, "answer"),
    (Kind.ORDER, "How?", TEXTS, ["red"], "answer"),
    (Kind.FILL_IN, "What?", [], [], "answer"),
]


@pytest.mark.parametrize(("kind", "text", "options", "key", "field"), REFUSED)
def test_a_question_that_cannot_be_asked_names_its_field(kind, text, options, key, field):
    with pytest.raises(Invalid) as refused:
        spec(kind, text, options, key)
    assert list(refused.value.errors) == [field]


def test_two_of_three_is_66_percent_and_not_67():
    assert score([True, True, False]) == 66
    assert not is_passed(66, 67)
    assert is_passed(66, 66)


@given(st.lists(st.booleans(), max_size=50), st.integers(1, 100))
def test_passing_by_whole_percents_is_passing_exactly(verdicts, mark):
    exactly = bool(verdicts) and 100 * sum(verdicts) >= mark * len(verdicts)
    assert is_passed(score(verdicts), mark) is exactly


@given(st.sets(st.integers(), max_size=30), st.integers(), st.integers(), st.integers())
def test_shuffling_loses_nothing_and_repeats_itself(ids, quiz, user, number):
    seed = seed_of(quiz, user, number)
    assert sorted(shuffled(ids, seed)) == sorted(ids)
    assert shuffled(ids, seed) == shuffled(reversed(list(ids)), seed)


COMPLETE = [
    (Requires.EVERYTHING, {1, 2}, {1, 2}, {9}, {9}, True, "all read, all passed"),
    (Requires.EVERYTHING, {1, 2}, {1}, {9}, {9}, False, "a lesson is open"),
    (Requires.EVERYTHING, {1}, {1}, {9}, set(), False, "a quiz is open"),
    (Requires.QUIZZES, {1, 2}, set(), {9}, {9}, True, "who knows it need not read it"),
    (Requires.QUIZZES, {1, 2}, {1, 2}, {8, 9}, {9}, False, "one quiz of two"),
    (Requires.QUIZZES, {1, 2}, {1}, set(), set(), False, "no quiz: then the lessons count"),
    (Requires.QUIZZES, {1, 2}, {1, 2}, set(), set(), True, "no quiz, all read"),
    (Requires.EVERYTHING, set(), set(), set(), set(), False, "an empty course teaches nothing"),
    (Requires.EVERYTHING, {1}, {1, 5}, set(), set(), True, "what was taken out does not matter"),
]


@pytest.mark.parametrize(("requires", "lessons", "done", "quizzes", "passed", "complete", "why"), COMPLETE)
def test_a_course_is_complete(requires, lessons, done, quizzes, passed, complete, why):
    assert is_complete(requires, lessons=lessons, done=done, quizzes=quizzes, passed=passed) is complete, why


def test_the_key_is_shown_when_it_can_no_longer_help():
    assert not may_see_key(3, 1, passed=False)
    assert may_see_key(3, 3, passed=False)
    assert may_see_key(3, 1, passed=True)
    assert not may_see_key(None, 50, passed=False)
    assert attempts_left(3, 2, passed=False) == 1
    assert attempts_left(3, 9, passed=True) is None


def test_a_pin_follows_small_changes_and_waits_for_large_ones():
    assert follow(1, 1) is Follow.MOVE
    assert follow(1, 2) is Follow.MARK


STANDINGS = [
    (False, False, False, None, Standing.OPEN),
    (True, False, False, None, Standing.ASSIGNED),
    (True, False, False, date(2026, 12, 24), Standing.ASSIGNED),
    (True, True, False, date(2026, 12, 24), Standing.STARTED),
    (True, True, False, date(2026, 11, 19), Standing.DUE_SOON),
    (True, False, False, date(2026, 11, 16), Standing.DUE_SOON),
    (True, True, False, date(2026, 11, 15), Standing.OVERDUE),
    (True, True, True, date(2026, 11, 15), Standing.DONE),
    (False, True, False, None, Standing.STARTED),
]


@pytest.mark.parametrize(("assigned", "begun", "completed", "due_on", "expected"), STANDINGS)
def test_how_somebody_stands_on_16_november(assigned, begun, completed, due_on, expected):
    found = standing(assigned=assigned, begun=begun, completed=completed, due_on=due_on, today=date(2026, 11, 16))
    assert found is expected
