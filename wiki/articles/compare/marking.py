"""A comparison as markup: the text as typed, or as readers see it, with what came and went marked inside.

The reader's view is made from one Markdown text that holds both versions, with private characters around the changes;
the one door of ``core.markup`` renders it, and only then the characters become ``<ins>`` and ``<del>``, text by text: a
tag is never opened or closed by a change. Where that does not give exactly the new text, both are shown instead, one
under the other.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

from core.markup import joined, shown
from core.mentions import pieces as pieces_of
from wiki.articles.compare.blocks import ITEM, is_rule
from wiki.articles.compare.parts import Part, Row, Shape, new_text, old_text
from workflows.passages import Wanted, cut, owners

Side = Literal["inline", "old", "new"]
OPENS = {
    "insert": "\U000f0001",
    "delete": "\U000f0002",
    "form": "\U000f0003",
    "came": "\U000f0004",
    "went": "\U000f0005",
}
ENDS = "\U000f0006"
_KINDS = {char: kind for kind, char in OPENS.items()}
_PRIVATE = re.compile("[\U000f0001-\U000f0006]")
_START = re.compile(r"[ \t]*(?:>[ \t]?)*(?:\[![a-z]+\][ \t]*)?(?:(?:[-*+]|\d{1,4}[.)]|#{1,6})[ \t]+)?")
_FENCE = re.compile(r"[ ]{0,3}(?:`{3,}|~{3,})")
_LINK = re.compile(r"!?\[([^\[\]\n]{0,200})\]\([^()\s]{1,500}\)|!?\[\[([^\[\]\n|]{1,200})(?:\|([^\[\]\n]*))?\]\]")
_SIGNS = {"insert": "＋", "came": "＋", "delete": "－", "went": "－"}
_BARS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class _Atom:
    """A tag, or a stretch of words of one kind."""

    raw: str
    words: str | None = None
    kind: str = "equal"


def typed(parts: Iterable[Part], side: Side, wanted: Sequence[int | None] = ()) -> Markup:
    """The text as it was typed. ``wanted``: the remark about each character of the new text."""
    out: list[str] = []
    at = 0
    for part in parts:
        op, text = _seen(part, side)
        size = 0 if part.op == "delete" else len(part.text)
        if op is not None:
            marks = wanted[at : at + size] if op != "delete" and len(text) == size else ()
            out.append(_wrapped(op, _noted(text, marks)))
        at += size
    return joined(out)


def _seen(part: Part, side: Side) -> tuple[str | None, str]:
    """How a part shows on a side: its kind and words, ``None`` when it does not."""
    if part.op == "form":
        return ("form", part.old if side == "old" else part.text)
    if (part.op == "insert" and side == "old") or (part.op == "delete" and side == "new"):
        return None, ""
    if part.moved:
        return ("came" if part.op == "insert" else "went"), part.text
    return part.op, part.text


def _noted(text: str, marks: Sequence[int | None]) -> str:
    if not any(marks):
        return str(escape(text))
    out, start = [], 0
    for at in range(1, len(text) + 1):
        if at == len(text) or marks[at] != marks[start]:
            inner = str(escape(text[start:at]))
            out.append(f'<mark data-remark="{marks[start]}">{inner}</mark>' if marks[start] else inner)
            start = at
    return "".join(out)


def _tags(kind: str) -> tuple[str, str]:
    """The element of a kind; the sign at its beginning is read aloud and printed."""
    if kind == "equal":
        return "", ""
    if kind == "form":
        return '<span class="form-only">', "</span>"
    tag = "ins" if kind in {"insert", "came"} else "del"
    moved = ' class="is-moved"' if kind in {"came", "went"} else ""
    return f'<{tag}{moved}><span class="sign">{_SIGNS[kind]}</span>', f"</{tag}>"


def _wrapped(kind: str, inner: str) -> str:
    opening, closing = _tags(kind)
    return f"{opening}{inner}{closing}" if inner else ""


def read(row: Row, side: Side, wanted: Wanted = ()) -> Markup:
    """The passage as readers see it, changes marked; ``wanted``: quoted words that get their remark's number."""
    if row.state in {"added", "removed", "moved_away"} or (row.state == "same" and not wanted):
        text = old_text(row.parts) if row.state in {"removed", "moved_away"} else new_text(row.parts)
        return _dressed(shown(text), wanted)
    if side == "inline" and row.shape == "table" and _columns_differ(row.parts):
        return _stacked(row, wanted)
    source = merged(row.parts, row.shape, side)
    html = shown(source)
    if _whole(html, source, row, side):
        return _dressed(html, wanted)
    if side == "inline":
        return _stacked(row, wanted)
    return _dressed(shown(old_text(row.parts) if side == "old" else new_text(row.parts)), wanted)


def _stacked(row: Row, wanted: Wanted) -> Markup:
    """Before and after, one under the other: what no single text could show."""
    before = read(Row(row.state, row.shape, row.parts), "old")
    after = read(Row(row.state, row.shape, row.parts), "new", wanted)
    return joined(['<div class="was">', before, '</div><div class="is">', after, "</div>"])


def _columns_differ(parts: Sequence[Part]) -> bool:
    """A column went, or one came while whole rows went: the rows of both do not fit into one table."""
    inside = [
        part
        for part in parts
        if part.op in {"insert", "delete"} and _BARS.search(part.text.strip().strip("|") or part.text)
    ]
    torn = [part for part in parts if part.op in {"insert", "delete"} and "|" in part.text and "\n" not in part.text]
    return any(part.op == "delete" for part in torn) or (
        any(part.op == "insert" for part in torn) and any(part.op == "delete" and "\n" in part.text for part in inside)
    )


def merged(parts: Iterable[Part], shape: Shape, side: Side) -> str:
    """One Markdown text of a side – or of both – with private characters around what differs."""
    seen = [
        (kind, _PRIVATE.sub("\ufffd", text)) for kind, text in (_seen(part, side) for part in parts) if kind and text
    ]
    out: list[str] = []
    for n, (kind, text) in enumerate(seen):
        if kind == "equal":
            out.append(text)
            continue
        gone = side == "inline" and kind in {"delete", "went"}
        if out and not out[-1].endswith("\n") and _is_unit(text, shape):
            out.append("\n")
        ends = "\n" if gone and not text.endswith("\n") and _new_line(seen[n + 1 :], shape) else ""
        for line in (text + ends).splitlines(keepends=True):
            starts = not out or out[-1].endswith("\n")
            piece = _line(line, kind, shape, starts, gone)
            if piece:
                out.append(piece)
    return "".join(out)


def _new_line(rest: Sequence[tuple[str | None, str]], shape: Shape) -> bool:
    """What follows is an item or a row of its own, or nothing at all."""
    if shape not in {"list", "table"}:
        return False
    text = next((text for _kind, text in rest if text.strip()), "")
    return not text or _is_unit(text, shape)


def _is_unit(text: str, shape: Shape) -> bool:
    """It begins with an item of a list, or a whole row of a table."""
    line = text.split("\n", 1)[0].strip()
    if shape == "table":
        return line.startswith("|") and line.endswith("|") and line.count("|") > 2
    return shape == "list" and ITEM.match(text) is not None


def _line(line: str, kind: str, shape: Shape, starts: bool, gone: bool) -> str:
    """One line, or the piece of one, that differs. ``gone``: not part of the new text, so its marks may not act."""
    end = line[len(line.rstrip()) :]
    if shape == "code" and _FENCE.match(line):
        return "" if gone else line
    if shape == "table" and starts and is_rule(line):
        return "" if gone else line
    if shape in {"code", "table"}:
        cells = _BARS.split(line.rstrip()) if shape == "table" else [line.rstrip()]
        return "|".join(_around(cell, kind) for cell in cells) + end
    found = _START.match(line) if starts else None
    head = found.group() if found else ""
    words = line[len(head) :].rstrip()
    end = line[len(head) + len(words) :]
    if gone:
        words = re.sub(r"[*`]+|__", "", _LINK.sub(lambda link: link[1] or link[3] or link[2] or "", words))
        if not words.strip():
            return ""
        if not (starts and end.endswith("\n")):
            head = end = ""
    return head + _around(words, kind) + end


def _around(text: str, kind: str) -> str:
    """The visible characters of a piece between private ones; marks of Markdown alone stay as they are."""
    inner = text.strip()
    if not inner.strip("*_`#>|~\\"):
        return text
    before = text[: len(text) - len(text.lstrip())]
    return f"{before}{OPENS[kind]}{inner}{ENDS}{text[len(before) + len(inner) :]}"


def _whole(html: str, source: str, row: Row, side: Side) -> bool:
    """Nothing was lost: every private character arrived in the text, and without what is gone it is the text shown."""
    if html.count(ENDS) != source.count(ENDS):
        return False
    atoms = _atoms(html)
    if any(_PRIVATE.search(atom.raw) or "%F3%B0" in atom.raw for atom in atoms if atom.words is None):
        return False
    gone = {"delete", "went"} if side == "inline" else set()
    words = "".join(atom.words for atom in atoms if atom.words is not None and atom.kind not in gone)
    plain = _atoms(shown(_PRIVATE.sub("\ufffd", old_text(row.parts) if side == "old" else new_text(row.parts))))
    return _bare(words) == _bare("".join(atom.words for atom in plain if atom.words is not None))


def _bare(text: str) -> str:
    return "".join(text.split())


def _atoms(html: str) -> list[_Atom]:
    """Rendered markup with the private characters taken as what they mean."""
    out: list[_Atom] = []
    kind = "equal"
    for raw, words in cut(_unlinked(html)):
        if words is None:
            out.append(_Atom(raw))
            continue
        if not _PRIVATE.search(words):
            out.append(_Atom(raw, words, kind))
            continue
        for piece in re.split("([\U000f0001-\U000f0006])", words):
            if piece == ENDS:
                kind = "equal"
            elif piece in _KINDS:
                kind = _KINDS[piece]
            elif piece:
                out.append(_Atom(str(escape(piece)), piece, kind))
    return out


def _unlinked(html: str) -> str:
    """Names of other texts as plain words, and blocks as they are typed: a comparison is about this text alone."""
    return "".join(
        piece if isinstance(piece, str) else f"<p>![[{escape(piece.title)}]]</p>" if piece.embed else piece.words
        for piece in pieces_of(str(html))
    )


def _dressed(html: str, wanted: Wanted) -> Markup:
    """Markup with ``<ins>``, ``<del>`` and ``<mark>`` around words, never around tags; gone items and rows named."""
    atoms = _named(_atoms(html))
    text = "".join(atom.words for atom in atoms if atom.words is not None and atom.kind not in {"delete", "went"})
    noted = owners(text, wanted) if wanted else []
    out: list[str] = []
    at = 0
    for n, atom in enumerate(atoms):
        if atom.words is None:
            out.append(atom.raw)
            continue
        here = atom.kind not in {"delete", "went"}
        marks = noted[at : at + len(atom.words)] if here and noted else ()
        inner = _noted(atom.words, marks) if any(marks) else atom.raw
        opening, closing = _tags(atom.kind)
        out.append(f"{opening if _parted(atoms, n - 1, n) else ''}{inner}{closing if _parted(atoms, n, n + 1) else ''}")
        at += len(atom.words) if here else 0
    return joined(out)


def _parted(atoms: Sequence[_Atom], one: int, two: int) -> bool:
    """Between these neighbours an element begins or ends: a tag stands there, or another kind of words."""
    if one < 0 or two >= len(atoms):
        return True
    return atoms[one].words is None or atoms[two].words is None or atoms[one].kind != atoms[two].kind


def _named(atoms: list[_Atom]) -> list[_Atom]:
    """Items and rows of which all words went, or all came, say so: numbering leaves the former out."""
    out = list(atoms)
    for n, atom in enumerate(atoms):
        if atom.raw not in {"<li>", "<tr>"} or atom.words is not None:
            continue
        kinds = set()
        for other in atoms[n + 1 :]:
            if other.raw in {"</li>", "</tr>", "<ul>", "<ol>"} and other.words is None:
                break
            if other.words is not None and other.words.strip():
                kinds.add(other.kind)
        if len(kinds) == 1 and (kind := kinds.pop()) in {"insert", "delete", "went", "came"}:
            name = {"insert": "is-new", "came": "is-new", "delete": "is-gone", "went": "is-gone"}[kind]
            out[n] = _Atom(f'{atom.raw[:-1]} class="{name}">')
    return out


def attributed(html: Markup | None, labelled: Sequence[tuple[str, str]]) -> Markup:
    """Words with a label after those that have one: ``labelled`` is the text as typed, in stretches.

    ``html``: the same text rendered, whose words are found again in what was typed; ``None``: it is shown as typed.
    """
    text = "".join(part for part, _label in labelled)
    label = [name for part, name in labelled for _char in part]
    pieces = cut(_unlinked(html)) if html is not None else [(str(escape(text)), text)]
    out: list[str] = []
    at, last = 0, ""
    for raw, words in pieces:
        if words is None or not words.strip():
            out.append(raw)
            continue
        runs: list[tuple[str, str]] = []
        for char in words:
            found = text.find(char, at)
            if found >= 0 and not char.isspace():
                at, last = found + 1, label[found]
            if runs and runs[-1][1] == last:
                runs[-1] = (runs[-1][0] + char, last)
            else:
                runs.append((char, last))
        out += [
            f'<span class="by-run">{escape(part)}<sup>{escape(name)}</sup></span>' if name else str(escape(part))
            for part, name in runs
        ]
    return joined(out)


__all__ = ["ITEM", "attributed", "merged", "read", "typed"]
