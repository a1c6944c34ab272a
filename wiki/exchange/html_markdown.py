"""HTML of a document into the dialect people write in (``docs/dialect.md``): what it shows stays, how it looks goes.

Nested lists are indented by four blanks, a line break is a line break, a table has its head; merged cells say their
words in each row. What the dialect has no word for (colours, underlines, frames) is left out, its text never.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

BLOCKS = frozenset({"p", "div", "ul", "ol", "li", "table", "blockquote", "pre", "hr", "section", "article", "body",
                    "h1", "h2", "h3", "h4", "h5", "h6", "dl", "dt", "dd", "figure", "header", "footer"})  # fmt: skip
HEADINGS = {f"h{n}": n for n in range(1, 7)}
EMPHASIS = frozenset({"strong", "b", "em", "i"})
VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "wbr"})
DROPPED = frozenset({"script", "style", "head", "title", "template", "noscript"})
SAFE_LINK = re.compile(r"(?:https?://|mailto:|tel:|/files/|/articles/)", re.I)
SAFE_PICTURE = re.compile(r"(?:picture:|/files/)")
_ENTITY = re.compile(r"&(?=#\d+;|#[xX][0-9a-fA-F]+;|\w+;)")
_INLINE = re.compile(r"([\\`*\[])|(?<!\w)(_)|(_)(?!\w)|(~)(?=~)|(<)(?=[\w/!?])")
_START = re.compile(r"(?:#{1,6}|>|[-+](?=\s|$)|[-=]+\s*$|[-_]{3,}|~{3,})")
_NUMBER = re.compile(r"(\d+)\.(?=\s|$)")
_RULER = re.compile(r"[|:]*-[|:\-\s]*$")
_SPACE = re.compile(r"[ \t\r\n\f]+")
DEEPEST = 40  # of nested elements: deeper ones are read as if they stood here


@dataclass(slots=True)
class Node:
    """An element with what is in it: elements and text."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)

    def words(self) -> str:
        """The text of it."""
        return "".join(one if isinstance(one, str) else one.words() for one in self.children)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("body")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {key: value or "" for key, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID and len(self.open) < DEEPEST:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self.open) - 1, 0, -1):
            if self.open[place].tag == tag:
                del self.open[place:]
                return

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def tree(html: str) -> Node:
    """The elements of a page."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root


def markdown(root: Node) -> str:
    """The text of a page in the dialect."""
    return "\n\n".join(_blocks(root.children)).strip("\n") + "\n"


def _blocks(children: list[Node | str]) -> list[str]:
    """Blocks of Markdown; words between blocks make paragraphs."""
    out: list[str] = []
    loose: list[Node | str] = []

    def settle() -> None:
        text = paragraph(loose)
        loose.clear()
        if text:
            out.append(text)

    for child in children:
        if isinstance(child, Node) and child.tag in DROPPED:
            continue
        if isinstance(child, Node) and (child.tag in BLOCKS or _holds_blocks(child)):
            settle()
            out.extend(_block(child))
        else:
            loose.append(child)
    settle()
    return out


def _holds_blocks(node: Node) -> bool:
    return any(isinstance(c, Node) and (c.tag in BLOCKS or _holds_blocks(c)) for c in node.children)


def _block(node: Node) -> list[str]:
    if node.tag in HEADINGS:
        words = " ".join(inline(node.children, plain=True).split()).replace("#", "\\#")
        return [f"{'#' * HEADINGS[node.tag]} {words}"] if words else []
    if node.tag in {"ul", "ol"}:
        return [text] if (text := _list(node)) else []
    if node.tag == "table":
        return _table(node)
    if node.tag == "blockquote":
        inner = "\n\n".join(_blocks(node.children))
        return ["\n".join(f"> {line}".rstrip() for line in inner.split("\n"))] if inner else []
    if node.tag == "pre":
        return [_fence(node.words().strip("\n"))] if node.words().strip() else []
    if node.tag == "hr":
        return ["---"]
    return _blocks(node.children)


def _fence(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    mark = "`" * (longest + 1)
    return f"{mark}\n{text}\n{mark}"


def paragraph(children: list[Node | str]) -> str:
    """Words as one paragraph: line breaks kept, nothing at the beginning of a line that would mean something else."""
    lines = [_SPACE.sub(" ", line).strip(" ") for line in inline(children).split("\n")]
    kept = [harmless_start(line) for line in lines]
    while kept and not kept[0]:
        kept.pop(0)
    while kept and not kept[-1]:
        kept.pop()
    return "\n".join(line or "\u00a0" for line in kept)


def harmless_start(line: str) -> str:
    """The line as words: no heading, list, quotation, rule or table begins with it."""
    if not line:
        return line
    if found := _NUMBER.match(line):
        return f"{found.group(1)}\\{line[found.end(1) :]}"
    if _RULER.match(line):
        place = line.index("-")
        return f"{line[:place]}\\{line[place:]}"
    if line[0] in "=~":
        return f"&#{ord(line[0])};{line[1:]}" if _START.match(line) else line
    return f"\\{line}" if _START.match(line) else line


def inline(children: list[Node | str], *, plain: bool = False) -> str:
    """Words with their emphasis, links and pictures; ``plain``: without emphasis. Where two emphases touch, the second
    goes: nobody could tell whose the stars are."""
    out = ""
    for child in _merged(children):
        if isinstance(child, str):
            out += _text(child)
            continue
        part = _inline(child, plain=plain)
        if part.startswith("*") and out.endswith("*"):
            part = _inline(child, plain=True)
        out += part
    return out


def _merged(children: list[Node | str]) -> list[Node | str]:
    """Words in bold beside words in bold are one: office programs cut them at every letter they corrected."""
    out: list[Node | str] = []
    for child in children:
        last = out[-1] if out else None
        if isinstance(child, Node) and isinstance(last, Node) and child.tag == last.tag and child.tag in EMPHASIS:
            out[-1] = Node(last.tag, last.attributes, [*last.children, *child.children])
        else:
            out.append(child)
    return out


def _text(text: str) -> str:
    return _INLINE.sub(
        lambda m: f"\\{m.group()}" if m.group() != "<" else "&lt;", _ENTITY.sub("&amp;", _SPACE.sub(" ", text))
    )


def _inline(node: Node, *, plain: bool) -> str:
    if node.tag in DROPPED:
        return ""
    if node.tag == "br":
        return " " if plain else "\n"
    if node.tag == "img":
        return _picture(node)
    if node.tag == "a":
        return _link(node, plain=plain)
    if node.tag in {"code", "kbd", "samp", "tt"}:
        return _code(node)
    if plain or node.tag not in EMPHASIS:
        return inline(node.children, plain=plain)
    strong = node.tag in {"strong", "b"} or any(isinstance(c, Node) and c.tag in {"strong", "b"} for c in node.children)
    return _wrapped(inline(node.children, plain=True), "**" if strong else "*")


def _wrapped(inner: str, mark: str) -> str:
    """Emphasis begins and ends at a word, and in one line."""
    return "\n".join(
        f"{line[: len(line) - len(line.lstrip())]}{mark}{line.strip()}{mark}{line[len(line.rstrip()) :]}"
        if line.strip()
        else line
        for line in inner.split("\n")
    )


def _code(node: Node) -> str:
    words = _SPACE.sub(" ", node.words()).strip()
    if not words:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", words)), default=0)
    mark = "`" * (longest + 1)
    return f"{mark} {words} {mark}" if longest else f"{mark}{words}{mark}"


def _link(node: Node, *, plain: bool) -> str:
    href = node.attributes.get("href", "").strip()
    words = inline(node.children, plain=plain)
    if href.startswith("#") and node.words().strip() in {"↑", ""}:
        return ""  # the way back from a footnote
    if not SAFE_LINK.match(href) or not words.strip() or "\n" in words:
        return words
    return f"[{words.strip()}]({_address(href)})"


def _address(href: str) -> str:
    marks = {
        " ": "%20",
        "(": "%28",
        ")": "%29",
        "<": "%3C",
        ">": "%3E",
        '"': "%22",
        "\\": "%5C",
        "*": "%2A",
        "`": "%60",
    }
    return "".join(marks.get(letter, letter) for letter in href if letter >= " ")


def _picture(node: Node) -> str:
    source = node.attributes.get("src", "")
    words = re.sub(r"[\[\]\\`*_\n]+", " ", node.attributes.get("alt", "")).strip()
    return f"![{words}]({_address(source)})" if SAFE_PICTURE.match(source) else _text(words)


# ── lists and tables ─────────────────────────────────────────────────────────────────────────────────────────────────


def _list(node: Node) -> str:
    out = []
    number = 0
    for item in node.children:
        if not isinstance(item, Node):
            continue
        if item.tag in {"ul", "ol"}:  # a list straight in a list belongs to the item before
            out.append(_indented(_list(item)))
            continue
        number += 1
        mark = f"{number}." if node.tag == "ol" else "-"
        blocks = _blocks(item.children)
        first = blocks[0] if blocks else ""
        if first.startswith(("#", "|", "```", "- ", "1. ", "---")):  # a block of its own cannot share the mark's line
            first, rest = "\u00a0", blocks
        else:
            rest = blocks[1:]
        head, *more = first.split("\n")
        lines = [f"{mark} {head}", *(f"    {line}" for line in more)]
        only_lists = all(block.startswith(("- ", "1. ")) for block in rest)
        for block in rest:
            lines += ([] if only_lists else [""]) + [_indented(block)]
        loose = not only_lists or any("\n\n" in block for block in rest)  # else what follows would belong to its end
        out.append("\n".join(lines) + ("\n" if loose else ""))
    return "\n".join(out).rstrip("\n")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.split("\n"))


def _table(node: Node) -> list[str]:
    rows = _grid(node)
    if not rows:
        return []
    if len(rows) == 1 and len(rows[0]) == 1:  # a frame around some words
        cells = _descend(node, "td", "th")
        return _blocks(cells[0].children)
    width = max(len(row) for row in rows)
    lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in rows]
    return ["\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])]


def _grid(node: Node) -> list[list[str]]:
    """The words of each cell; a cell over several rows says its words in each, one over several columns once."""
    rows: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}  # column: rows still covered, words
    for row in _rows(node):
        cells = [c for c in row.children if isinstance(c, Node) and c.tag in {"td", "th"}]
        line: list[str] = []

        def hung(line: list[str] = line) -> None:
            while len(line) in hanging:
                left, words = hanging.pop(len(line))
                if left > 1:
                    hanging[len(line)] = (left - 1, words)
                line.append(words)

        for cell in cells:
            hung()
            words, down = _cell(cell), _span(cell, "rowspan")
            for extra in range(_span(cell, "colspan")):
                if down > 1:
                    hanging[len(line)] = (down - 1, words if not extra else "")
                line.append(words if not extra else "")
        hung()
        if line:
            rows.append(line)
    return rows


def _span(cell: Node, name: str) -> int:
    text = cell.attributes.get(name, "1")
    return min(max(int(text), 1), 100) if text.isdecimal() and len(text) < 5 else 1


def _rows(node: Node) -> list[Node]:
    out: list[Node] = []
    for child in node.children:
        if isinstance(child, Node) and child.tag == "tr":
            out.append(child)
        elif isinstance(child, Node) and child.tag in {"thead", "tbody", "tfoot"}:
            out.extend(_rows(child))
    return out


def _descend(node: Node, *tags: str) -> list[Node]:
    found = []
    for child in node.children:
        if isinstance(child, Node):
            found += [child] if child.tag in tags else _descend(child, *tags)
    return found


def _cell(cell: Node) -> str:
    """The words of a cell in one line."""
    blocks = [_flat(child) for child in cell.children] if _holds_blocks(cell) else [inline(cell.children)]
    lines = [line.strip() for block in blocks for line in block.split("\n")]
    return " / ".join(_SPACE.sub(" ", line).replace("|", "\\|") for line in lines if line)


def _flat(child: Node | str) -> str:
    if isinstance(child, str):
        return _text(child)
    if child.tag == "li":
        return "\n• " + " ".join(_each(child.children, _flat).split("\n")).strip() + "\n"
    if child.tag in BLOCKS or _holds_blocks(child):
        return "\n" + _each(child.children, _flat) + "\n"
    return _inline(child, plain=False)


def _each(children: list[Node | str], act: Callable[[Node | str], str]) -> str:
    return "".join(act(child) for child in children)
