"""What the editor shows and what the server renders are one structure, and saving changes only what was changed.

All of it goes through the editor's own model, in Chromium: real documents where the shared folder is there, and made
ones. ``make test`` takes a seeded sample, ``make soak`` everything.
"""

import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from playwright.sync_api import Page

from core.errors import Invalid
from tests.support.bundle import cut, html_of, model
from tests.support.documents import CORPUS, corpus, documents

__all__ = ["model"]


SOAK = os.environ.get("SOAK") == "1"
LONG = [pytest.mark.soak] if SOAK else []  # the same tests, with everything
pytestmark = [pytest.mark.browser, pytest.mark.timeout(5400 if SOAK else 900), *LONG]
MADE = 10_000 if SOAK else 250
REAL = 10_000 if SOAK else 150
needs_corpus = pytest.mark.skipif(not CORPUS.exists(), reason="the real documents of ../shared are not on this machine")

THROUGH = """(texts) => texts.map((given) => {
  const origin = new E.Origin(SCHEMA, given);
  return {
    same: origin.toMarkdown(origin.doc) === given.map((block) => block.source).join(""),
    afresh: origin.toMarkdown(origin.doc, { afresh: true }),
    shape: E.shapeOf(given.map((block) => block.html).join("\\n")),
    sealed: origin.doc.content.content.filter((node) => node.type.name === "opaque").length,
    nodes: origin.doc.childCount,
  };
})"""
SHAPES = "(pages) => pages.map((html) => E.shapeOf(html))"
# one word more in the paragraph `which`; answers the new text and the source that was replaced
CHANGE = """([given, which]) => {
  const origin = new E.Origin(SCHEMA, given);
  const at = origin.blocks.map((block, i) => [block, i]).filter(([block]) =>
    block.nodes.length === 1 && block.nodes[0].type.name === "paragraph" && block.nodes[0].textContent.trim());
  if (!at.length) return null;
  const [block, number] = at[which % at.length];
  let child = 0;
  while (origin.doc.child(child).attrs.from !== block.nodes[0].attrs.from) child += 1;
  const old = origin.doc.child(child);
  const more = old.copy(old.content.addToEnd(SCHEMA.text("甪嘭")));
  const doc = origin.doc.copy(origin.doc.content.replaceChild(child, more));
  return [origin.toMarkdown(doc), number];
}"""


def made(count: int, start: int = 20261122) -> list[str]:
    """The same documents in every run of this length."""
    found: list[str] = []

    @seed(start)
    @settings(max_examples=count, database=None, phases=[Phase.generate], deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(documents())
    def collect(text: str) -> None:
        found.append(text)

    collect()
    return found


def real(count: int) -> list[str]:
    found = list(corpus())
    return found if count >= len(found) else random.Random(20261122).sample(found, count)


def rendered(text: str) -> list[dict[str, Any]] | None:
    """The blocks of a text, or None where the guard refuses it."""
    try:
        return cut(text)
    except Invalid:
        return None


def through(model: Page, texts: list[str]) -> tuple[int, int]:
    """Opens every text and writes it twice: kept it is the text, afresh it has the same structure.

    Returns how many things there were, and how many of them the editor sealed.
    """
    given = [blocks for text in texts if (blocks := rendered(text)) is not None]
    nodes = sealed = 0
    for start in range(0, len(given), 250):
        batch = given[start : start + 250]
        answers = model.evaluate(THROUGH, batch)
        again = model.evaluate(SHAPES, [html_of(rendered(answer["afresh"]) or []) for answer in answers])
        for blocks, answer, shape in zip(batch, answers, again, strict=True):
            source = "".join(block["source"] for block in blocks)
            assert answer["same"], source
            assert shape == answer["shape"], f"{source!r}\nwas written as\n{answer['afresh']!r}"
            nodes += answer["nodes"]
            sealed += answer["sealed"]
    return nodes, sealed


@needs_corpus
def test_real_documents_written_afresh_are_what_readers_saw(model: Page):
    nodes, sealed = through(model, real(REAL))
    assert nodes
    assert sealed == 0


def test_made_documents_written_afresh_are_what_readers_saw(model: Page):
    nodes, sealed = through(model, made(MADE))
    assert sealed < nodes / 2  # what begins an item with something else than words is shown, and kept, as a whole


def changed(model: Page, texts: list[str]) -> int:
    """In every text one paragraph gets a word; all other blocks are there byte for byte, and look as before."""
    chance = random.Random(7)
    done = 0
    for text in texts:
        given = rendered(text)
        answer = model.evaluate(CHANGE, [given, chance.randrange(1000)]) if given else None
        if not given or answer is None:
            continue
        result, number = answer
        before = "".join(block["source"] for block in given[:number])
        after = "".join(block["source"] for block in given[number + 1 :])
        assert result.startswith(before), text
        assert result.endswith(after), text
        assert "甪嘭" in result[len(before) : len(result) - len(after)], text
        now = model.evaluate(SHAPES, [html_of(cut(result)).replace("甪嘭", ""), html_of(given)])
        assert now[0] == now[1], f"{text!r}\nbecame\n{result!r}"
        done += 1
    return done


@needs_corpus
def test_one_changed_paragraph_leaves_the_others_of_real_documents(model: Page):
    texts = real(REAL)
    assert changed(model, texts) > 0.9 * len(texts)


def test_one_changed_paragraph_leaves_the_others(model: Page):
    assert changed(model, made(MADE // 2, 7)) > MADE // 10


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "a", "a\n\n\n\nb\n", "# h #\ntext\n***\nmore", "* a\n* b\n\n1) c", "[a]: https://example.org\n\n[b][a]",
        "    code\n\n\n    more\n\npara", "```py\nx\n```", "> a\n\n> b", "| a |\n|---|", "a\\\nb  \nc", "\t x", "[[a]]",
    ],
)  # fmt: skip
def test_untidy_sources_are_kept(model: Page, text: str):
    given = cut(text)
    assert (
        model.evaluate("(given) => { const o = new E.Origin(SCHEMA, given); return o.toMarkdown(o.doc); }", given)
        == text
    )


@pytest.mark.parametrize(
    "text",
    [
        "- - ", "- - \n\n\n- - ", "a\n\n- - \n\n\n",  # a blank is all that the last point has
        "> a\n> &#12288;\n> b", "\u2060[\\]:b](https://example.org)", "- \u2060[`]:`](https://example.org)\n- a",
        "\u2060[a\nb`]:`](https://example.org)",
        "- a|b\n- \\|", "- a|b\n    - \\|",
        "a\n[\u3000](https://example.org)![b](/files/1/a.png)", "a\n[ \u3000b](https://example.org)",
    ],
)  # fmt: skip
def test_blanks_that_mean_something_are_kept(model: Page, text: str):
    through(model, [text])
    changed(model, [text])


@pytest.mark.parametrize("text", ["[x]: y*</td>*\n\n[x] a", "[x]: /a<b>\n\n- ![c][x]", "[a](</b<c>)"])
def test_angles_in_addresses_lead_where_they_led(model: Page, text: str):
    through(model, [text])
    changed(model, [text])


@pytest.mark.parametrize(
    "text",
    [
        "- a\n> q",
        "- a\n  > q",
        "> 3. a\n>     more\n> > q",
        "- a\n    - b\n    > q",
        "- > q\n- a",
        "- a\n- b\n> q",
        "- # h\n- a",
    ],
)
def test_a_point_with_more_than_words_is_wide_before_and_after(model: Page, text: str):
    through(model, [text])
    changed(model, [text])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("<em>a </em>b", "<em>a</em> b", True), ("<em>a </em>b", "<em>a</em>b", False),
        ("a<a href='/b'>\u3000</a>b", "a\u3000b", True), ("a<a href='/b'>\u3000</a>b", "ab", False),
        ("a <a href='/b'>c</a>b", "a cb", False), ("<code>a</code> b", "<code>a b</code>", False),
        ("a <br> b", "a<br>b", True), ("a<br>\u3000b", "a<br>b", False), ("a\u3000<br>b", "a<br>b", False),
        ("a  b", "a b", True), ("a\u3000b", "a b", False), ("\u3000a", "a", True), ("a<br><br>b", "a<br>b", True),
        ("<a href='/b<c>'>d</a>", "<a href='/b%3Cc%3E'>d</a>", True),
        ("<a href='/b<'>c</a>", "<a href='/b'>c</a>", False),
    ],
)  # fmt: skip
def test_what_counts_as_the_same(model: Page, one: str, other: str, same: bool):
    """As docs/dialect.md says it: this, and no more, may be different in what was written afresh."""
    shapes = model.evaluate(SHAPES, [f"<p>{one}</p>", f"<p>{other}</p>"])
    assert (shapes[0] == shapes[1]) is same


WORDS = ["您好", " ", "*", "**", "_", "`", "[", "]", "(", ")", "#", "- ", "1. ", ">", "|", "~~", "\\", "!", "<",
         "&amp;", "https://a.cn/b_c", "\u3000", "---", "=", "+ ", "2*3", "[[x]]", "<br>", ":::", "😀"]  # fmt: skip


MARKS = {"bold": "strong", "italic": "em", "strike": "del", "code": "code", "link": "a"}
PLACES = {
    "paragraph": "p", "heading": "h2", "quote": "blockquote", "bulletList": "ul", "listItem": "li", "table": "table",
    "tableRow": "tr", "tableHeader": "th", "tableCell": "td",
}  # fmt: skip


def _typed(chance: random.Random, lines: bool = True) -> list[dict[str, Any]]:
    """Words and signs with marks on them; in lines where there may be several."""
    pieces: list[dict[str, Any]] = []
    for _piece in range(chance.randint(1, 3)):
        if lines and chance.random() < 0.2:
            pieces.append({"type": "hardBreak"})
        text = "".join(chance.choices(WORDS, k=chance.randint(1, 4)))
        lying = [_mark(name) for name in MARKS if chance.random() < 0.25]
        pieces.append({"type": "text", "text": text, "marks": lying})
    return pieces


def _mark(name: str) -> dict[str, Any]:
    return {"type": name, **({"attrs": {"href": "/a"}} if name == "link" else {})}


def _place(chance: random.Random) -> dict[str, Any]:
    """Something that holds words."""

    def holding(kind: str, *content: dict[str, Any]) -> dict[str, Any]:
        return {"type": kind, "content": list(content)}

    def words() -> dict[str, Any]:
        return holding("paragraph", *_typed(chance))

    match chance.randint(0, 4):
        case 0:
            return holding("heading", *_typed(chance, lines=False))
        case 1:
            return holding("quote", words(), words())
        case 2:
            return holding("bulletList", holding("listItem", words()), holding("listItem", words()))
        case 3:
            cells = [holding(kind, words()) for kind in ("tableHeader", "tableCell")]
            return holding("table", *(holding("tableRow", cell) for cell in cells))
        case _:
            return words()


def test_whatever_is_typed_reads_as_typed(model: Page):
    """Signs of Markdown in words, in every place, line and with every mark, stay words."""
    chance = random.Random(3)
    docs = []
    for _doc in range(20_000 if SOAK else 400):
        before, after = ({"type": "paragraph", "content": _typed(chance)} for _side in range(2))
        docs.append({"type": "doc", "content": [before, _place(chance), after]})
    as_typed(model, docs)


@pytest.mark.parametrize(
    "pieces",
    [
        [("|<https://a.cn/b_c\u3000(<br>", [])],
        [("<<a@b.cn>", []), ("<br>", ["bold"])],
        [("<https://a.cn/", []), ("<", ["code"]), (">", [])],
        [("#=+ ", ["italic"]), ("**", [])],
        [("]:a", ["link"])],
        [("1. ", ["code"]), ("---", []), ("\u3000a", ["bold", "code"])],
    ],
)  # fmt: skip
def test_signs_in_each_others_way_read_as_typed(model: Page, pieces: list[tuple[str, list[str]]]):
    content = [{"type": "text", "text": text, "marks": [_mark(name) for name in marks]} for text, marks in pieces]
    as_typed(model, [{"type": "doc", "content": [{"type": "paragraph", "content": content}]}])


def as_typed(model: Page, docs: list[dict[str, Any]]) -> None:
    """Documents, written and rendered, are those documents."""
    texts = model.evaluate(
        "(docs) => docs.map((json) => new E.Origin(SCHEMA, []).toMarkdown(SCHEMA.nodeFromJSON(json)))", docs
    )
    meant = ["".join(_html(block) for block in doc["content"]) for doc in docs]
    shown = [html_of(cut(text)) for text in texts]
    for doc, text, one, other in zip(
        docs, texts, *(model.evaluate(SHAPES, pages) for pages in (meant, shown)), strict=True
    ):
        assert one == other, f"{doc}\n{text!r}"


def _html(node: dict[str, Any], parent: str = "") -> str:
    """A document of the editor as the page that its writer means."""
    kind = node["type"]
    if kind == "hardBreak":
        return "<br>"
    if kind == "text":
        html = node["text"].replace("&", "&amp;").replace("<", "&lt;")
        for tag in (MARKS[mark["type"]] for mark in node["marks"]):
            html = f"<{tag} href=/a>{html}</{tag}>" if tag == "a" else f"<{tag}>{html}</{tag}>"
        return html
    inside = "".join(_html(child, kind) for child in node["content"])
    return (
        inside if parent in {"listItem", "tableHeader", "tableCell"} else f"<{PLACES[kind]}>{inside}</{PLACES[kind]}>"
    )
