"""Heads of YAML: whatever people call things, it reads back as it was written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wiki.exchange import frontmatter

letters = st.characters(exclude_categories=["Cs"], exclude_characters=[chr(n) for n in range(32) if n not in {9, 10}])
texts = st.one_of(st.text(letters, max_size=40), st.text("\n -:#'\"|>\u2028\u0085\ufeff😀a\t[{", max_size=20))
values = st.recursive(
    st.one_of(texts, st.integers(0, 100)),
    lambda one: st.one_of(st.lists(one, max_size=3), st.dictionaries(texts, one, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(texts, values, max_size=4), texts)
def test_what_was_joined_is_split_again(head, body):
    kept = {key: value for key, value in head.items() if value not in (None, "", [], {})}
    assert frontmatter.split(frontmatter.joined(head, body)) == (kept, body)


def test_a_head_is_read_by_people_too():
    text = frontmatter.joined({"title": "开门", "fields": {"say": "您好。\n请讲。"}, "tags": []}, "正文\n")
    assert text == "---\ntitle: 开门\nfields:\n  say: |-\n    您好。\n    请讲。\n---\n正文\n"


@pytest.mark.parametrize("head", ["a: [", "- a\n- b", "x: !!python/object:os.system {}", "a: *b"])
def test_a_head_that_is_none_says_so(head):
    assert frontmatter.split(f"---\n{head}\n---\n正文") == (None, "正文")


@pytest.mark.parametrize(
    "head", ["- " * 200_000, "? " * 200_000, "{a: " * 200_000, "a: " + "[" * 30 + "]" * 30, "a: &x [y]\nb: *x"]
)
def test_a_head_that_would_end_the_process_is_refused(head):
    """The library recurses in C for every list in a list, and unfolds references of references."""
    assert frontmatter.split(f"---\n{head}\n---\n正文") == (None, "正文")
