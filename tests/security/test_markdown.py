"""Hostile documents: the guard refuses by rule what would take long, and what is rendered holds only our dialect."""

import itertools
import re
import time

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Invalid
from core.markup import ATTRIBUTES, LIMIT, TAGS, guard, render, shown

REFUSED = [
    "[", "![", "](", "[a](", "[a][", "[^", "[a]: <", "[![", "[[", "[](", "((", "<", "<a ", "<!--", "&", "&#", "*", "_",
    "**a", "_*_*", "`", "``` ", "~~", "|", "- ", "1. ", "* > ", "> - ", "- > - ", "> ", "    ", "# a\n", "#\n", "=\n",
    "a\n=\n", "a\n---\n", "___\n", "- # a\n", "> # a\n", "- \n", "> - \n", "1. \n",
]  # fmt: skip
PIECES = [
    *REFUSED,
    "\n",
    "\n\n",
    "a",
    "字",
    "|-|-\n",
    "a|b\n-|-\n",
    "\\",
    "\t",
    "http://",
    "~~~\n",
    "```\n",
    "  \n",
    '"',
]


LONGEST = "a\n"  # of as many lines as there may be: no text that is all right takes longer
TIMES = 1.5  # of what that takes, and nothing may take longer
PARTS = 4  # of the long form, for each way to put two pieces together


BEFORE = "一句话\n\n" * 10  # lines that are fine, so that the line of what is not is another than the first


def filled(unit: str, size: int = LIMIT) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def cost(text: str) -> float:
    """Seconds of the processor; none where it is refused."""
    began = time.process_time()
    try:
        render(text)
    except Invalid:
        return 0.0
    return time.process_time() - began


@pytest.mark.parametrize("unit", REFUSED)
def test_what_would_take_long_is_refused_by_rule(app, unit):
    with pytest.raises(Invalid):
        guard(filled(unit))
    with pytest.raises(Invalid) as refused:
        guard(BEFORE + filled(unit, LIMIT - len(BEFORE)))
    assert re.search(r"\b[Ll]ine (\d+)", refused.value.errors["body"])[1] == str(BEFORE.count("\n") + 1)


@pytest.mark.parametrize("lead", ["- ", "1. ", "> ", "* ", "+ ", "- > ", "1. - "])
def test_nesting_has_an_end(app, lead):
    """Python-Markdown calls itself once for every level."""
    assert "x" in render(lead * (6 if len(lead) > 3 else 15) + "x")
    with pytest.raises(Invalid):
        render(lead * 21 + "x")


def test_ordinary_texts_are_not_refused(app):
    chapter = (
        "# Head\n\ntext [a](b) **c** `d`\n\n- one\n- two\n    - three\n\n| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 40
    )
    render(chapter * 200)
    render("\n".join(f"## {n}\ntext" for n in range(400)))
    render("---\n" * 300)


def test_stored_text_is_shown_whatever_it_is(app):
    assert shown("[" * 90_000).startswith("<p>[[[")
    assert "<script" not in shown("<script>" + "[" * 90_000)


def clean_again(html: str) -> None:
    """What came out is in the dialect: cleaning it once more changes nothing."""
    again = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"https", "http", "mailto", "tel"},
                      link_rel="nofollow noopener noreferrer")  # fmt: skip
    assert again == html


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*PIECES, "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "<svg/onload=1>",
                                 "&lt;", "&#x6a;avascript:", "![](data:text/html,x)", "[a]: javascript:x\n", "<a@b.c>"])
                | st.text(max_size=8), max_size=40))  # fmt: skip
def test_rendering_refuses_or_answers_in_our_dialect(parts):
    source = "".join(parts)
    try:
        html = str(render(source))
    except Invalid:
        return
    clean_again(html)
    assert "javascript:" not in html.lower().replace("&", "").partition("href=")[2].partition(">")[0]


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("between", ["", "\n", "\n\n"])
def test_every_pair_of_pieces_is_quick_or_refused(app, between, part):
    slow, most = [], TIMES * cost(filled(LONGEST))
    for one, other in list(itertools.product(PIECES, repeat=2))[part::PARTS]:
        text = filled(one + between + other + between)
        if cost(text) <= most:
            continue
        rates = [cost(text) / cost(filled(LONGEST)) for _ in range(3)]  # side by side: processors change pace
        if min(rates) > TIMES:
            slow.append((one, between, other, round(min(rates), 1)))
    assert slow == []
