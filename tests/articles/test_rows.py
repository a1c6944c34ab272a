"""Answers and steps in the editor are chosen and not typed; what was taken out leaves a way that is said to be lost."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from wiki.articles import dialogues, processes, rows


@pytest.fixture(autouse=True)
def _speaks(app):
    """What is wrong is a sentence in the reader's language."""


def posted_branches(shown):
    """What a browser sends of the rows as they are shown."""
    form = MultiDict()
    for row in shown:
        for name, value in (("when", row["when"]), ("say", row["say"]), ("next", row["action"])):
            form.add(f"branches-{row['n']}-{name}", value)
        for to in row["to"]:
            form.add(f"branches-{row['n']}-to", str(to))
    return form


def posted_steps(shown):
    form = MultiDict()
    for row in shown:
        for name in ("id", "text", "role"):
            form.add(f"steps-{row['n']}-{name}", row[name])
        for i, way in enumerate(row["ways"]):
            form.add(f"steps-{row['n']}-label-{i}", way["label"])
            form.add(f"steps-{row['n']}-to-{i}", way["to"])
    return form


@st.composite
def branches(draw):
    size = draw(st.integers(1, 5))
    to = st.lists(st.integers(0, size), unique=True, max_size=3)
    action = st.sampled_from(["", "开单", "转主管，登记日期"])
    return [
        {"when": f"答 {n}", "say": "好", "next": dialogues.written(draw(action), draw(to))} for n in range(1, size + 1)
    ]


@given(branches())
def test_answers_come_back_as_they_were(drawn):
    assert rows.branches_from(posted_branches(rows.branch_rows(drawn))) == drawn


@st.composite
def steps(draw):
    size = draw(st.integers(1, 5))
    ids = [f"s{n}" for n in range(size)]
    one = st.fixed_dictionaries({"label": st.sampled_from(["", "是", "否"]), "id": st.sampled_from([*ids, "end"])})
    return [{"id": i, "text": "做", "role": "组长", "next": draw(st.lists(one, max_size=5))} for i in ids]


@given(steps())
@example([{"id": n, "text": "做", "role": "组长", "next": [{"label": "", "id": "end"}]} for n in ("s0", "s1")])
def test_steps_lead_where_they_led(drawn):
    back = rows.steps_from(posted_steps(rows.step_rows(drawn)))
    assert [step["id"] for step in back] == [step["id"] for step in drawn]
    assert processes.ways(back) == processes.ways(drawn)


def test_an_answer_that_is_emptied_takes_its_number_along():
    shown = rows.branch_rows([
        {"when": "一", "say": "", "next": "→ 3"},
        {"when": "二", "say": "", "next": ""},
        {"when": "三", "say": "", "next": "→ 2"},
    ])  # fmt: skip
    shown[1]["when"] = ""
    back = rows.branches_from(posted_branches(shown))
    assert [(one["when"], one["next"]) for one in back] == [("一", "→ 2"), ("三", "→ ?")]
    assert [place for place, _sentence in dialogues.problems(back)] == [1]
    assert "taken out" in rows.branch_rows(back)[1]["wrong"]


def test_a_new_step_follows_and_the_last_one_ends():
    form = MultiDict({
        "steps-0-id": "a", "steps-0-text": "一", "steps-0-to-0": "next",
        "steps-3-id": "5", "steps-3-text": "二", "steps-3-to-0": "next",
        "steps-4-id": "6", "steps-4-to-0": "next",
    })  # fmt: skip
    back = rows.steps_from(form)
    assert [(one["id"], one["next"]) for one in back] == [("a", [{"label": "", "id": "5"}]), ("5", [])]


def test_empty_rows_have_ids_of_their_own():
    shown = rows.step_rows([{"id": "2", "text": "a", "role": "", "next": []}])
    assert len({row["id"] for row in shown}) == len(shown) == 1 + rows.BLANK


def test_a_way_to_what_is_not_there_stays_chosen():
    shown = rows.step_rows([{"id": "1", "text": "a", "role": "", "next": [{"label": "", "id": "9"}]}])
    assert shown[0]["ways"][0]["to"] == "9"
    assert "does not exist" in shown[0]["wrong"]
