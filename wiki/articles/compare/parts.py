"""What a comparison consists of: stretches of text, and the passages they stand in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Op = Literal["equal", "insert", "delete", "form"]
State = Literal["same", "form", "changed", "added", "removed", "moved_away", "moved_here"]
Shape = Literal["text", "heading", "list", "table", "code", "quote"]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text that stayed, came or went; ``form``: it stayed and is only written in another way.

    ``old`` is how a ``form`` part was written before. ``moved`` numbers what went to another place within its block (0:
    it did not).
    """

    op: Op
    text: str
    old: str = ""
    moved: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One passage (or several that became one) and what happened to it.

    ``old_at`` and ``new_at`` number the passages from 1 in the old and in the new text. ``number`` is the same at both
    ends of a move.
    """

    state: State
    shape: Shape
    parts: tuple[Part, ...]
    old_at: int | None = None
    new_at: int | None = None
    number: int = 0

    @property
    def old(self) -> str:
        """The passage as it was; empty when it is new."""
        return "" if self.state in {"added", "moved_here"} else old_text(self.parts)

    @property
    def new(self) -> str:
        """The passage as it is; empty when it is gone from here."""
        return "" if self.state in {"removed", "moved_away"} else new_text(self.parts)


def old_text(parts: Iterable[Part]) -> str:
    """The text a comparison began with."""
    return "".join(part.old if part.op == "form" else part.text for part in parts if part.op != "insert")


def new_text(parts: Iterable[Part]) -> str:
    """The text a comparison leads to."""
    return "".join(part.text for part in parts if part.op != "delete")


def turned(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The same comparison seen from the other side."""
    other: dict[Op, Op] = {"insert": "delete", "delete": "insert", "equal": "equal", "form": "form"}
    return tidy(
        Part("form", part.old, part.text) if part.op == "form" else replace(part, op=other[part.op]) for part in parts
    )


def tidy(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Neighbours of one kind joined; inside a run of changes, what went stands before what came."""
    out: list[Part] = []
    gone: list[Part] = []
    come: list[Part] = []
    for part in parts:
        if not part.text and not part.old:
            continue
        if part.op == "delete":
            _add(gone, part)
        elif part.op == "insert":
            _add(come, part)
        else:
            out += (*gone, *come)
            gone, come = [], []
            _add(out, part)
    return (*out, *gone, *come)


def _add(out: list[Part], part: Part) -> None:
    last = out[-1] if out else None
    if last is not None and (last.op, last.moved) == (part.op, part.moved):
        out[-1] = Part(last.op, last.text + part.text, last.old + part.old, last.moved)
    else:
        out.append(part)


def strict(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Only ``equal``, ``insert`` and ``delete``: what is left without the insertions is the old text, to the letter."""
    out: list[Part] = []
    for part in parts:
        if part.op == "form":
            out += [Part("delete", part.old), Part("insert", part.text)]
        else:
            out.append(Part(part.op, part.text))
    return tidy(out)


def flat(rows: Sequence[Row]) -> tuple[Part, ...]:
    """A whole comparison in its strict form; what moved went there and came here."""
    out: list[Part] = []
    for row in rows:
        if row.state in {"removed", "moved_away"}:
            out.append(Part("delete", old_text(row.parts)))
        elif row.state in {"added", "moved_here"}:
            out.append(Part("insert", new_text(row.parts)))
        else:
            out.extend(strict(row.parts))
    return tidy(_ends_kept(tidy(out)))


def _ends_kept(parts: Sequence[Part]) -> list[Part]:
    """Line ends after both what went and what came have stayed."""
    out: list[Part] = []
    for part in parts:
        before = out[-1] if out else None
        same = 0
        if part.op == "insert" and before is not None and before.op == "delete":
            room = min(len(before.text), len(part.text))
            while same < room and before.text[-1 - same] == part.text[-1 - same] == "\n":
                same += 1
        if before is not None and same:
            out[-1] = Part("delete", before.text[:-same])
            out += [Part("insert", part.text[:-same]), Part("equal", part.text[-same:])]
        else:
            out.append(part)
    return out
