"""A comparison as a page shows it: passages with their marks, what stayed folded away, and how it may be looked at."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from markupsafe import Markup

from core.i18n import _
from core.markup import plain
from wiki.articles.compare.marking import Side, read, typed
from wiki.articles.compare.parts import Part, Row, new_text, old_text
from wiki.articles.compare.passages import quiet
from workflows.passages import owners

CONTEXT = 1  # unchanged passages shown before and after a change
RENDERED = 1000  # passages of one field that are shown as readers see them; more are shown as typed
FOLDED = 2  # fewer unchanged ones are not worth a fold
STUB = 42  # characters of a passage that has moved away, as a reminder
_SIGNS = {"added": "＋", "removed": "－", "changed": "±", "form": "≈", "moved_away": "↕", "moved_here": "↕", "same": ""}


@dataclass(frozen=True, slots=True)
class Look:
    """How a difference is looked at. ``forms``: what is only written in another way is marked, too."""

    side: bool = False
    source: bool = False
    forms: bool = True
    all: bool = False

    @classmethod
    def of(cls, args: Mapping[str, str]) -> "Look":
        """As the address of a page says."""
        return cls(
            side=args.get("look") == "side",
            source=args.get("text") == "source",
            forms=args.get("forms") != "no",
            all=args.get("all") == "1",
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One passage of a page. ``inline`` or ``left`` and ``right`` are filled, as the look says."""

    key: str
    state: str
    shape: str
    sign: str
    word: str
    old_at: int | None
    new_at: int | None
    source: bool
    inline: Markup | None = None
    left: Markup | None = None
    right: Markup | None = None
    stub: str = ""
    note: str = ""
    other: str = ""  # the other end of a move on this page


@dataclass(frozen=True, slots=True)
class Group:
    """Passages one after the other; ``folded``: so many unchanged ones, as one line, that open on wish."""

    lines: list[Line]
    folded: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """One field's difference as a page shows it."""

    name: str
    groups: list[Group]
    look: Look
    counts: dict[str, int] = field(default_factory=dict)
    numbered: bool = False  # more than one passage: their numbers help


def state_word(state: str) -> str:
    """What happened to a passage, in the reader's language."""
    return {
        "added": _("added"),
        "removed": _("taken out"),
        "changed": _("changed"),
        "form": _("written differently"),
        "moved_away": _("moved away"),
        "moved_here": _("moved here"),
        "same": _("unchanged"),
    }[state]


def showing(name: str, rows: Sequence[Row], look: Look, wanted: Sequence[tuple[int, str]] = ()) -> Shown:
    """The passages of one field, marked, with what stayed folded away unless asked for."""
    rows = [row if look.forms else _calmed(row) for row in rows]
    if sum(1 for row in rows if row.state != "same") > RENDERED:
        look = replace(look, source=True)
    notes = owners("".join(row.new for row in rows), wanted) if wanted else []
    places, at = [], 0
    for row in rows:
        places.append(at)
        at += len(row.new)
    ends: dict[tuple[int, str], Row] = {(row.number, row.state): row for row in rows if row.number}
    groups: list[Group] = []
    for folded, span in _spans(rows, look):
        if folded:
            groups.append(Group([_line(f"{name}-{span.start}", _together([rows[n] for n in span]), look)], len(span)))
            continue
        some = [rows[n] for n in span]
        marks = [notes[places[n] : places[n] + len(rows[n].new)] for n in span]
        groups.append(
            Group(
                [
                    _line(f"{name}-{span.start + n}", row, look, mark, wanted, _move(row, ends, name))
                    for n, (row, mark) in enumerate(zip(some, marks, strict=True))
                ]
            )
        )
    counts: Counter[str] = Counter(row.state for row in rows if row.state not in {"same", "moved_away"})
    return Shown(name, groups, look, dict(counts), len(rows) > 1)


def _together(rows: Sequence[Row]) -> Row:
    """Passages that stayed, as one."""
    text = "".join(new_text(row.parts) for row in rows)
    return Row("same", "text", (Part("equal", text),), rows[0].old_at, rows[0].new_at)


def _calmed(row: Row) -> Row:
    """Differences of form taken as none."""
    return replace(row, parts=quiet(row.parts), state="same" if row.state == "form" else row.state)


def _line(
    key: str,
    row: Row,
    look: Look,
    notes: Sequence[int | None] = (),
    wanted: Sequence[tuple[int, str]] = (),
    move: tuple[str, str, str] = ("", "", ""),
) -> Line:
    line = Line(
        key=move[0] or f"c-{key}",
        state=row.state,
        shape=row.shape,
        sign=_SIGNS[row.state],
        word=state_word(row.state),
        old_at=row.old_at,
        new_at=row.new_at,
        source=look.source,
        note=move[1],
        other=move[2],
        stub=_stub(row) if row.state == "moved_away" else "",
    )
    if not look.side:
        return replace(line, inline=_marked(row, "inline", look, notes, wanted))
    if row.state == "same" and not wanted:
        both = _marked(row, "new", look, notes, wanted)
        return replace(line, left=both, right=both)
    here = row.state not in {"removed", "moved_away"}
    there = row.state not in {"added", "moved_here"}
    return replace(
        line,
        left=_marked(row, "old", look, (), ()) if there else None,
        right=_marked(row, "new", look, notes, wanted) if here else None,
    )


def _marked(row: Row, side: Side, look: Look, notes: Sequence[int | None], wanted: Sequence[tuple[int, str]]) -> Markup:
    if not look.source:
        return read(row, side, wanted if side != "old" else ())
    return typed(_trimmed(row, side), side, notes)


def _trimmed(row: Row, side: Side) -> list[Part]:
    """The parts without the blank lines after the passage; a passage that came or went whole needs no marks inside."""
    whole = row.state in {"added", "removed", "moved_away"}
    text = old_text(row.parts) if row.state in {"removed", "moved_away"} else new_text(row.parts)
    parts = [Part("equal", text)] if whole else list(row.parts)
    while parts and not parts[-1].text.strip() and not parts[-1].old.strip():
        parts.pop()
    if parts and parts[-1].op == "equal":
        parts[-1] = replace(parts[-1], text=parts[-1].text.rstrip("\n"))
    return parts


def _move(row: Row, ends: Mapping[tuple[int, str], Row], name: str) -> tuple[str, str, str]:
    """Of a passage that moved: its address on the page, where it went or came from, and the address of that place."""
    here, there = f"m-{name}-{row.number}-from", f"m-{name}-{row.number}-to"
    if row.state == "moved_away":
        return here, _("Moved, now passage %(n)s", n=ends[row.number, "moved_here"].new_at), there
    if row.state != "moved_here":
        return "", "", ""
    if any(part.op in {"insert", "delete"} for part in row.parts):
        return there, _("Moved here, was passage %(n)s, and changed", n=row.old_at), here
    return there, _("Moved here, was passage %(n)s", n=row.old_at), here


def _stub(row: Row) -> str:
    text = " ".join(plain(old_text(row.parts)).split())
    return text if len(text) <= STUB else text[:STUB] + "…"


def _spans(rows: Sequence[Row], look: Look) -> list[tuple[bool, range]]:
    """(folded, rows): changes with a little around them, and what lies between them."""
    near = {n + step for n, row in enumerate(rows) if row.state != "same" for step in range(-CONTEXT, CONTEXT + 1)}
    out: list[tuple[bool, range]] = []
    for n, row in enumerate(rows):
        folded = not look.all and row.state == "same" and n not in near
        if out and out[-1][0] == folded:
            out[-1] = (folded, range(out[-1][1].start, n + 1))
        else:
            out.append((folded, range(n, n + 1)))
    return [(folded and len(span) >= FOLDED, span) for folded, span in out]
