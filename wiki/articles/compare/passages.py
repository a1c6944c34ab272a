"""Two Markdown texts passage by passage: what stayed, changed, came, went, and what only stands elsewhere now."""

from collections.abc import Sequence
from itertools import zip_longest

from core import passages
from wiki.articles.compare.align import MOVED_TOKENS, MOVED_TOKENS_OF_AN_ITEM, Pair, aligned
from wiki.articles.compare.blocks import LONG, cells_of, shape_of, start_of, units_of
from wiki.articles.compare.parts import Part, Row, Shape, State, flat, new_text, old_text, tidy
from wiki.articles.compare.tokens import Book
from wiki.articles.compare.words import compared


def compare(old: str, new: str) -> tuple[Part, ...]:
    """What happened to a text in reading order, in the strict form: without insertions it is ``old``, to the letter."""
    return flat(rows(old, new))


def rows(old: str, new: str) -> tuple[Row, ...]:
    """What happened to a text, passage by passage, in the order of the new text; what went stands where it stood."""
    book = Book()
    before, after = passages.split(old), passages.split(new)
    if len(before) == len(after) == 1:  # a date, a name, a single passage: there is nothing else it could have been
        pairs = [Pair(range(1), range(1))]
    else:
        pairs = aligned([_key(one, book) for one in before], [_key(one, book) for one in after])
    numbers = {pair: n for n, pair in enumerate((pair for pair in pairs if pair.moved), 1)}
    out: list[Row] = []
    i = j = 0
    end = Pair(range(len(before), len(before)), range(len(after), len(after)))
    for pair in [*sorted((p for p in pairs if not p.moved), key=lambda p: p.new.start), end]:
        out += _gone(before, i, pair.old.start, numbers)
        out += _come(before, after, j, pair.new.start, numbers, book)
        if pair.old:
            out.append(_stayed(before, after, pair, book))
        i, j = pair.old.stop, pair.new.stop
    return tuple(out)


def _key(unit: str, book: Book) -> str:
    """What of a unit is compared: its tokens without the blank lines after it."""
    return book.cut(unit.rstrip()).key


def _gone(before: Sequence[str], start: int, stop: int, numbers: dict[Pair, int]) -> list[Row]:
    moved = {pair.old.start: number for pair, number in numbers.items()}
    out = []
    for i in range(start, stop):
        number = moved.get(i, 0)
        state: State = "moved_away" if number else "removed"
        out.append(Row(state, shape_of(before[i]), (Part("delete", before[i]),), i + 1, None, number))
    return out


def _come(
    before: Sequence[str], after: Sequence[str], start: int, stop: int, numbers: dict[Pair, int], book: Book
) -> list[Row]:
    moved = {pair.new.start: (pair, number) for pair, number in numbers.items()}
    out = []
    for j in range(start, stop):
        if j in moved:
            pair, number = moved[j]
            parts = within(before[pair.old.start], after[j], book)
            out.append(Row("moved_here", shape_of(after[j]), parts, pair.old.start + 1, j + 1, number))
        else:
            out.append(Row("added", shape_of(after[j]), (Part("insert", after[j]),), None, j + 1))
    return out


def _stayed(before: Sequence[str], after: Sequence[str], pair: Pair, book: Book) -> Row:
    old, new = "".join(before[pair.old.start : pair.old.stop]), "".join(after[pair.new.start : pair.new.stop])
    parts = within(old, new, book)
    return Row(_state(parts), shape_of(new), parts, pair.old.start + 1, pair.new.start + 1)


def _state(parts: Sequence[Part]) -> State:
    """Blank lines at the end are nobody's business; the rest is the same, written differently, or changed."""
    told = [part for part in parts if part.op != "equal"]
    if any(part.op in {"insert", "delete"} for part in told):
        return "changed"
    return "form" if any(part.text.strip("\n") or part.old.strip("\n") for part in told) else "same"


def within(old: str, new: str, book: Book) -> tuple[Part, ...]:
    """One passage against another: items with items, rows with rows and cells with cells, else words."""
    if old == new:
        return (Part("equal", old),) if old else ()
    head, tail = old.rstrip(), new.rstrip()
    ending = _formal(old[len(head) :], new[len(tail) :])
    shape = shape_of(tail)
    if shape != shape_of(head):
        if len(head) + len(tail) <= LONG:
            return tidy([*compared(head, tail, book), *ending])
        shape = "text"
    before, after = units_of(head, shape), units_of(tail, shape)
    if len(before) == len(after) == 1:
        return tidy([*_unit(head, tail, shape, book), *ending])
    return tidy([*_units(before, after, shape, book), *ending])


def _unit(old: str, new: str, shape: Shape, book: Book) -> list[Part]:
    """One item, row or line: its number and its line end are no words."""
    one, two = start_of(old, shape), start_of(new, shape)
    head, tail = old[one:].rstrip(), new[two:].rstrip()
    inner = _cells(head, tail, book) if shape == "table" else compared(head, tail, book)
    return [*_formal(old[:one], new[:two]), *inner, *_formal(old[one + len(head) :], new[two + len(tail) :])]


def _formal(old: str, new: str) -> list[Part]:
    return [Part("equal", old) if old == new else Part("form", new, old)]


def _units(before: Sequence[str], after: Sequence[str], shape: Shape, book: Book) -> list[Part]:
    """Units in the order of the new passage; one that went elsewhere inside it is numbered at both places."""
    least = MOVED_TOKENS_OF_AN_ITEM if shape in {"list", "table"} else MOVED_TOKENS
    keys = [[_key(unit[start_of(unit, shape) :], book) for unit in units] for units in (before, after)]
    pairs = aligned(keys[0], keys[1], least)
    away = {pair.old.start: n for n, pair in enumerate((p for p in pairs if p.moved), 1)}
    here = {pair.new.start: pair for pair in pairs if pair.moved}
    out: list[Part] = []
    i = j = 0
    end = Pair(range(len(before), len(before)), range(len(after), len(after)))
    for pair in [*sorted((p for p in pairs if not p.moved), key=lambda p: p.new.start), end]:
        out += [Part("delete", before[n], moved=away.get(n, 0)) for n in range(i, pair.old.start)]
        for n in range(j, pair.new.start):
            out += _arrived(before, after[n], here[n], away, shape, book) if n in here else [Part("insert", after[n])]
        old, new = "".join(before[n] for n in pair.old), "".join(after[n] for n in pair.new)
        if pair.old:
            out += _unit(old, new, shape if len(pair.old) == len(pair.new) == 1 else "text", book)
        i, j = pair.old.stop, pair.new.stop
    return out


def _arrived(before: Sequence[str], new: str, pair: Pair, away: dict[int, int], shape: Shape, book: Book) -> list[Part]:
    """A unit that stood elsewhere in its passage: what it says anew is inserted, the rest has moved."""
    number = away[pair.old.start]
    parts = _unit(before[pair.old.start], new, shape, book)
    return [
        Part("insert", part.text, moved=0 if part.op == "insert" else number) for part in parts if part.op != "delete"
    ]


def _cells(old: str, new: str, book: Book) -> tuple[Part, ...]:
    """A row of a table cell by cell; a column that came or went is a cell in each row."""
    before, after = cells_of(old), cells_of(new)
    out: list[Part] = []
    if len(before) == len(after):
        for a, b in zip_longest(before, after, fillvalue=""):
            out += compared(a, b, book)
        return tidy(out)
    i = j = 0
    for pair in [p for p in aligned([_key(c, book) for c in before], [_key(c, book) for c in after]) if not p.moved]:
        out += _between(before[i : pair.old.start], after[j : pair.new.start], book)
        out += compared("".join(before[n] for n in pair.old), "".join(after[n] for n in pair.new), book)
        i, j = pair.old.stop, pair.new.stop
    return tidy([*out, *_between(before[i:], after[j:], book)])


def _between(gone: Sequence[str], come: Sequence[str], book: Book) -> list[Part]:
    if len(gone) == len(come):
        return [part for a, b in zip(gone, come, strict=True) for part in compared(a, b, book)]
    return [*(Part("delete", cell) for cell in gone), *(Part("insert", cell) for cell in come)]


def quiet(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with differences of form taken as no difference: as the new text writes it."""
    return tidy(Part("equal", part.text) if part.op == "form" else part for part in parts)


__all__ = ["compare", "new_text", "old_text", "quiet", "rows", "within"]
