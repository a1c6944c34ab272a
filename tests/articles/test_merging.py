"""Merging three texts: what two people wrote is in the result, or in a choice put to somebody."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wiki.articles.content import Content
from wiki.articles.kinds import KINDS
from wiki.articles.merging import By, Choice, Clash, Field, Part, merge, merge_text

TEXTS = st.text(st.sampled_from("ab 套餐。\n\n`|-#>\u3000\x85"), max_size=60)
WORDS = ["客户", "月租", "5元", "次日", "生效", "请", "核对", "账单", "roaming", "，"]
PARAGRAPHS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), max_size=6)
EDITS = st.lists(
    st.tuples(st.sampled_from(["word", "drop", "line", "passage", "lose"]), st.integers(0, 50), st.integers(0, 50)),
    max_size=5,
)


def written(base: list[list[str]], edits: list[tuple[str, int, int]], mark: str) -> str:
    """The base with somebody's edits; every word they put in is of its own: m0, m1, … or t0, t1, …"""
    text = [list(paragraph) for paragraph in base]
    for number, (what, where, place) in enumerate(edits):
        word = f"{mark}{number}"
        if not text or what == "passage":
            text.insert(where % (len(text) + 1), [word, "新增"])
            continue
        paragraph = text[where % len(text)]
        if what == "word":
            paragraph.insert(place % (len(paragraph) + 1), f" {word} ")
        elif what == "line":
            paragraph.insert(place % (len(paragraph) + 1), f"\n{word}\n")
        elif what == "drop" and paragraph:
            del paragraph[place % len(paragraph)]
        elif what == "lose":
            del text[where % len(text)]
    return "\n\n".join("".join(paragraph) for paragraph in text)


def everything(found: Field) -> str:
    """All that the result and its choices show."""
    parts = [p.value if isinstance(p, Part) else p.mine + p.theirs for p in found.pieces]
    return "".join(parts)


def put_in(base: list[list[str]], edits: list[tuple[str, int, int]], mark: str) -> set[str]:
    text = written(base, edits, mark)
    return {f"{mark}{n}" for n in range(len(edits)) if f"{mark}{n}" in text}


@given(TEXTS, TEXTS)
def test_one_side_alone_is_taken_as_it_is(base: str, other: str) -> None:
    assert merge_text(base, other, base).resolved({}) == other
    assert merge_text(base, base, other).resolved({}) == other
    assert merge_text(base, other, other).resolved({}) == other


@given(TEXTS, TEXTS, TEXTS)
def test_all_mine_and_all_theirs_can_be_had_and_swapping_swaps(base: str, mine: str, theirs: str) -> None:
    here, there = merge_text(base, mine, theirs), merge_text(base, theirs, mine)
    assert list(here.clashes().values()) == [Clash(c.base, c.theirs, c.mine) for c in there.clashes().values()], (
        "the same conflicts, seen from the other side"
    )
    mirror = {By.MINE: By.THEIRS, By.THEIRS: By.MINE}
    assert [p for p in here.pieces if isinstance(p, Part)] == [
        replace(p, by=mirror.get(p.by, p.by)) for p in there.pieces if isinstance(p, Part)
    ]
    assert merge_text(base, mine, theirs) == here, "and each time the same"


@given(PARAGRAPHS, EDITS, EDITS)
@settings(max_examples=300)
def test_no_word_that_somebody_put_in_is_lost(base: list[list[str]], mine: Any, theirs: Any) -> None:
    found = merge_text(*(written(base, *one) for one in (([], "x"), (mine, "m"), (theirs, "t"))))
    shown = everything(found)
    for word in put_in(base, mine, "m") | put_in(base, theirs, "t"):
        assert word in shown
    both = found.resolved(dict.fromkeys(found.clashes(), Choice.BOTH))
    mixed = [c for c in found.clashes().values() if Choice.BOTH not in found.choices(c)]
    if not mixed:
        assert all(word in both for word in put_in(base, mine, "m") | put_in(base, theirs, "t"))


@given(PARAGRAPHS, EDITS, EDITS)
def test_what_neither_touched_stays_once(base: list[list[str]], mine: Any, theirs: Any) -> None:
    """A passage with a mark of its own that nobody changed is in the result exactly once."""
    marked = [[*paragraph, f"<{n}>"] for n, paragraph in enumerate(base)]
    texts = [written(marked, *one) for one in (([], "x"), (mine, "m"), (theirs, "t"))]
    found = merge_text(*texts)
    result = found.resolved(dict.fromkeys(found.clashes(), Choice.MINE))
    for passage in texts[0].split("\n\n"):
        if passage and all(passage in text.split("\n\n") for text in texts) and not found.clashes():
            assert result.count(passage.rpartition("<")[2]) == 1


def text(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs)


ONE, TWO, THREE = "套餐每月五元，次月一日零点生效。", "先安抚客户，再逐项核对账单。", "投诉在二十四小时内回复。"


@pytest.mark.parametrize(
    ("mine", "theirs", "merged"),
    [
        (text(ONE + "甲", TWO, THREE), text(ONE, TWO, THREE + "乙"), text(ONE + "甲", TWO, THREE + "乙")),
        (text(ONE, TWO + "甲", THREE), text(ONE, TWO, THREE + "乙"), text(ONE, TWO + "甲", THREE + "乙")),
        (text(TWO, THREE), text(ONE, TWO, THREE, "新"), text(TWO, THREE, "新")),
        (text("前", ONE, TWO, THREE), text(ONE.replace("五", "八"), TWO, THREE),
         text("前", ONE.replace("五", "八"), TWO, THREE)),
        (text(ONE.replace("五元", "八元"), TWO, THREE), text(ONE.replace("零点", "八点"), TWO, THREE),
         text(ONE.replace("五元", "八元").replace("零点", "八点"), TWO, THREE)),
        (text(ONE, TWO, THREE, "末"), text(ONE, TWO, THREE.replace("二十四", "四十八")),
         text(ONE, TWO, THREE.replace("二十四", "四十八"), "末")),
    ],
    ids=["far apart", "neighbours", "one gone, one new", "new beside changed", "words apart", "below a changed end"],
)  # fmt: skip
def test_changes_apart_become_one_text(mine: str, theirs: str, merged: str) -> None:
    found = merge_text(text(ONE, TWO, THREE), mine, theirs)
    assert found.clashes() == {}
    assert found.resolved({}) == merged


def test_words_that_touch_are_a_choice() -> None:
    found = merge_text(ONE, ONE.replace("五元", "八元"), ONE.replace("每月五元", "每月九元"))
    (clash,) = found.clashes().values()
    assert ("八元" in clash.mine, "九元" in clash.theirs, clash.added) == (True, True, False)


def test_two_additions_at_one_place_can_both_stand() -> None:
    found = merge_text(ONE, text(ONE, "甲加的。"), text(ONE, "乙加的。"))
    ((key, clash),) = found.clashes().items()
    assert clash.added
    assert found.resolved({key: Choice.BOTH}) == text(ONE, "甲加的。", "乙加的。")


def test_a_passage_taken_out_and_changed_is_a_choice() -> None:
    found = merge_text(text(ONE, TWO), TWO, text(ONE.replace("五", "八"), TWO))
    ((key, clash),) = found.clashes().items()
    assert found.choices(clash) == (Choice.MINE, Choice.THEIRS)
    assert found.resolved({key: Choice.MINE}) == TWO
    assert "八元" in found.resolved({key: Choice.THEIRS})


def test_rows_of_a_table_are_merged_by_row() -> None:
    rows = ["| 套餐 | 月租 |", "| --- | --- |", "| 畅享 | 59 元 |", "| 极速 | 99 元 |", "| 尊享 | 199 元 |"]
    mine, theirs = [*rows], [*rows, "| 至尊 | 299 元 |"]
    mine[2], theirs[4] = "| 畅享 | 69 元 |", "| 尊享 | 189 元 |"
    found = merge_text(*("\n".join(one) for one in (rows, mine, theirs)))
    assert found.resolved({}).splitlines() == [*rows[:2], mine[2], rows[3], theirs[4], theirs[5]]


SCRIPT, SOP = KINDS["script"], KINDS["sop"]


def test_fields_are_merged_each_by_its_kind() -> None:
    base = Content("账单", "正文", {"say": ONE, "scenario": TWO}, "billing", ["a", "b"], ["voice"])
    mine = replace(base, title="账单解释", fields={**base.fields, "say": ONE + "甲"}, tags=["a", "c"])
    theirs = replace(base, body="正文二", fields={**base.fields, "closing": THREE}, tags=["a", "b", "d"], services=[])
    found = merge(SCRIPT, base, mine, theirs)
    assert found.clashes == {}
    assert found.content() == Content(
        "账单解释", "正文二", {"say": ONE + "甲", "scenario": TWO, "closing": THREE}, "billing", ["a", "c", "d"], []
    )
    assert found.mine == ["title", "say", "tags"]
    assert found.theirs == ["closing", "body", "tags", "services"]


def test_single_values_clash_without_both() -> None:
    base = Content("账单")
    found = merge(SCRIPT, base, Content("甲"), Content("乙"))
    assert found.open({}) == ["title.0"]
    assert found.open({"title.0": Choice.BOTH}) == ["title.0"], "there is one title"
    assert found.content({"title.0": Choice.THEIRS}).title == "乙"


def test_a_circle_is_never_widened_by_merging() -> None:
    base = Content("账单")
    mine = replace(base, audience="restricted", readers=["role:qa"])
    theirs = replace(base, audience="restricted", readers=["team:3"])
    found = merge(SCRIPT, base, mine, theirs)
    assert found.open({}) == ["audience.0"]
    assert found.content({"audience.0": Choice.MINE}).readers == ["role:qa"]
    assert merge(SCRIPT, base, mine, replace(base, body="x")).content().readers == ["role:qa"]


def step(number: str, said: str, *ways: str) -> dict[str, Any]:
    return {"id": number, "text": said, "role": "", "next": [{"label": "", "id": way} for way in ways]}


def steps(*rows: dict[str, Any]) -> Content:
    return Content("流程", fields={"steps": list(rows)})


def test_steps_are_merged_by_their_numbers() -> None:
    base = [step("1", "核对身份", "2"), step("2", "登记工单", "3"), step("3", "回访")]
    mine = [step("1", "核对身份证件", "2"), step("2", "登记工单", "3"), step("3", "回访")]
    theirs = [step("1", "核对身份", "2"), step("2", "登记工单", "4"), step("4", "升级主管", "3"), step("3", "回访")]
    found = merge(SOP, *(steps(*one) for one in (base, mine, theirs)))
    assert found.content().fields["steps"] == [mine[0], theirs[1], theirs[2], base[2]]


def test_one_step_with_changes_of_both_in_different_parts() -> None:
    base, mine = step("1", "核对身份", "2"), {**step("1", "核对身份", "2"), "role": "坐席"}
    found = merge(
        SOP,
        steps(base, step("2", "完")),
        steps(mine, step("2", "完")),
        steps(step("1", "核对证件", "2"), step("2", "完")),
    )
    assert found.content().fields["steps"][0] == {**step("1", "核对证件", "2"), "role": "坐席"}


def test_two_new_steps_of_one_number_keep_apart() -> None:
    base = step("1", "核对身份")
    found = merge(SOP, steps(base), steps(base, step("2", "甲的一步")), steps(base, step("2", "乙的一步")))
    ((key, clash),) = found.clashes.items()
    assert clash.added
    got = found.content({key: Choice.BOTH}).fields["steps"]
    assert [(one["id"], one["text"]) for one in got] == [("1", "核对身份"), ("2", "甲的一步"), ("3", "乙的一步")]


def test_branches_of_a_script() -> None:
    def branches(*pairs: tuple[str, str]) -> Content:
        return Content("话术", fields={"branches": [{"when": w, "say": s, "next": ""} for w, s in pairs]})

    base = [("太贵了，别家便宜", "我帮您逐项算一算差多少。"), ("我要投诉你们", "我先记录您的诉求。")]
    mine = [("太贵了，别家便宜", "我帮您逐项仔细算一算差多少。"), base[1]]
    theirs = [*base, ("不说话", "您好，听得到吗？")]
    found = merge(SCRIPT, branches(*base), branches(*mine), branches(*theirs))
    assert [b["say"] for b in found.content().fields["branches"]] == [mine[0][1], base[1][1], theirs[2][1]]
