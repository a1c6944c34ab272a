"""The drawing of a process: boxes apart, lines at right angles that end where they should and run through no box."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wiki.articles.flow_words import lines_of, width_of
from wiki.articles.flowchart import draw


def steps_of(ways, text="核对客户身份与账单"):
    """Steps 1, 2, … leading to these."""
    return [
        {
            "id": str(n),
            "text": text,
            "role": "首层代表",
            "next": [{"label": f"情况{to}", "id": str(to)} for to in leading],
        }
        for n, leading in enumerate(ways, 1)
    ]


@st.composite
def processes(draw_one):
    size = draw_one(st.integers(1, 9))
    targets = st.one_of(st.integers(1, size), st.just("end"))
    ways = draw_one(st.lists(st.lists(targets, max_size=4, unique=True), min_size=size, max_size=size))
    return steps_of(ways)


def apart(a, b):
    return a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y


def within(box, x, y):
    """Inside the outline, by more than a hair."""
    if box.shape == "choice":
        return abs(x - box.middle) / (box.width / 2) + abs(y - box.y - box.height / 2) / (box.height / 2) < 0.97
    return box.x + 1 < x < box.x + box.width - 1 and box.y + 1 < y < box.y + box.height - 1


def places(line):
    for (ax, ay), (bx, by) in pairwise(line.points):
        for part in range(41):
            yield ax + (bx - ax) * part / 40, ay + (by - ay) * part / 40


@settings(max_examples=150, deadline=None)
@given(processes())
def test_boxes_stand_apart_and_inside_the_picture(steps):
    chart = draw(steps)
    for a, b in combinations(chart.boxes, 2):
        assert apart(a, b), (a, b)
    for box in chart.boxes:
        assert box.x >= 0 and box.y >= 0 and box.x + box.width <= chart.width and box.y + box.height <= chart.height


@settings(max_examples=150, deadline=None)
@given(processes())
def test_lines_turn_at_right_angles_and_run_through_no_box(steps):
    chart = draw(steps)
    for line in chart.lines:
        for (ax, ay), (bx, by) in pairwise(line.points):
            assert abs(ax - bx) < 0.6 or abs(ay - by) < 0.6, line
        for x, y in places(line):
            assert 0 <= x <= chart.width and 0 <= y <= chart.height
            assert not [box for box in chart.boxes if within(box, x, y)], (line, x, y)


def test_every_way_is_drawn_and_said():
    steps = steps_of([[2], [3, 4], [2, "end"], []])
    chart = draw(steps)
    assert sorted("".join(line.label) for line in chart.lines) == [
        "",
        "",
        "情况2",
        "情况2",
        "情况3",
        "情况4",
        "情况end",
    ]
    assert [line.back for line in chart.lines].count(True) == 1, "3 leads back to 2"
    shapes = {box.step_id: box.shape for box in chart.boxes if box.n}
    assert shapes == {"1": "step", "2": "choice", "3": "choice", "4": "step"}
    assert [box.shape for box in chart.boxes].count("end") == 2


def test_a_plain_list_is_drawn_from_above():
    chart = draw([{"id": n, "text": "做", "next": []} for n in ("a", "b", "c")])
    boxes = [box for box in chart.boxes if box.n]
    assert [box.step_id for box in sorted(boxes, key=lambda box: box.y)] == ["a", "b", "c"]
    assert len({box.middle for box in chart.boxes}) == 1
    assert draw([]) is None


def test_what_is_wrong_is_drawn_as_far_as_it_goes():
    chart = draw([
        {"id": "a", "text": "", "next": [{"label": "", "id": "nowhere"}]},
        {"id": "b", "text": "x", "next": [{"label": "", "id": "b"}]},
        {"id": "b", "text": "twice", "next": []},
    ])  # fmt: skip
    assert {box.step_id for box in chart.boxes if box.n} == {"a", "b"}


def test_the_same_steps_are_the_same_picture():
    steps = steps_of([[2, 3, 4], [5], [5], [5, 1], ["end", 2]])
    assert draw(steps) == draw(steps)


def test_two_hundred_steps():
    steps = steps_of([[n + 1, max(1, n - 7)] for n in range(1, 200)] + [["end"]])
    chart = draw(steps)
    assert sum(box.n > 0 for box in chart.boxes) == 200


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("核对客户身份", ["核对客户身份"]),
        ("受理并复述争议金额、日期、项目", ["受理并复述争议金", "额、日期、项目"]),
        ("Send an SMS to the customer", ["Send an SMS to", "the customer"]),
        ("", []),
    ],
)
def test_words_break_into_lines_of_one_length(text, lines):
    assert lines_of(text, 130, 3) == lines


@given(st.text("账单核对（），。abc DEF 123…", max_size=60), st.integers(40, 200), st.integers(1, 4))
def test_no_line_is_too_wide_and_nothing_vanishes_silently(text, room, most):
    lines = lines_of(text, room, most)
    assert len(lines) <= most
    assert all(line.strip() for line in lines)
    assert all(width_of(line.rstrip("），。…")) <= room for line in lines)
    whole = "".join(text.split())
    said = "".join("".join(lines).split())
    assert said == whole or said.endswith("…")
