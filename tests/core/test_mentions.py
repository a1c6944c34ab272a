"""``[[…]]`` in Markdown: what is read, what is not, and that nothing foreign comes out of it."""

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from core import mentions as mentions_module
from core.errors import Invalid
from core.folding import folded_title
from core.markup import ATTRIBUTES, TAGS, Anchor, bare, plain, render, resolved
from core.mentions import Mention, as_written, mentions


def named(source: str) -> list[tuple[str, str, bool]]:
    return [(one.title, one.words, one.embed) for one in mentions(render(source))]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("看 [[换套餐]] 。", [("换套餐", "换套餐", False)]),
        ("[[换套餐|这里]]", [("换套餐", "这里", False)]),
        ("[[  a \t b  ]]", [("a b", "a b", False)]),
        ("[[a|b|c]]", [("a", "b|c", False)]),
        (r"[[a\_b\*c]]", [("a_b*c", "a_b*c", False)]),
        (r"[[\[旧\] 套餐]]", [("[旧] 套餐", "[旧] 套餐", False)]),
        ("- eins [[a]]\n- zwei [[b]]", [("a", "a", False), ("b", "b", False)]),
        ("## [[a]]", [("a", "a", False)]),
        ("|x|y|\n|-|-|\n|[[a\\|b]]|c|", [("a", "b", False)]),
        ("![[b]]", [("b", "", True)]),
        ("eins\n\n![[b]]\n\nzwei", [("b", "", True)]),
        ("> ![[b]]", [("b", "", True)]),
        ("- ![[b]]", [("b", "", True)]),
        ("in a line ![[b]]", [("b", "b", False)]),  # alone in a paragraph, or it is a link
        ("`[[a]]`", []),
        ("```\n[[a]]\n![[b]]\n```", []),
        ("    [[a]]", []),
        (r"\[[a]]", []),
        ("[[]] [[ ]] ![[ ]] [[a", []),
        ("[[a\nb]]", []),
        ("[see [[a]]](http://x)", []),  # no link inside a link
        ("[[a & <b>]]", [("a & <b>", "a &amp; &lt;b&gt;", False)]),
    ],
)
def test_what_is_a_mention(app, source, found):
    assert named(source) == found


def test_unresolved_it_is_plain_words(app):
    html = render("see [[a|the words]] and\n\n![[b]]")
    assert bare(html) == "<p>see the words and</p>\n"
    assert plain("see [[a|the words]], [[c]]\n\n![[b]]\n\nend") == "see the words, c\n\n\n\nend"
    assert plain("x\n\n![[b]]", lambda title: f"<{title}>") == "x\n\n<b>"


def test_the_resolver_decides(app):
    html = render("[[here|words]] [[gone]] [[closed]]\n\n![[part]]")
    anchors = {"here": Anchor("/a?x=1&y"), "gone": Anchor("/w", 'write "it"', "note")}
    shown = resolved(html, lambda one: anchors.get(one.title), lambda title: Markup("<i>%s</i>") % title)
    assert shown == (
        '<p><a class="wiki-link" href="/a?x=1&amp;y">words</a> '
        '<a class="wiki-missing" href="/w" title="note" data-missing="write &#34;it&#34;">gone</a> closed</p>\n'
        "<i>part</i>"
    )


HOSTILE = ['"', "'", "<", ">", "&", "&lt;", "<img src=x onerror=alert(1)>", '" onclick="alert(1)', "</wiki-link>",
           '<wiki-link to="', '">', "javascript:alert(1)", "\x02", "\x03", "klzzwxh:0001", "|", "\\", "[", "]", "]]",
           "[[", "![[", "`", "*", "_", "\n", "\n\n", "- ", "> ", "(x)", "a", "字", '![x](y "', '<wiki-block of="x">',
           "[x](y)", "![x](y '<wiki-link to=' )"]  # fmt: skip


class Tags(HTMLParser):
    """Every tag with its attributes, as a browser would read them."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, {name: value or "" for name, value in attrs}))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(HOSTILE), max_size=25))
def test_whatever_is_typed_the_page_holds_only_what_the_resolver_made(parts):
    """The markup of others around mentions, and titles and words inside them, stay text."""
    source = "".join(["[[", *parts, "]]"])
    try:
        html = render(source)
    except Invalid:
        return
    seen: list[Mention] = []
    shown = resolved(html, lambda one: seen.append(one) or Anchor("/x", "m"), lambda title: Markup("<hr>"))
    tags = Tags()
    tags.feed(shown)
    assert {name for name, _attributes in tags.seen} <= TAGS - mentions_module.TAGS
    for name, attributes in tags.seen:
        assert attributes.keys() <= ATTRIBUTES.get(name, set()) | {"rel", "class", "data-missing"}
        assert not attributes.get("href", "").lower().startswith("javascript")
    assert len(seen) == sum(attributes.get("class") == "wiki-missing" for _name, attributes in tags.seen)
    assert seen == [one for one in mentions(html) if not one.embed]


@pytest.mark.parametrize("title", ["[旧] a|b", "`x` \\ y", "plain", "［已］"])
def test_any_title_can_be_written(app, title):
    (one,) = mentions(render(f"[[{as_written(title)}]]"))
    assert folded_title(one.title) == folded_title(title)


@pytest.mark.parametrize(
    ("one", "other"),
    [("VPN 是綠燈", "ｖｐｎ是绿灯"), ("SIM card", "simcard"), ("（新）套餐", "(新) 套餐"), ("ＡＢＣ　１２", "abc12")],
)
def test_titles_fold(one, other):
    assert folded_title(one) == folded_title(other)


@pytest.mark.parametrize(
    ("unit", "refused"), [("[[a]] ", True), ("[[a|", True), ("![[a]]\n\n", False), ("[[a]]\n\n", False)]
)
def test_many_mentions_are_refused_by_rule_or_rendered(app, unit, refused):
    source = (unit * 20_000)[:100_000]
    if refused:
        with pytest.raises(Invalid):
            render(source)
    else:
        assert len(mentions(render(source))) == -(-100_000 // len(unit))
