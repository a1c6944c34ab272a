"""Two passages word by word, in chunks that are read at one glance: no confetti, no half words.

The result does not depend on which of the two is called the old one.
"""

from dataclasses import dataclass

from rapidfuzz.distance import Indel

from wiki.articles.compare.parts import Part, tidy, turned
from wiki.articles.compare.tokens import CJK, Book, Tokens, folded

TABLE = 150_000_000  # bits of memory that one comparison may take
REWRITTEN = 25  # per cent of the longer text that must have stayed, else it is shown as a new one
SMALL = frozenset("的了和与及或在是为也就都而其这该、，。；：,.;:!?！？\"'“”‘’（）() \t*`·/-—…")
_ENDS, _STOPS, _OPENS, _CLOSES = (
    frozenset("。.!?！？;；…"),
    frozenset(",，、:："),
    frozenset("（(「『“《【["),
    frozenset("）)」』”》】]"),
)


@dataclass(slots=True)
class _Run:
    """Tokens a0:a1 of one text stand against b0:b1 of the other."""

    equal: bool
    a0: int
    a1: int
    b0: int
    b1: int


def compared(old: str, new: str, book: Book | None = None) -> tuple[Part, ...]:
    """What happened to one passage, with ``form`` parts. ``strict`` of it gives both texts back."""
    if old == new:
        return (Part("equal", old),) if old else ()
    if (len(old), old) > (len(new), new):
        return turned(compared(new, old, book))
    if not old:
        return (Part("insert", new),)
    book = book or Book()
    one, two = book.cut(old), book.cut(new)
    runs = _runs(one.key, two.key)
    _slide(runs, one, two)
    runs = _absorbed(runs, one, two)
    runs = _not_shredded(runs, one, two)
    parts: list[Part] = []
    for run in runs:
        parts.extend(_kept(run, one, two) if run.equal else _replaced(run, one, two))
    return tidy(_spaced([part for part in parts if part.text or part.old]))


def _runs(a: str, b: str) -> list[_Run]:
    """Equal and changed stretches in turn."""
    out: list[_Run] = []
    if len(a) * len(b) > TABLE:  # a hostile text: what begins and ends alike is cut off, the rest is replaced
        head = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
        tail = 0
        while tail < min(len(a), len(b)) - head and a[-1 - tail] == b[-1 - tail]:
            tail += 1
        ends = _Run(True, len(a) - tail, len(a), len(b) - tail, len(b))
        found = [_Run(True, 0, head, 0, head), _Run(False, head, ends.a0, head, ends.b0), ends]
        return [run for run in found if run.a0 < run.a1 or run.b0 < run.b1]
    for op in Indel.opcodes(a, b):
        equal = op.tag == "equal"
        if out and out[-1].equal == equal:
            out[-1].a1, out[-1].b1 = op.src_end, op.dest_end
        else:
            out.append(_Run(equal, op.src_start, op.src_end, op.dest_start, op.dest_end))
    return out


def _slide(runs: list[_Run], one: Tokens, two: Tokens) -> None:
    """An insertion (or deletion) that could begin a little earlier or later begins where a clause does."""
    for before, run, after in zip(runs, runs[1:], runs[2:], strict=False):
        if run.equal or (run.a0 < run.a1) == (run.b0 < run.b1):
            continue
        tokens, start, end = (one, run.a0, run.a1) if run.a0 < run.a1 else (two, run.b0, run.b1)
        left, right = 0, 0
        while left < before.a1 - before.a0 - 1 and tokens.key[start - 1 - left] == tokens.key[end - 1 - left]:
            left += 1
        while right < after.a1 - after.a0 - 1 and tokens.key[start + right] == tokens.key[end + right]:
            right += 1
        best = max(
            range(-left, right + 1), key=lambda by: (_seam(tokens, start + by) + _seam(tokens, end + by), -abs(by), by)
        )
        before.a1, before.b1 = before.a1 + best, before.b1 + best
        run.a0, run.a1, run.b0, run.b1 = run.a0 + best, run.a1 + best, run.b0 + best, run.b1 + best
        after.a0, after.b0 = after.a0 + best, after.b0 + best


def _seam(tokens: Tokens, at: int) -> int:
    """How natural a cut before this token is."""
    before = tokens.raw[at - 1] if at else "\n"
    after = tokens.raw[at] if at < len(tokens.raw) else "\n"
    if before[-1] == "\n":
        return 5
    if before[-1] in _ENDS:
        return 4
    if after[0] in _OPENS or before[-1] in _CLOSES:
        return 3
    return 2 if before[-1] in _STOPS else 1 if before.isspace() else 0


def _absorbed(runs: list[_Run], one: Tokens, two: Tokens) -> list[_Run]:
    """A short stretch that stayed between two changes is changed with them: it would only be in the reader's way."""
    again = True
    while again and len(runs) > 2:
        out: list[_Run] = []
        for run in runs:
            if len(out) > 1 and not run.equal and out[-1].equal and not out[-2].equal:
                kept = one.text(out[-1].a0, out[-1].a1)
                if _lonely(kept, min(_size(out[-2], one, two), _size(run, one, two))):
                    out.pop()
                    out[-1].a1, out[-1].b1 = run.a1, run.b1
                    continue
            out.append(run)
        again = len(out) < len(runs)
        runs = out
    return runs


def _size(run: _Run, one: Tokens, two: Tokens) -> int:
    return max(len(one.text(run.a0, run.a1)), len(two.text(run.b0, run.b1)))


def _lonely(kept: str, beside: int) -> bool:
    """Too little to rest the eye on, next to changes of this many characters at least."""
    if "\n" in kept or "|" in kept:
        return False
    size = sum(1 for char in kept if char not in SMALL)
    return size == 0 or (size == 1 and len(kept) < 4) or (size * 2 <= beside and size <= 6)


def _not_shredded(runs: list[_Run], one: Tokens, two: Tokens) -> list[_Run]:
    """What was rewritten is one text that went and one that came; only its beginning and end may have stayed."""
    changed = [n for n, run in enumerate(runs) if not run.equal]
    if len(changed) < 3:
        return runs
    first, last = runs[changed[0]], runs[changed[-1]]
    inside = runs[changed[0] : changed[-1] + 1]
    if any("\n" in one.text(run.a0, run.a1).strip("\n") for run in inside if run.equal):
        return runs
    stayed = sum(len(one.text(run.a0, run.a1)) for run in inside if run.equal)
    whole = max(len(one.text(first.a0, last.a1)), len(two.text(first.b0, last.b1)))
    if stayed * 100 >= whole * REWRITTEN:
        return runs
    return [*runs[: changed[0]], _Run(False, first.a0, last.a1, first.b0, last.b1), *runs[changed[-1] + 1 :]]


def _kept(run: _Run, one: Tokens, two: Tokens) -> list[Part]:
    """Tokens that stayed; where they are written differently, a form."""
    if one.raw[run.a0 : run.a1] == two.raw[run.b0 : run.b1]:
        return [Part("equal", one.text(run.a0, run.a1))]
    out: list[Part] = []
    for a, b in zip(one.raw[run.a0 : run.a1], two.raw[run.b0 : run.b1], strict=True):
        out.append(Part("equal", a) if a == b else Part("form", b, a))
    return out


def _replaced(run: _Run, one: Tokens, two: Tokens) -> list[Part]:
    """What went and what came, without the words that both begin or end with."""
    gone, come = one.text(run.a0, run.a1), two.text(run.b0, run.b1)
    if gone and come and _squeezed(gone) == _squeezed(come):
        return [Part("form", come, gone)]
    a, b = one.raw[run.a0 : run.a1], two.raw[run.b0 : run.b1]
    head = _shared(gone, come, _edges(a), _edges(b))
    rest_gone, rest_come = gone[head:], come[head:]
    tail = _shared(rest_gone[::-1], rest_come[::-1], _edges(a[::-1]), _edges(b[::-1]))
    end = len(rest_gone) - tail
    parts = [
        Part("equal", gone[:head]),
        Part("delete", rest_gone[:end]),
        Part("insert", rest_come[: len(rest_come) - tail]),
    ]
    return [*parts, Part("equal", rest_gone[end:])]


def _squeezed(text: str) -> str:
    """Folded, without blanks – in Chinese they mean nothing, between Latin words they part them."""
    flat = folded(text)
    return "".join(flat.split(" ")) if CJK.search(text) else flat


def _edges(raw: tuple[str, ...]) -> set[int]:
    out, at = set(), 0
    for word in raw:
        at += len(word)
        out.add(at)
    return out


def _shared(a: str, b: str, ends_a: set[int], ends_b: set[int]) -> int:
    """Length of the common beginning, cut so that no word is torn."""
    size = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        size += 1
    while size and not _whole(a, b, size, ends_a, ends_b):
        size -= 1
    return size


def _whole(a: str, b: str, at: int, ends_a: set[int], ends_b: set[int]) -> bool:
    if any(
        len(text) > at and text[at - 1].isascii() and text[at].isascii() and (text[at - 1] + text[at]).isalnum()
        for text in (a, b)
    ):
        return False
    return (at in ends_a and at in ends_b) or (at > 1 and (at in ends_a or at in ends_b))


def _spaced(parts: list[Part]) -> list[Part]:
    """A blank that came or went beside Chinese is a matter of form, as is a change between kinds of line end."""
    out: list[Part] = []
    for n, part in enumerate(parts):
        alone = part.op in {"insert", "delete"} and not any(
            other.op in {"insert", "delete"} for other in (parts[n - 1 : n] if n else []) + parts[n + 1 : n + 2]
        )
        if alone and part.text.isspace() and "\n" not in part.text and _beside_chinese(parts, n):
            out.append(Part("form", part.text) if part.op == "insert" else Part("form", "", part.text))
        else:
            out.append(part)
    return out


def _beside_chinese(parts: list[Part], n: int) -> bool:
    before = parts[n - 1].text[-1:] if n else ""
    after = parts[n + 1].text[:1] if n + 1 < len(parts) else ""
    return not before or not after or CJK.match(before) is not None or CJK.match(after) is not None
