"""The words of a remark are found again however they were taken, and marking them changes nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.markup import bare, shown
from workflows.passages import contains, mark_html, words_of

TEXT = "每月 **5 元**，最长 <六> 个月。\n\n- 第一步 & 核对\n- 第二步"


@pytest.mark.parametrize(
    "quote", ["5 元，最长", "**5 元**，最长", "最长 <六> 个月", "第一步 & 核对", "核对\n- 第二步".replace("- ", "")]
)
def test_found_in_what_readers_see(quote: str):
    marked = mark_html(shown(TEXT), [(7, quote)])
    assert '<mark data-remark="7">' in marked
    assert contains(words_of(shown(TEXT)), quote)


def test_a_passage_that_is_gone_is_not_found():
    assert mark_html(shown(TEXT), [(7, "六元")]) == shown(TEXT)
    assert not contains(words_of(shown(TEXT)), "六元")
    assert contains("", "")


def test_the_mark_spans_tags_and_spares_them():
    html = mark_html(shown("a **b** c"), [(1, "a b c")])
    assert html == (
        '<p><mark data-remark="1">a </mark><strong><mark data-remark="1">b</mark></strong>'
        '<mark data-remark="1"> c</mark></p>'
    )


def test_of_two_that_overlap_each_keeps_something():
    html = mark_html(shown("abcdef"), [(1, "abcd"), (2, "cdef")])
    assert html == '<p><mark data-remark="1">abcd</mark><mark data-remark="2">ef</mark></p>'


@given(st.text(max_size=80), st.text(max_size=12), st.text(max_size=12))
def test_marking_changes_nothing_but_marks(text: str, one: str, two: str):
    html = shown(text)
    marked = mark_html(html, [(1, one), (2, two)])
    assert re.sub(r'</?mark(?: data-remark="\d+")?>', "", marked) == html
    assert words_of(marked) == words_of(html)


def test_bare_text_leads_nowhere():
    html = bare(shown("![x](/files/1) [here](/articles/x) **kept**"))
    assert "<img" not in html
    assert "<a" not in html
    assert "here" in html
    assert "<strong>kept</strong>" in html
