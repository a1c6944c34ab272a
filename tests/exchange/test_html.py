"""HTML into the dialect: what a document shows is what the article shows."""

import html as escaping
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.markup import render
from wiki.exchange.html_markdown import markdown, tree


def converted(html: str) -> str:
    return markdown(tree(html))


TABLE = "<table><tr><th>资费</th><th>月租</th></tr><tr><td rowspan='2'>畅享</td><td>39</td></tr>"
TABLE += "<tr><td>59|6</td></tr></table>"
FRAMED = "<table><tr><td>a</td><td><p>x</p><ul><li>y</li><li>z</li></ul></td></tr><tr><td colspan=2>b</td></tr></table>"
FOOTNOTE = (
    '<p>注<sup><a href="#footnote-1">[1]</a></sup></p><ol><li><p>脚注 <a href="#footnote-ref-1">↑</a></p></li></ol>'
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>一</p><p>二<br>三</p>", "一\n\n二\n三\n"),
        ("<h1>题</h1><h2><strong>小</strong>题</h2>", "# 题\n\n## 小题\n"),
        ("<p><strong>重 </strong>要<em>点</em></p>", "**重** 要*点*\n"),
        ("<p><strong>甲</strong><strong>乙</strong></p>", "**甲乙**\n"),
        ("<ul><li>一<ul><li>二<ol><li>三</li></ol></li></ul></li><li>四</li></ul>",
         "- 一\n    - 二\n        1. 三\n- 四\n"),
        ("<ol><li><p>一</p><p>补充</p></li><li>二</li></ol>", "1. 一\n\n    补充\n\n2. 二\n"),
        (TABLE, "| 资费 | 月租 |\n| --- | --- |\n| 畅享 | 39 |\n| 畅享 | 59\\|6 |\n"),
        ("<table><tr><td><p>提示</p><p>两段</p></td></tr></table>", "提示\n\n两段\n"),
        (FRAMED,
         "| a | x / • y / • z |\n| --- | --- |\n| b |  |\n"),
        ("<p>1. 不是列表</p><p># 不是标题</p><p>- 不是</p><p>---</p>",
         "1\\. 不是列表\n\n\\# 不是标题\n\n\\- 不是\n\n\\---\n"),
        ("<p>a*b_c [[x]] &amp;amp; &lt;b&gt; `q` _x_</p>", "a\\*b_c \\[\\[x]] &amp;amp; &lt;b> \\`q\\` \\_x\\_\n"),
        ('<p><a href="https://a.b/c d(1)">去</a> <a href="javascript:x">不</a></p>',
         "[去](https://a.b/c%20d%281%29) 不\n"),
        ('<p><img src="picture:ab" alt="图 [1]"><img src="http://x/y.png" alt="外"></p>', "![图 1](picture:ab)外\n"),
        ("<blockquote><p>一</p><p>二</p></blockquote>", "> 一\n>\n> 二\n"),
        ("<pre>a\n  b</pre><hr>", "```\na\n  b\n```\n\n---\n"),
        (FOOTNOTE,
         "注\\[1]\n\n1. 脚注\n"),
        ("<script>alert(1)</script><p>好</p><style>p{}</style>", "好\n"),
    ],
)  # fmt: skip
def test_examples(html, text):
    assert converted(html) == text


words = st.text(st.sampled_from("甲乙 ab1*_[]`#->+.|&;<\\!~=:)（："), min_size=1, max_size=14).filter(
    lambda s: s.strip()
)
said = words.map(escaping.escape)
inline = st.recursive(
    said,
    lambda one: st.one_of(one.map(lambda t: f"<em>{t}</em>"), one.map(lambda t: f"<strong>{t}</strong>")),
    max_leaves=3,
)
para = st.lists(inline, min_size=1, max_size=3).map(lambda parts: f"<p>{' '.join(parts)}</p>")
cell = inline.map(lambda t: f"<td>{t}</td>")


def rows(width: int) -> st.SearchStrategy[str]:
    row = st.lists(cell, min_size=width, max_size=width).map(lambda cells: f"<tr>{''.join(cells)}</tr>")
    return st.lists(row, min_size=2, max_size=3).map(lambda some: f"<table>{''.join(some)}</table>")


table = st.integers(2, 3).flatmap(rows)
lists = st.recursive(
    inline.map(lambda t: f"<li>{t}</li>"),
    lambda one: st.lists(one, min_size=1, max_size=3).map(lambda items: f"<li>项<ul>{''.join(items)}</ul></li>"),
    max_leaves=5,
).map(lambda item: f"<ul>{item}</ul>")
pages = st.lists(st.one_of(para, table, lists, said.map(lambda t: f"<h2>{t}</h2>")), min_size=1, max_size=4).map(
    "".join
)


def shown(html: str) -> str:
    """The letters of a page; blanks apart, which no reader counts."""
    return re.sub(r"\s+", "", escaping.unescape(re.sub(r"<[^>]+>", "", html)))


def counted(html: str) -> dict[str, int]:
    return {tag: len(re.findall(rf"<{tag}\b", html)) for tag in ("tr", "table", "li", "h2")}


@settings(max_examples=300, deadline=None)
@given(pages)
def test_nothing_is_lost_and_nothing_is_made_up(html):
    out = str(render(converted(html)))
    assert shown(out) == shown(html), converted(html)
    assert counted(out) == counted(html) | {"h2": counted(out)["h2"]}, converted(html)
