"""The words of a Markdown text."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core import markup

PAIRS = re.compile(r"(?<!\\)(\*{1,3}|`{1,3})(?=\S)([^\n]{1,2000}?)(?<=[^\s\\])\1")  # what a pair of marks is


@settings(max_examples=300, deadline=None)
@given(st.text("***``\\ ab\n字\u3000\u2028", max_size=20))
@example("**a *b* c**")
@example("*" * 7)
@example("*" + "a" * 2000 + "* *" + "a" * 2001 + "*")
def test_pairs_of_marks_are_taken_from_around_words(source):
    assert "\n".join(markup._unmarked(line) for line in source.split("\n")) == PAIRS.sub(r"\2", source)
