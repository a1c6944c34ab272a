"""What docs/dialect.md promises, rendered."""

import re
from pathlib import Path

import pytest

from core.dialect import CALLOUTS, LINES
from core.markup import render

PAGE = Path(__file__).parents[2] / "docs" / "dialect.md"
EXAMPLES = re.findall(r"^(`{3,})markdown\n(.*?)^\1$", PAGE.read_text("utf-8"), re.M | re.S)
INLINE = re.findall(r"^\| (`.*`) \| (.*) \|$", PAGE.read_text("utf-8"), re.M)

WANTED = {
    "## How": "<h2>How it is done</h2><p>The first paragraph.<br>Its second line.</p><hr><h3>A smaller heading</h3>",
    "- one": "<ul><li>one</li><li>two<ul><li>what stands inside is indented by four blanks</li></ul></li></ul>"
    "<ol><li><p>first</p></li><li><p>second</p><p>A second paragraph of the second point.</p></li>"
    "<li><p>third</p></li></ol>",
    "| plan": '<table><thead><tr><th>plan</th><th align="right">price</th><th align="center">data</th></tr>'
    "</thead>"
    '<tbody><tr><td>small</td><td align="right">19</td><td align="center">5 GB</td></tr>'
    '<tr><td>large</td><td align="right">59</td><td align="center">40 GB<br>and the rest slower</td></tr>'
    "</tbody></table>",
    "> An": "<blockquote><p>An ordinary quotation.</p></blockquote>"
    '<blockquote class="callout is-note"><p>Good to know.</p></blockquote>'
    '<blockquote class="callout is-tip"><p>Makes it easier.</p></blockquote>'
    '<blockquote class="callout is-warning"><p>Goes wrong otherwise.</p></blockquote>'
    '<blockquote class="script-line is-customer"><p>我的话费怎么又多扣了？</p></blockquote>'
    '<blockquote class="script-line is-say"><p>我马上为您逐项核对。</p></blockquote>'
    '<blockquote class="script-line is-avoid"><p>系统就是这样扣的。</p></blockquote>',
    "![[": '<wiki-block of="Title of a block"></wiki-block>'
    '<pre><code class="language-json">{"as": "typed"}\n</code></pre>',
}
WORDS = {
    "**important**": "<strong>important</strong>",
    "先**核对**再解释": "先<strong>核对</strong>再解释",
    "*in passing*": "<em>in passing</em>",
    "_in passing_": "<em>in passing</em>",
    "~~old~~": "<del>old</del>",
    "`code`": "<code>code</code>",
    "[our site](https://example.org)": '<a href="https://example.org" rel="nofollow noopener noreferrer">our site</a>',
    "[[Title]]": '<wiki-link to="Title">Title</wiki-link>',
    "[[Title|words]]": '<wiki-link to="Title">words</wiki-link>',
    "![what it shows](/files/1/bill.png)": '<img alt="what it shows" loading="lazy" src="/files/1/bill.png">',
    "[form.pdf](/files/2/form.pdf)": '<a href="/files/2/form.pdf" rel="nofollow noopener noreferrer">form.pdf</a>',
    r"\* \_ \[ \# \~ \|": "* _ [ # ~ |",
}


def tight(html: str) -> str:
    """Without the line breaks that only part elements."""
    return re.sub(r"(?<=>)\n\s*(?=<)|(?<=<br>)\n", "", str(html))


@pytest.mark.parametrize(("_fence", "source"), EXAMPLES, ids=lambda value: value.strip("`\n").split("\n")[0])
def test_the_examples_of_the_page(_fence: str, source: str):
    start = next(key for key in WANTED if source.startswith(key))
    assert tight(render(source)) == WANTED[start]


def test_every_example_is_looked_at():
    assert len(EXAMPLES) == len(WANTED)


@pytest.mark.parametrize(("source", "html"), WORDS.items(), ids=list(WORDS))
def test_words(source: str, html: str):
    assert render(source) == f"<p>{html}</p>"


def test_the_words_of_the_page_are_these():
    text = PAGE.read_text("utf-8").replace("\\|", "|")
    assert all(source in text for source in WORDS if not source.startswith("\\"))
    assert len(INLINE) >= 8


@pytest.mark.parametrize("name", [*CALLOUTS, *LINES])
def test_marks_of_quotations(name: str):
    html = render(f"> [!{name.upper()}] 一句话\n> 再一句")
    assert f"is-{name}" in html
    assert "[!" not in html
    assert "一句话<br>" in html


def test_an_unknown_mark_is_words():
    assert render("> [!nothing]\n> a") == "<blockquote>\n<p>[!nothing]<br>\na</p>\n</blockquote>"


def test_no_other_class_survives():
    assert "class" not in render('``` x" onload="y\na\n```')
    assert 'class="language-py"' in render("```py\na\n```")


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("*a***b**", "<em>a</em><strong>b</strong>"),
        ("*a **b** c*", "<em>a <strong>b</strong> c</em>"),
        ("**a*b*c**", "<strong>a<em>b</em>c</strong>"),
        ("*a**a*b", "<em>a**a</em>b"),
        ("**“引用”**后", "<strong>“引用”</strong>后"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("a_b_c 和_d_", "a_b_c 和_d_"),
        ("~a~ ~~~b~~~ ~~c~~d", "~a~ ~~~b~~~ <del>c</del>d"),
        ("*a*\u2060**b**", "<em>a</em><strong>b</strong>"),
        ("**a\nb**", "<strong>a<br>\nb</strong>"),
        ("`*a*` *`b`*", "<code>*a*</code> <em><code>b</code></em>"),
    ],
)
def test_emphasis(source: str, html: str):
    assert render(source) == f"<p>{html}</p>"


@pytest.mark.parametrize("words", ["b", "**b**", "`b`", "[b](/b)", "![b](/files/1/a.png)"])
@pytest.mark.parametrize(
    "line", ["a\n\u3000{}", "a\n \u3000\u3000{}", "a\n\xa0{}\nc", "- a\n\u3000{}", "| a<br>\u3000{} |\n|---|"]
)
def test_wide_blanks_begin_a_line_before_whatever_follows(line: str, words: str):
    beginning = re.search(r"<br>\n( ?(?:\u3000|&nbsp;)+)", render(line.format(words)))
    assert beginning
    assert beginning[1].strip(" ") == re.search("[\u3000\xa0]+", line)[0].replace("\xa0", "&nbsp;")  # type: ignore[index]


@pytest.mark.parametrize("words", ["[b<br>c](/d)", "**[b<br>c](/d)**", "[**b<br>c**](/d)", "~~[`b` <br/>*c*](/d)~~"])
def test_a_break_in_a_link_in_a_cell(words: str):
    html = render(f"| a |\n|---|\n| {words} |")
    assert "&lt;" not in html
    assert re.search(r"<a [^>]*>(?:(?!</a>).)*<br>\n", html, re.S)


def test_other_blanks_begin_no_line():
    assert render("a\n  **b**") == "<p>a<br>\n<strong>b</strong></p>"


def test_emphasis_loses_no_words_beside_links():
    assert 'href="c"' in render("*a**a*[b](c)")


def test_emphasis_has_an_end():
    """Nesting is bounded, and the signs beyond it stay."""
    html = render("*a **b " * 30 + "** *" * 30)
    assert html.count("<em>") <= 12
    assert render("a" + "*" * 1990).count("*") == 1990


def test_a_quotation_straight_under_the_words_of_a_point_makes_paragraphs_of_all() -> None:
    for text in ("- a\n- b\n> q", "- a\n- b\n\n    > q"):
        html = str(render(text))
        assert html.count("<p>") == 3
        assert "<p>a</p>" in html
