"""One order of a course and circles of prerequisites: the pure decisions."""

from hypothesis import given
from hypothesis import strategies as st

from wiki.training.practice_rules import arranged, closes_a_circle, grouped, moved, seats_left

KEYS = st.lists(
    st.tuples(st.sampled_from(["module", "lesson", "quiz", "task"]), st.integers(1, 9)).map(lambda p: f"{p[0]}:{p[1]}"),
    unique=True,
    max_size=9,
)


@given(KEYS, KEYS)
def test_arranging_loses_and_invents_nothing(there, wanted):
    found = arranged(there, wanted)
    assert sorted(found) == sorted(there)
    asked = [key for key in wanted if key in there]
    assert found[: len(asked)] == asked
    assert arranged(there, found) == found


@given(KEYS, st.integers(0, 8), st.sampled_from(["up", "down"]))
def test_moving_keeps_everything_and_can_be_taken_back(order, at, way):
    key = order[at % len(order)] if order else "lesson:1"
    found = moved(order, key, way)
    assert sorted(found) == sorted(order)
    back = moved(found, key, {"up": "down", "down": "up"}[way])
    assert order in (found, back)
    assert [key for _head, keys in grouped(order) for key in ([_head] if _head else []) + keys] == order


def test_a_module_takes_its_steps_along():
    order = ["lesson:1", "module:1", "lesson:2", "quiz:1", "module:2", "task:1"]
    assert moved(order, "module:2", "up") == ["lesson:1", "module:2", "task:1", "module:1", "lesson:2", "quiz:1"]
    assert moved(order, "module:1", "up") == order  # what stands before the first module belongs to none
    assert moved(order, "task:1", "up") == ["lesson:1", "module:1", "lesson:2", "quiz:1", "task:1", "module:2"]
    assert grouped(order)[0] == (None, ["lesson:1"])
    assert moved(order, "task:9", "up") == moved(order, "task:1", "away") == order


def test_circles_are_found_with_their_way():
    needs = {2: [1], 3: [2], 4: [2]}
    assert closes_a_circle(needs, 1, 3) == [3, 2, 1]
    assert closes_a_circle(needs, 3, 4) == []
    assert closes_a_circle({}, 1, 1) == [1]


def test_seats():
    assert seats_left(None, 5) is None
    assert seats_left(3, 5) == 0
    assert seats_left(3, 1) == 2
