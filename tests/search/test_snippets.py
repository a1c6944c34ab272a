"""What was found, marked in the text as it was written."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.search.analysis.test_queries import Some
from wiki.search import snippets
from wiki.search.analysis.queries import Kind, analyse


class Everything(Some):
    """A vocabulary in which every sound and every initial exists."""

    def count(self, kind, term):
        return int(kind in {Kind.SOUND, Kind.INITIALS})


def marked(text, typed):
    return re.findall("<mark>(.*?)</mark>", snippets.marked(text, analyse(typed, Everything())))


@pytest.mark.parametrize(
    ("text", "typed", "found"),
    [
        ("如何查询话费余额", "话费", ["话费"]),
        ("如何查詢話費餘額", "话费", ["話費"]),
        ("如何查詢話費餘額", "huafei", ["話費"]),
        ("如何查询话费余额", "hf", ["话费"]),
        ("如何查询话费余额", "花费", ["话费"]),
        ("Which SIM cards fit?", "card", ["cards"]),
        ("办XD-200套餐", "xd-200", ["XD-200"]),
        ("請安裝軟體。", "軟體", ["軟體"]),
        ("話費…話費", "huafei", ["話費", "話費"]),
    ],
)
def test_the_original_characters_are_marked(text, typed, found):
    assert marked(text, typed) == found


def test_a_latin_word_inside_another_is_not_marked():
    assert marked("discard", "card") == []


def test_markup_in_a_text_stays_text():
    found = snippets.snippet("<script>alert(1)</script> 话费 <mark>x</mark>", analyse("话费", Everything()))
    assert "<script>" not in found
    assert found.count("<mark>") == 1


TEXT = st.text(st.sampled_from("话費退订hua fei<&>\"'。,…ﬁ㎡"), max_size=400)


@given(TEXT, st.sampled_from(["话费", "huafei", "hf", "退订 fei", "x", "…"]))
def test_a_snippet_without_its_marks_is_a_piece_of_the_text(text, typed):
    found = snippets.snippet(text, analyse(typed, Everything()))
    assert not re.findall("<(?!/?mark>)", found)
    bare = html.unescape(re.sub("</?mark>", "", found))
    flat = " ".join(text.split())
    assert bare.strip("…") in flat
    assert len(bare) <= snippets.LENGTH + 2


def test_the_densest_place_is_shown():
    text = "话费。" + "一二三四五六七八九十" * 30 + "。话费可以退订。" + "甲乙丙丁" * 40
    found = snippets.snippet(text, analyse("话费退订", Everything()))
    assert found.count("<mark>") == 2
    assert found.startswith("…")
    assert found.endswith("…")


@pytest.mark.parametrize(
    ("text", "typed", "found"),
    [
        ("电话费用与话费余额", "话费", ["话费"]),  # the word itself, not what looks like it across two others
        ("请核对电话费用", "话费", ["电话费用"]),  # nothing better: both words whole
        ("办理手机套餐变更", "套餐", ["套餐"]),
        ("國際漫遊費用說明", "漫游", ["漫遊"]),
        ("國際漫遊費用說明", "国际漫游", ["國際漫遊"]),
        ("国际漫游费用说明", "國際漫遊", ["国际漫游"]),
    ],
)
def test_a_mark_never_cuts_a_word_in_half(text, typed, found):
    assert marked(text, typed) == found


def test_a_text_stays_as_it_was_written_whatever_script_was_typed():
    for typed in ("話費餘額", "话费余额"):
        assert snippets.marked("话费余额", analyse(typed, Everything())) == "<mark>话费余额</mark>"
        assert "<mark>話費餘額</mark>" in snippets.snippet("查詢話費餘額的方法", analyse(typed, Everything()))


@given(st.text(st.sampled_from("话费余额退订套餐,。电用"), max_size=300), st.sampled_from(["话费", "余额", "套餐退订"]))
def test_a_snippet_shows_no_half_of_a_mark(text, typed):
    asked = analyse(typed, Everything())
    whole = set(re.findall("<mark>(.*?)</mark>", snippets.marked(" ".join(text.split()), asked)))
    shown = re.findall("<mark>(.*?)</mark>", snippets.snippet(text, asked))
    assert all(each in whole or len(each) > snippets.LENGTH // 2 for each in shown)
