"""Tables as people keep them: headings in two languages, letters in five encodings, cells as they are read."""

import csv
import io
from pathlib import Path

import pytest

from tests.support import office
from wiki.exchange import columns
from wiki.exchange.columns import Options
from wiki.exchange.letters import encoding_of
from wiki.exchange.reading import head_of, read

SIMPLIFIED = "客户来电询问本月话费为什么多了，请先安抚，再逐项核对账单；超出部分按规则解释。" * 3
TRADITIONAL = "客戶來電詢問本月話費為什麼多了，請先安撫，再逐項核對帳單；超出部分按規則解釋。" * 3


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        (SIMPLIFIED, "utf-8", "utf-8-sig"),
        (TRADITIONAL, "utf-8-sig", "utf-8-sig"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5hkscs"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        ("id,title\n1,plain", "ascii", "utf-8-sig"),
        ("标题,正文\n开门,九点", "gb18030", "gb18030"),
        ("標題,內容\n開門,九點", "big5", "big5hkscs"),
    ],
)
def test_letters(tmp_path: Path, text: str, encoding: str, found: str):
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    assert encoding_of(path) == found
    assert path.read_bytes().decode(found) == text


def test_headings_in_both_languages():
    assert columns.guess(["知识编号", "標題", "正文内容", "所属分类", "关键词", "可见范围", "无关"]) == {
        "知识编号": "id", "標題": "title", "正文内容": "body", "所属分类": "category", "关键词": "tags",
        "可见范围": "audience",
    }  # fmt: skip
    assert columns.guess(["External ID", "Title", "customer_says", "say", "Customer Says"]) == {
        "External ID": "id", "Title": "title", "customer_says": "customer_says", "say": "say",
    }  # fmt: skip
    assert columns.guess(["标题", "题目"]) == {"标题": "title"}, "the first of two alike"


def test_every_guess_is_a_field_and_none_is_told_twice():
    words = [word for some in columns.HEADINGS.values() for word in some]
    assert set(columns.HEADINGS) <= set(columns.targets())
    assert [word for word in words if words.count(word) > 1] == []
    assert [word for word in words if columns.folded(word) != word] == []


def test_a_mapping_by_hand_goes_before_the_guess(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("标题,说法\n开门,九点开门\n", "utf-8")
    options = Options({"说法": "title"}, kind="script", category="tariffs", audience="public")
    (line,) = read(path, options)
    assert (line.row.id, line.row.content.title, line.row.kind) == ("九点开门", "九点开门", "script")
    assert (line.row.content.category, line.row.content.audience) == ("tariffs", "public")
    assert line.cells == {"标题": "开门", "说法": "九点开门"}


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_marks_between_the_cells(tmp_path: Path, delimiter: str):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([["id", "title", "body"], ["1", "一", "a, b; c\nd"]])
    path = tmp_path / "a.csv"
    path.write_text(out.getvalue(), "utf-8")
    assert [(line.row.id, line.row.content.body) for line in read(path)] == [("1", "a, b; c\nd")]


def test_a_workbook_with_its_headings(tmp_path: Path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(
        office.xlsx(
            [["编号", "标题", "话术", "类型"], [1001, "开门", "您好", "话术"], ["", "", "", ""], [2.5, "二", "", ""]]
        )
    )
    assert head_of(path) == (
        ["编号", "标题", "话术", "类型"],
        [["1001", "开门", "您好", "话术"], ["2.5", "二", "", ""]],
    )
    first, second = read(path)
    assert (first.row.id, first.row.kind, first.row.content.fields) == ("1001", "script", {"say": "您好"})
    assert second.row.id == "2.5"
    assert second.place == "row 4"


def test_our_own_guard_against_formulas_is_taken_off(tmp_path: Path):
    assert columns.mended(["'=1+1", "'- 项", "'引号", "x"]) == ["=1+1", "- 项", "'引号", "x"]
