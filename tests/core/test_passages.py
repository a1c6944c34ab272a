"""Passages are the text, cut and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from core.passages import split


def test_blocks_between_blank_lines():
    assert split("one\n\ntwo\nlines\n\n\nthree") == ["one\n\n", "two\nlines\n\n\n", "three"]


def test_a_fenced_block_is_one_passage():
    assert split("a\n\n```\nx\n\ny\n```\n\nb") == ["a\n\n", "```\nx\n\ny\n```\n\n", "b"]


def test_blank_lines_at_the_beginning_are_kept():
    assert split("\n\na") == ["\n\n", "a"]


def test_nothing_has_no_passage():
    assert split("") == []


@given(st.text(alphabet="ab`~#- \n\r|>", max_size=80))
def test_together_they_are_the_text(text: str):
    assert "".join(split(text)) == text
