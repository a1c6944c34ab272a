"""Differences: nothing is invented or lost, they read well in Chinese, and they are safe to look at."""

import re
import time
from html import unescape
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.markup import shown
from wiki.articles.compare import parts as pieces
from wiki.articles.compare.marking import read, typed
from wiki.articles.compare.passages import rows
from wiki.articles.compare.words import compared
from wiki.articles.comparing import Look, showing
from wiki.articles.content import Content
from wiki.articles.diff import Part, changes, compare, whole
from wiki.articles.kinds import KINDS

WORDS = ["客户", "账单", "您好", ",", "，", "。", ".", "\n", "\n\n", " ", "SIM", "3", "元", "\u2028", "的", "**", "é"]
BLOCKS = [
    *("- ", "1. ", "> ", "```\n", "| a | b |\n", "|---|---|\n", "[x](/y)", "- 请重启光猫再试\n", "- 登记工单\n"),
    *("坐席应先安抚客户情绪再核对账单\n\n", "超过权限的退费须由督导批准\n\n", "\U000f0001", "<b>"),
]
words = st.lists(st.sampled_from(WORDS + BLOCKS), max_size=40).map("".join)
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


@given(texts, texts)
def test_the_other_way_round_is_the_same_difference(old: str, new: str) -> None:
    other = {"insert": "delete", "delete": "insert", "equal": "equal"}
    there = pieces.tidy(Part(other[part.op], part.text) for part in compare(old, new))
    assert there == compare(new, old)


@given(texts, texts)
def test_passages_are_the_texts(old: str, new: str) -> None:
    found = rows(old, new)
    assert "".join(row.new for row in found) == new
    assert sorted(row.number for row in found if row.state == "moved_away") == sorted(
        row.number for row in found if row.state == "moved_here"
    )


def marked(old: str, new: str) -> str:
    """As ``told``, with [~ form ~]."""
    mark = {"equal": "{}", "delete": "[-{}-]", "insert": "{{+{}+}}", "form": "[~{}~]"}
    return "".join(mark[part.op].format(part.text) for part in compared(old, new))


@pytest.mark.parametrize(
    ("old", "new", "reads"),
    [
        ("您好，请问？", "您好,请问?", "您好[~,~]请问[~?~]"),
        ("客户说：“不对。”", '客户说："不对。"', '客户说：[~"~]不对。[~"~]'),
        ("每月15元", "每月 15 元", "每月[~ ~]15[~ ~]元"),
        ("５８元", "58元", "[~58~]元"),
        ("当月不退费……", "当月不退费...", "当月不退费[~...~]"),
        ("甲、乙", "甲，乙", "甲[-、-]{+，+}乙"),  # an enumeration and a clause are not the same
        ("不得收取违约金。", "可以收取1,000.50元违约金。", "[-不得-]{+可以+}收取{+1,000.50元+}违约金。"),
        ("自2026年1月1日起施行。", "自2026年7月1日起施行。", "自2026年[-1-]{+7+}月1日起施行。"),
        ("工单CS-021归档", "工单CS-022归档", "工单[-CS-021-]{+CS-022+}归档"),
        ("先断电。再重启。", "先断电。等三十秒。再重启。", "先断电。{+等三十秒。+}再重启。"),  # whole sentences
        ("我们的网络很好", "你们的信号很差", "[-我们的网络很好-]{+你们的信号很差+}"),  # no confetti
        ("见[流程](/a)。", "见[流程](/b)。", "见[-[流程](/a)-]{+[流程](/b)+}。"),  # an address is never torn
    ],
)
def test_forms_and_chunks(old: str, new: str, reads: str) -> None:
    assert marked(old, new) == reads


SOP = """## 范围

本流程适用于前台坐席处理账单异议。

| 项目 | 时限 |
|---|---|
| 首次响应 | 15 秒 |
| 退费 | 5 分钟 |

1. 核对客户身份
2. 打开账单页面，逐项说明
3. 记录工单并告知时限

超过权限的退费，须由督导批准后方可承诺客户。
"""


def test_a_moved_passage_is_one_move_with_its_changes() -> None:
    head, tail = SOP.split("\n\n", 1)
    last = tail.rsplit("\n\n", 1)
    new = f"{head}\n\n{last[1].strip().replace('督导', '督导书面')}\n\n{last[0]}\n"
    found = [(row.state, row.number) for row in rows(SOP, new) if row.state not in {"same", "form"}]
    assert found == [("moved_here", 1), ("moved_away", 1)]
    (moved,) = [row for row in rows(SOP, new) if row.state == "moved_here"]
    assert [part.text for part in moved.parts if part.op == "insert"] == ["书面"]


def test_tables_are_compared_cell_by_cell() -> None:
    new = SOP.replace("| 5 分钟 |", "| 8 分钟 |").replace("| 退费", "| 投诉 | 2 小时 |\n| 退费")
    (table,) = [row for row in rows(SOP, new) if row.state != "same"]
    assert table.shape == "table"
    html = read(table, "inline")
    assert '<tr class="is-new">' in html
    assert re.sub(r'<span class="sign">.</span>', "", html).count("<td><del>5</del><ins>8</ins> 分钟</td>") == 1


def test_a_new_column_is_a_new_cell_in_each_row() -> None:
    lines = ["| 项目 | 人 | 时限 |", "|---|---|---|", "| 首次响应 | 坐席 | 15 秒 |", "| 退费 | 督导 | 5 分钟 |"]
    old = SOP[SOP.index("| 项目") : SOP.index("1. 核对")]
    (table,) = rows(old, "\n".join(lines) + "\n\n")
    assert [part.text.strip("|- \n") for part in table.parts if part.op != "equal"] == ["人", "", "坐席", "督导"]


def test_a_step_that_changed_places_has_moved() -> None:
    new = SOP.replace(
        "2. 打开账单页面，逐项说明\n3. 记录工单并告知时限", "2. 记录工单并告知时限\n3. 打开账单页面，逐项说明"
    )
    (steps,) = [row for row in rows(SOP, new) if row.state != "same"]
    assert {part.op for part in steps.parts if part.moved} == {"insert", "delete"}
    html = read(steps, "inline")
    assert html.count("is-moved") == 2
    assert html.count("<li") == 4
    assert read(steps, "new").count("<li") == 3


def test_a_passage_in_two_halves_is_the_same_passage() -> None:
    old = "处理账单异议时，坐席应先安抚客户的情绪。核对流量与增值业务，逐项说明差额。\n"
    (row,) = rows(old, old.replace("情绪。", "情绪。\n\n"))
    assert (row.state, row.old_at, row.new_at) == ("changed", 1, 1)
    assert [part.text for part in row.parts if part.op == "insert"] == ["\n\n"]


def untagged(html: str) -> str:
    return re.sub(r'<span class="sign">.</span>', "", html)


@given(texts, texts)
def test_what_readers_see_is_only_marked(old: str, new: str) -> None:
    for row in rows(old, new):
        for side, text in (("old", row.old), ("new", row.new)):
            html = untagged(read(row, side))
            bare = re.sub(
                r'</?(?:ins|del)(?: class="is-moved")?>|<span class="form-only">|</span>| class="is-\w+"', "", html
            )
            if text and not re.search("[\x00-\x08\x0b-\x1f\U000f0001]", text):  # what is stored has none of these
                assert "".join(unescape(bare).split()) == "".join(unescape(shown(text)).split())
        assert "<b>" not in read(row, "inline") + typed(row.parts, "inline")


def test_names_of_other_texts_are_words_and_blocks_are_named() -> None:
    old = "见[[退费流程]]。\n\n![[安抚用语]]\n"
    found = rows(old, old.replace("[[退费流程]]", "[[退费流程|流程]]").replace("安抚用语", "结束用语"))
    first, *rest = (untagged(read(row, "inline")) for row in found)
    assert first.replace("\n", "") == "<p>见<del>退费流程</del><ins>流程</ins>。</p>"
    assert "![[结束用语]]" in "".join(rest)
    assert "<wiki-" not in first + "".join(rest)


def test_marks_of_remarks_are_in_both_forms() -> None:
    found = rows("先核对。\n\n再说明。", "先复述。\n\n再说明。")
    for look in (Look(), Look(source=True), Look(side=True)):
        lines = [line for group in showing("body", found, look, [(3, "复述")]).groups for line in group.lines]
        assert '<mark data-remark="3">复述</mark>' in str(lines[0].inline or lines[0].right)


def test_what_stayed_is_folded_and_forms_can_be_hidden() -> None:
    old = "\n\n".join(f"第{n}条 坐席应当做好第{n}件事，并且记录。" for n in range(1, 12))
    new = old.replace("第6条 坐席应当", "第6条 坐席必须").replace(
        "第11条 坐席应当做好第11件事，", "第11条 坐席应当做好第11件事,"
    )
    groups = showing("body", rows(old, new), Look()).groups
    assert [(len(group.lines), group.folded) for group in groups] == [(1, 4), (3, 0), (1, 2), (2, 0)]
    assert showing("body", rows(old, new), Look()).counts == {"changed": 1, "form": 1}
    assert showing("body", rows(old, new), Look(forms=False)).counts == {"changed": 1}
    assert [group.folded for group in showing("body", rows(old, new), Look(all=True)).groups] == [0]


def long_text(seed: int) -> str:
    line = "客户来电反映上月账单金额高于套餐资费,坐席应先安抚客户情绪,再逐项核对流量与增值业务。"
    return "\n".join(line.replace("上月", f"{(n * 7 + seed) % 12 + 1}月") for n in range(20_000 // len(line)))


def test_eight_times_the_text_takes_about_eight_times_as_long() -> None:
    """By the processor's own time, of one length beside the other: a quadratic one would take sixty-four times. The
    figure is in `make bench`."""

    def took(length: int) -> float:
        old, new, other = (long_text(seed)[:length] for seed in (1, 2, 3))
        pairs = ((old, new), (old.replace("\n", ""), other.replace("\n", "")), ("客" * length, "户" * length))
        began = time.process_time()
        found = [compare(*pair) for pair in pairs]
        spent = time.process_time() - began
        assert [(old_of(parts), new_of(parts)) for parts in found] == list(pairs)
        return spent

    assert min(took(20_000) for _ in range(3)) < 32 * min(took(2_500) for _ in range(3))


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
