"""What a passage of Markdown is, and the units people see in it: items of a list, rows and cells of a table, lines.

Nothing is lost: the units of a passage, one after the other, are the passage; so are the cells of a row.
"""

import re

from wiki.articles.compare.parts import Shape

_FENCE = re.compile(r"[ ]{0,3}(?:`{3,}|~{3,})")
_RULE = frozenset("|:- \t")
ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,4}[.)])[ \t]+")
_CELL = re.compile(r"\|?(?:\\.|[^|])*", re.S)
LONG = 6000  # characters of one line that are cut into sentences first


def shape_of(passage: str) -> Shape:
    """What readers will see in it."""
    lines = passage.strip("\n").split("\n")
    first = lines[0]
    if _FENCE.match(first):
        return "code"
    if len(lines) > 1 and "|" in first and is_rule(lines[1]):
        return "table"
    if ITEM.match(first):
        return "list"
    if first.lstrip().startswith(">"):
        return "quote"
    return "heading" if re.match(r"#{1,6}[ \t]", first) else "text"


def units_of(passage: str, shape: Shape) -> list[str]:
    """The units of a passage in which it is compared."""
    lines = passage.splitlines(keepends=True)
    if shape == "list":
        return _items(lines)
    return [piece for line in lines for piece in (sentences(line) if len(line) > LONG else [line])]


def _items(lines: list[str]) -> list[str]:
    out: list[str] = []
    for line in lines:
        if ITEM.match(line) or not out:
            out.append(line)
        else:
            out[-1] += line
    return out


def sentences(line: str) -> list[str]:
    """A long line in sentences, none longer than some hundred characters."""
    out, at = [], 0
    while at < len(line):
        end = at
        while end < len(line) and end - at < 300 and line[end] not in "。！？!?；;\n":
            end += 1
        while end < len(line) and line[end] in "。！？!?；;”’」』\"')）\n":
            end += 1
        out.append(line[at : max(end, at + 1)])
        at = max(end, at + 1)
    return out


def cells_of(row: str) -> list[str]:
    """The cells of a row of a table, each with the bar before it; the last one is what follows the last bar."""
    return [cell for cell in _CELL.findall(row) if cell]


def is_rule(row: str) -> bool:
    """The line under the head of a table."""
    return "-" in row and "|" in row and set(row.strip()) <= _RULE


def start_of(unit: str, shape: Shape) -> int:
    """Where the words of a unit begin: after the number or bullet of an item."""
    found = ITEM.match(unit) if shape == "list" else None
    return found.end() if found else 0
