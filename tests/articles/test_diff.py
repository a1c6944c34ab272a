"""Differences: nothing is invented or lost, and they read well in Chinese."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.articles.content import Content
from wiki.articles.diff import Part, changes, compare, whole
from wiki.articles.kinds import KINDS

words = st.lists(
    st.sampled_from(
        ["客户", "账单", "您好", ",", "。", "\n", "\n\n", " ", "SIM", "3", "元", "\u2028", "的", "**", "é"]
    ),
    max_size=60,
).map("".join)
texts = st.one_of(words, st.text(max_size=120))


def old_of(parts: tuple[Part, ...]) -> str:
    return "".join(part.text for part in parts if part.op != "insert")


def new_of(parts: tuple[Part, ...]) -> str:
    return "".join(part.text for part in parts if part.op != "delete")


def told(old: str, new: str) -> str:
    """A difference in one line: [-gone-]{+come+}."""
    mark = {"equal": "{}", "delete": "[-{}-]", "insert": "{{+{}+}}"}
    return "".join(mark[part.op].format(part.text) for part in compare(old, new))


@given(texts, texts)
def test_both_texts_can_be_rebuilt(old: str, new: str) -> None:
    parts = compare(old, new)
    assert old_of(parts) == old
    assert new_of(parts) == new


@given(texts, texts)
def test_parts_are_tidy(old: str, new: str) -> None:
    parts = compare(old, new)
    assert all(part.text for part in parts)
    assert all(one.op != two.op for one, two in pairwise(parts)), "neighbours are joined"
    assert all((one.op, two.op) != ("insert", "delete") for one, two in pairwise(parts))


@given(texts)
def test_no_change_is_no_difference(text: str) -> None:
    assert compare(text, text) == ((Part("equal", text),) if text else ())


@pytest.mark.parametrize(
    ("old", "new", "reads"),
    [
        ("我马上为您逐项核对账单。", "我马上为您逐笔核对账单。", "我马上为您[-逐项-]{+逐笔+}核对账单。"),
        ("套餐每月58元。", "套餐每月68元。", "套餐每月[-58-]{+68+}元。"),
        ("请您重启光猫。", "请您先断电,再重启光猫。", "请您{+先断电,再+}重启光猫。"),
        ("第一步\n第二步\n第三步", "第一步\n第三步", "第一步\n[-第二步\n-]第三步"),
        ("VPN 断线", "VPN 掉线", "VPN [-断线-]{+掉线+}"),
        ("", "新的一句。", "{+新的一句。+}"),
        ("旧的一句。", "", "[-旧的一句。-]"),
    ],
)
def test_it_reads_well(old: str, new: str, reads: str) -> None:
    assert told(old, new) == reads


def long_text(seed: int) -> str:
    line = "客户来电反映上月账单金额高于套餐资费,坐席应先安抚客户情绪,再逐项核对流量与增值业务。"
    return "\n".join(line.replace("上月", f"{(n * 7 + seed) % 12 + 1}月") for n in range(20_000 // len(line)))


def test_twenty_thousand_characters_take_no_age() -> None:
    """Not a timed test: a quadratic one would take minutes here. The figure is in `make bench`."""
    began = time.monotonic()
    one_line = long_text(1).replace("\n", "")
    for old, new in (
        (long_text(1), long_text(2)),
        (one_line, long_text(3).replace("\n", "")),
        ("客" * 20_000, "户" * 20_000),
    ):
        parts = compare(old, new)
        assert (old_of(parts), new_of(parts)) == (old, new)
    assert time.monotonic() - began < 20


def test_field_by_field(app) -> None:
    old = Content("标题", "正文", {"say": "您好", "steps": []}, tags=["账单"])
    new = Content("标题", "正文二", {"say": "您好!", "branches": [{"when": "生气", "say": "理解", "next": ""}]})
    changed, same = changes(KINDS["script"], old, new)
    assert [change.name for change in changed] == ["say", "branches", "body", "tags"]
    assert [str(label) for label in same] == ["Title", "Audience"]


def test_the_whole_text_for_machines(app) -> None:
    parts = whole(KINDS["faq"], Content("一", "", {"answer": "是"}), Content("一", "", {"answer": "否"}))
    assert [(part.op, part.text) for part in parts] == [
        ("equal", "一\n\n"),
        ("delete", "是"),
        ("insert", "否"),
        ("equal", "\n"),
    ]
