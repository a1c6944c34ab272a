"""Differences that read well in Chinese: lines first, then words and characters inside the lines that changed.

Long texts stay quick because whole lines are matched before any word is cut; rapidfuzz does the matching (difflib took
six seconds on repetitive 20,000-character texts).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from rapidfuzz.distance import Indel

from core.i18n import _
from wiki.articles.content import Content
from wiki.articles.kinds import Kind, field_text

Op = Literal["equal", "insert", "delete"]
_LATIN = re.compile(r"[A-Za-z0-9_]+|\s+|.", re.S)
_HAN = re.compile(r"[\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text that stayed, came or went."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One field with a difference."""

    name: str
    label: Any
    parts: tuple[Part, ...]


@lru_cache(maxsize=4096)
def tokens(line: str) -> tuple[str, ...]:
    """The words of a line: Chinese cut by the dictionary, Latin words and numbers whole, the rest by character."""
    import rjieba  # here: its dictionary takes a moment to load, and most starts need no diff

    out: list[str] = []
    for piece in re.split(r"([\u3400-\u9fff]+)", line):
        out.extend(rjieba.cut(piece) if _HAN.fullmatch(piece) else _LATIN.findall(piece))
    return tuple(out)


def compare(old: str, new: str) -> tuple[Part, ...]:
    """What happened to a text, in reading order; ``delete`` comes before ``insert`` where something was replaced."""
    parts: list[Part] = []
    for op, before, after in _blocks(old.splitlines(keepends=True), new.splitlines(keepends=True)):
        if op == "equal":
            parts.append(Part("equal", "".join(before)))
        else:
            parts.extend(_words("".join(before), "".join(after)))
    return _joined(parts)


def _blocks(old: list[str], new: list[str]) -> list[tuple[str, list[str], list[str]]]:
    return [
        ("equal" if op.tag == "equal" else "change", old[op.src_start : op.src_end], new[op.dest_start : op.dest_end])
        for op in _merged(Indel.opcodes(old, new))
    ]


@dataclass(slots=True)
class _Span:
    tag: str
    src_start: int
    src_end: int
    dest_start: int
    dest_end: int


def _merged(opcodes: Any) -> list[_Span]:
    """Neighbouring deletions and insertions as one change, so that a replaced line is compared word by word."""
    out: list[_Span] = []
    for op in opcodes:
        tag = "equal" if op.tag == "equal" else "change"
        if out and out[-1].tag == tag == "change":
            out[-1].src_end, out[-1].dest_end = op.src_end, op.dest_end
        else:
            out.append(_Span(tag, op.src_start, op.src_end, op.dest_start, op.dest_end))
    return out


def _words(old: str, new: str) -> list[Part]:
    if not old or not new:
        return [Part("delete", old)] * bool(old) + [Part("insert", new)] * bool(new)
    a, b = tokens(old), tokens(new)
    parts: list[Part] = []
    for span in _merged(Indel.opcodes(a, b)):
        before, after = "".join(a[span.src_start : span.src_end]), "".join(b[span.dest_start : span.dest_end])
        if span.tag == "equal":
            parts.append(Part("equal", before))
        else:
            parts.extend(p for p in (Part("delete", before), Part("insert", after)) if p.text)
    return _calm(parts)


def _calm(parts: list[Part]) -> list[Part]:
    """A lone blank or comma that stayed between two changes is noise: it is changed with them."""
    out = list(parts)
    for i in range(1, len(out) - 1):
        here = out[i]
        lonely = here.op == "equal" and len(here.text) == 1 and not here.text.isalnum() and here.text != "\n"
        if lonely and out[i - 1].op != "equal" and out[i + 1].op != "equal":
            out[i] = Part("delete", here.text)
            out.insert(i + 1, Part("insert", here.text))
    return _sorted(out)


def _sorted(parts: list[Part]) -> list[Part]:
    """Inside one run of changes, what went first, then what came."""
    out: list[Part] = []
    run: list[Part] = []
    for part in [*parts, Part("equal", "")]:
        if part.op != "equal":
            run.append(part)
            continue
        for op in ("delete", "insert"):
            text = "".join(p.text for p in run if p.op == op)
            if text:
                out.append(Part(op, text))
        run = []
        out.append(part)
    return [part for part in out if part.text]


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    out: list[Part] = []
    for part in parts:
        if out and out[-1].op == part.op:
            out[-1] = Part(part.op, out[-1].text + part.text)
        else:
            out.append(part)
    return tuple(out)


def flat(kind: Kind, content: Content) -> list[tuple[str, Any, str]]:
    """A content as named texts in the order readers meet them: (name, label, text)."""
    rows: list[tuple[str, Any, str]] = [("title", _("Title"), content.title)]
    rows += [(spec.code, spec.label, field_text(spec, content.fields.get(spec.code))) for spec in kind.fields]
    rows.append(("body", kind.body_label, content.body))
    rows.append(("category", _("Category"), content.category or ""))
    rows.append(("tags", _("Tags"), "，".join(content.tags)))
    rows.append(("audience", _("Audience"), content.audience))
    return rows


def changes(kind: Kind, old: Content, new: Content) -> tuple[list[Change], list[Any]]:
    """Fields that differ, with their parts, and the labels of filled fields that did not."""
    changed: list[Change] = []
    same: list[Any] = []
    for (name, label, before), (_name, _label, after) in zip(flat(kind, old), flat(kind, new), strict=True):
        if before != after:
            changed.append(Change(name, label, compare(before, after)))
        elif before:
            same.append(label)
    return changed, same


def names(kind: Kind) -> list[tuple[str, Any]]:
    """(code, label) of what a text of a kind consists of, in the order readers meet it."""
    return [(name, label) for name, label, _text in flat(kind, Content())]


def changed(kind: Kind, old: Content, new: Content) -> frozenset[str]:
    """The codes of what differs. Who may read it and what it is about count with audience and category."""
    found = {name for (name, _l, a), (_n, _m, b) in zip(flat(kind, old), flat(kind, new), strict=True) if a != b}
    found |= {code for code in kind_fields(kind) if old.fields.get(code) != new.fields.get(code)}
    if old.readers != new.readers:
        found.add("audience")
    if old.services != new.services:
        found.add("category")
    return frozenset(found)


def kind_fields(kind: Kind) -> list[str]:
    """The codes of the fields of a kind."""
    return [spec.code for spec in kind.fields]


def whole(kind: Kind, old: Content, new: Content) -> tuple[Part, ...]:
    """One difference over the whole text, fields included, for machines."""

    def text(content: Content) -> str:
        return "\n\n".join(t for _n, _l, t in flat(kind, content)[:-3] if t) + "\n"

    return compare(text(old), text(new))
