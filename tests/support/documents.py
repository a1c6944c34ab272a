"""Markdown documents for tests: made by hypothesis, and the real ones of the shared folder where it is there."""

import json
from collections.abc import Iterator
from pathlib import Path

from hypothesis import strategies as st

CORPUS = Path(__file__).parents[3] / "shared" / "search-eval" / "dev" / "docs.jsonl"

# fmt: off
WORDS = [
    "您好", "请问办理", "a", "word", "C#", "snake_case", "2*3", "x_", "_y", "~", "~~", "<b>", "</td>", "&amp;", "&",
    "[注]", "[[资费]]", "!", "1.", "2024. 1", "- ", "+", "#", "##", ">", "|", "\\", "\\*", "`", "``", "“引用”",
    "10086", "https://a.cn/b_c*d",
    "C:\\dir", "  ", "\u3000", "=", "---", "***", ":", "（一）", "①", "😀", "$", "{}", "!@", "a|b", "<a@b.cn>", "<https://a.cn>",
    "[!note]", "[[资费|套餐资费]]", "&#42;", "<br>", "[x]: y",
]
# fmt: on


def corpus() -> Iterator[str]:
    """The texts of the real documents."""
    with CORPUS.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["body"]


@st.composite
def _inline(draw: st.DrawFn, depth: int = 2) -> str:
    parts = []
    for _number in range(draw(st.integers(1, 3))):
        way = draw(st.integers(0, 9 if depth else 3))
        inner = draw(_inline(depth - 1)) if way > 3 else draw(st.sampled_from(WORDS))
        match way:
            case 4:
                inner = f"**{inner}**"
            case 5:
                inner = f"*{inner}*"
            case 6:
                inner = f"~~{inner}~~"
            case 7:
                inner = f"`{inner}`"
            case 8:
                inner = f"[{inner}](https://example.org/a_b?x=1&y=2)"
            case 9:
                alt = draw(st.sampled_from(WORDS))
                inner = f"![{alt}](/files/1/a.png)"
        parts.append(inner)
    return draw(st.sampled_from(["", " "])).join(parts)


@st.composite
def _lines(draw: st.DrawFn) -> str:
    return "\n".join(draw(st.lists(_inline(), min_size=1, max_size=3)))


@st.composite
def _table(draw: st.DrawFn) -> str:
    width = draw(st.integers(1, 3))
    cells = st.lists(_inline(1), min_size=width, max_size=width)
    rows = draw(st.lists(cells, min_size=1, max_size=3))
    rule = [draw(st.sampled_from(["---", ":-:", "--:", ":--"])) for _column in range(width)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]])


def _indented(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    return "\n".join([first + lines[0], *(rest + line if line else "" for line in lines[1:])])


@st.composite
def _block(draw: st.DrawFn, depth: int = 2) -> str:
    match draw(st.integers(0, 9 if depth else 5)):
        case 0 | 1:
            return draw(_lines())
        case 2:
            return "#" * draw(st.integers(1, 6)) + " " + draw(_inline())
        case 3:
            return draw(_table())
        case 4:
            return draw(
                st.sampled_from(["---", "***", "![[免责说明]]", "[a]: https://example.org", "    code\n    more"])
            )
        case 5:
            code = draw(st.sampled_from(["x = 1", "a\n\n  b", "# no", "`", "~~~", "| a |"]))
            return f"```{draw(st.sampled_from(['', 'py']))}\n{code}\n```"
        case 6:
            mark = draw(st.sampled_from(["", "", "[!note]\n", "[!tip]\n", "[!say]\n", "[!avoid]\n", "[!customer] "]))
            return "\n".join("> " + line for line in (mark + draw(_blocks(depth - 1))).split("\n"))
        case _:
            marker = draw(st.sampled_from(["- ", "* ", "1. ", "3. "]))
            items = draw(st.lists(_blocks(depth - 1), min_size=1, max_size=3))
            return draw(st.sampled_from(["\n", "\n\n"])).join(_indented(item, marker, "    ") for item in items)


@st.composite
def _blocks(draw: st.DrawFn, depth: int = 2) -> str:
    text = draw(_block(depth))
    for _number in range(draw(st.integers(0, 2 if depth < 2 else 4))):
        text += draw(st.sampled_from(["\n\n", "\n\n", "\n", "\n\n\n"])) + draw(_block(depth))
    return text


def documents() -> st.SearchStrategy[str]:
    """Documents as people and programs write them, tidy and untidy."""
    return _blocks()
