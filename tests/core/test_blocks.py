"""The blocks of a text are the text, and their HTML is its HTML."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.blocks import blocks
from core.errors import Invalid
from core.markup import render
from tests.support.documents import CORPUS, corpus, documents


def holds(text: str) -> None:
    found = blocks(text)
    assert "".join(block.source for block in found) == text
    assert "\n".join(block.html for block in found if block.html) == render(text)


def test_each_thing_is_a_block_of_its_own(app):
    text = "# Head\nwords\n\n- a\n\n- b\n\n    more\n\n> one\n\n> two\n***\nend\n```\nx\n\ny\n```\nlast"
    assert [block.source for block in blocks(text)] == [
        "# Head\n",
        "words\n\n",
        "- a\n\n- b\n\n    more\n\n",
        "> one\n\n",
        "> two\n",
        "***\n",
        "end\n",
        "```\nx\n\ny\n```\n",
        "last",
    ]
    holds(text)


def test_link_definitions_reach_every_block(app):
    first, nothing, second = blocks("see [a][x]\n\n[x]: https://example.org\n\nno link")
    assert 'href="https://example.org"' in first.html
    assert [(block.defines, block.refers) for block in (first, nothing, second)] == [
        (False, True),
        (True, False),
        (False, False),
    ]
    assert not nothing.html


@pytest.mark.parametrize("text", ["", "\n\n", " \n", "\n\na", "a\u2028\u2028b", "a\r\n\r\nb\r\n", "a\x0c\nb"])
def test_odd_lines(app, text):
    holds(text)


def test_what_the_guard_refuses_is_refused_here(app):
    with pytest.raises(Invalid):
        blocks("[" * 90_000)


@settings(max_examples=150, deadline=None)
@given(documents())
@example("- a\n\n- b\n- c\n\npara\n\n    code\n\n\n    more\n")
@example("# h\n- a\n\n- b\n\n1. c\n")
def test_blocks_of_any_document(text: str):
    holds(text)


@settings(max_examples=120, deadline=None)
@given(st.text(alphabet="ab`~#-> \n|1.[]:*!_\\=\t", max_size=60))
def test_blocks_of_any_marks(text: str):
    holds(text)


@pytest.mark.skipif(not CORPUS.exists(), reason=f"{CORPUS.name} of the shared folder is not on this machine")
def test_blocks_of_the_real_documents(app):
    for text in corpus():
        holds(text)
