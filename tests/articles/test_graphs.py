"""Arrows between steps and answers: what can be reached, what comes to an end, what is lost – said at its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.articles import dialogues, processes
from wiki.articles.dialogues import Way, way_of
from wiki.articles.graphs import comes_to, depths, met, reachable, returning

NODES = st.integers(0, 7)
GRAPHS = st.dictionaries(NODES, st.lists(NODES, max_size=4), min_size=1)


@pytest.fixture(autouse=True)
def _speaks(app):
    """What is wrong is a sentence in the reader's language."""


def walks(graph, start, length):
    """Every node that some walk of at most so many arrows comes to: slow, and plainly right."""
    found, edge = {start}, {start}
    for _step in range(length):
        edge = {to for node in edge for to in graph.get(node, ())}
        found |= edge
    return found


@given(GRAPHS, NODES)
def test_reachable_is_what_walks_come_to(graph, start):
    assert reachable(graph, [start]) == walks(graph, start, 9)


@given(GRAPHS, NODES)
def test_comes_to_is_reachable_seen_from_the_other_end(graph, goal):
    assert comes_to(graph, [goal]) - {goal} == {n for n in range(8) if n != goal and goal in walks(graph, n, 9)}


@given(GRAPHS)
def test_without_what_returns_no_circle_is_left(graph):
    back = returning(graph, list(range(8)))
    rest = {node: [to for to in ways if (node, to) not in back] for node, ways in graph.items()}
    assert all(node not in reachable(rest, rest[node]) for node in rest)
    assert all(node in reachable(graph, [to]) for node, to in back), "an arrow that closes no circle does not return"


@given(GRAPHS, NODES, st.permutations(range(8)))
def test_what_is_met_is_still_met_without_what_returns(graph, start, order):
    found = met(graph, start, order)
    assert found[0] == start and sorted(found) == sorted(reachable(graph, [start]))
    back = returning(graph, found)
    rest = {node: [to for to in ways if (node, to) not in back] for node, ways in graph.items()}
    assert reachable(rest, [start]) == set(found)


@given(GRAPHS, NODES)
def test_every_arrow_that_does_not_return_points_down(graph, start):
    back = returning(graph, list(range(8)))
    depth = depths(graph, start, back)
    assert set(depth) == reachable(graph, [start]) and min(depth.values()) == 0
    for node in depth:
        assert all(depth[to] > depth[node] for to in graph.get(node, ()) if (node, to) not in back)


# ── processes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def step(step_id, *ways):
    return {"id": step_id, "text": "做", "role": "", "next": [{"label": "", "id": to} for to in ways]}


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([step("a")], []),
        ([step("a"), step("b"), step("c")], []),  # nobody says where it goes: one after the other
        ([step("a", "b"), step("b")], []),
        ([step("a", "b", "end"), step("b", "a", "end")], []),
        ([step("a", "b"), step("b", "z")], [(1, "Step 2 leads to z, which does not exist.")]),
        ([step("a", "b"), step("b"), step("b")], [(2, "same id")]),
        ([step("a", "b"), step("b", "a")], [(1, "never ends")]),
        ([step("a", "c"), step("b", "c"), step("c")], [(1, "No step leads to step 2")]),
        ([step("a", "b", "c"), step("b"), step("c", "c")], [(2, "From step 3 there is no way to the end.")]),
        ([step("end", "x"), step("x")], []),  # a step may be called so
    ],
)
def test_what_a_process_lacks_is_said_at_its_step(steps, said):
    found = processes.problems(steps)
    assert [place for place, _sentence in found] == [place for place, _words in said]
    for (_place, sentence), (_same, words) in zip(found, said, strict=True):
        assert words in sentence


IDS = ["1", "2", "3", "4", "end"]
STEPS = st.lists(
    st.builds(lambda i, ways: step(i, *ways), st.sampled_from(IDS[:4]), st.lists(st.sampled_from(IDS), max_size=3)),
    min_size=1,
    max_size=5,
)


@given(STEPS)
def test_what_is_in_order_can_be_followed_to_the_end_from_everywhere(steps):
    if processes.problems(steps):
        return
    arrows = processes.graph(steps)
    assert reachable(arrows, [steps[0]["id"]]) == {*arrows, processes.FINISH}
    assert all(processes.FINISH in reachable(arrows, [node]) for node in arrows)


# ── scripts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

WHENS = ["同意", "不同意", "要投诉"]


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("", Way()),
        ("转主管", Way("转主管")),
        ("转《话费争议受理与退费流程》，登记争议金额", Way("转《话费争议受理与退费流程》，登记争议金额")),
        ("2", Way("", (2,))),
        ("→ 2、3", Way("", (2, 3))),
        ("开紧急单 → 3", Way("开紧急单", (3,))),
        ("-> 1, 0", Way("", (1, 0))),
        ("要投诉", Way("", (3,))),
        ("开单 → 要投诉", Way("开单", (3,))),
        ("账单 → 对比", Way("账单 → 对比")),  # an arrow in words is words
        ("10086", Way("10086")),  # a telephone number is no answer
        ("→ 2、9", Way("", (2,), ("9",))),
        ("→ ?", Way("", (), ("?",))),
    ],
)
def test_what_a_next_says(text, way):
    assert way_of(text, WHENS) == way


@given(st.text("开单转主管 ", max_size=6).map(str.strip), st.lists(st.integers(0, 3), unique=True, max_size=4))
def test_what_is_written_is_read_again(action, to):
    assert way_of(dialogues.written(action, to), ["甲", "乙", "丙"]) == Way(action, tuple(to))


BRANCHES = st.lists(
    st.builds(
        lambda to: {"when": "", "say": "好", "next": dialogues.written("", to)}, st.lists(st.integers(0, 6), max_size=3)
    ),
    max_size=6,
)


@given(BRANCHES)
def test_every_answer_can_be_come_to(branches):
    graph = dialogues.graph(branches)
    assert reachable(graph, [dialogues.START]) == set(graph)


@given(BRANCHES)
def test_a_lost_way_is_said_and_nothing_else(branches):
    lost = [
        n
        for n, one in enumerate(branches)
        if any(int(x) > len(branches) for x in one["next"].strip("→ ").split("、") if x)
    ]
    assert sorted({n for n, _sentence in dialogues.problems(branches)}) == lost


def test_an_answer_that_an_earlier_one_leads_to_is_asked_later():
    branches = [{"when": "a", "next": "3"}, {"when": "b", "next": "1"}, {"when": "c", "next": "0"}]
    assert dialogues.openings(branches) == (1, 2), "2 leads back to 1, which is still a beginning"
