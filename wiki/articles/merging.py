"""Three texts become one: what both began from, what I wrote, what they wrote meanwhile.

Texts are merged by passages, inside a passage by lines and then by words; steps and branches by element; all else by
value. Where both changed the same place, both texts stay side by side as a *clash* until somebody has chosen: nothing
that either side wrote is ever dropped. Pure: no database, no clock, the same answer each time.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from rapidfuzz.distance import Indel

from core.passages import split
from wiki.articles.content import Content
from wiki.articles.diff import tokens
from wiki.articles.kinds import FieldType, Kind

ALIKE = 0.5  # two passages less alike than this are two passages, not one that was changed
PAIRS = 1_600  # so many comparisons are made inside one stretch of changes
Pair = Callable[[Any, Any], float]


class By(StrEnum):
    """Whose change a part is."""

    NOBODY = "nobody"
    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"  # the same change
    WORDS = "words"  # words of both inside one passage


class Choice(StrEnum):
    """What becomes of a clash."""

    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch that needs no choice: a text, a list of elements, or a value. ``before``: what stood there."""

    value: Any
    by: By
    before: Any


@dataclass(frozen=True, slots=True)
class Clash:
    """Both changed the same place."""

    base: Any
    mine: Any
    theirs: Any

    @property
    def added(self) -> bool:
        """Nothing stood there: both only added something."""
        return not self.base or (isinstance(self.base, str) and not self.base.strip())


Piece = Part | Clash


@dataclass(frozen=True, slots=True)
class Field:
    """What became of one field; ``shape`` is text, list or value. ``tail``: the blank end of a text."""

    name: str
    shape: str
    pieces: tuple[Piece, ...]
    tail: str = ""

    def clashes(self) -> dict[str, Clash]:
        """Clashes by their ids, in reading order."""
        found = [piece for piece in self.pieces if isinstance(piece, Clash)]
        return {f"{self.name}.{n}": clash for n, clash in enumerate(found)}

    def choices(self, clash: Clash) -> tuple[Choice, ...]:
        """What may be chosen: two values cannot both stand, and nothing is no second text."""
        both = self.shape != "value" and bool(clash.mine) and bool(clash.theirs)
        return (Choice.MINE, Choice.THEIRS, Choice.BOTH) if both else (Choice.MINE, Choice.THEIRS)

    def touched(self, *by: By) -> bool:
        """Some part of it is somebody's change."""
        return any(isinstance(piece, Part) and piece.by in by for piece in self.pieces)

    def resolved(self, chosen: Mapping[str, Choice]) -> Any:
        """The value, every clash decided."""
        ids, values = iter(self.clashes()), []
        for piece in self.pieces:
            values.append(piece.value if isinstance(piece, Part) else self._decided(piece, chosen[next(ids)]))
        if self.shape == "value":
            return values[0]
        if self.shape == "list":
            return _own_ids([item for value in values for item in value], self._several())
        return "".join(values).rstrip() + self.tail

    def _decided(self, clash: Clash, choice: Choice) -> Any:
        if choice is Choice.BOTH and Choice.BOTH in self.choices(clash):
            return clash.mine + clash.theirs
        return clash.theirs if choice is Choice.THEIRS else clash.mine

    def _several(self) -> bool:
        return bool(self.clashes()) or (self.touched(By.MINE, By.WORDS) and self.touched(By.THEIRS, By.WORDS))


@dataclass(frozen=True, slots=True)
class Merge:
    """What became of a whole content."""

    fields: tuple[Field, ...]
    origin: Content

    @property
    def clashes(self) -> dict[str, Clash]:
        """Every clash by its id."""
        return {key: clash for one in self.fields for key, clash in one.clashes().items()}

    @property
    def theirs(self) -> list[str]:
        """The names of the fields into which something of theirs went by itself."""
        return [one.name for one in self.fields if one.touched(By.THEIRS, By.WORDS)]

    @property
    def mine(self) -> list[str]:
        """The names of the fields in which something of mine stayed by itself."""
        return [one.name for one in self.fields if one.touched(By.MINE, By.WORDS)]

    def open(self, chosen: Mapping[str, Choice]) -> list[str]:
        """The ids of clashes that nobody has decided yet, or not in a way that is possible."""
        return [
            key
            for one in self.fields
            for key, clash in one.clashes().items()
            if chosen.get(key) not in one.choices(clash)
        ]

    def content(self, chosen: Mapping[str, Choice] | None = None) -> Content:
        """The one text. Raises ``KeyError`` where a clash is not decided."""
        values = {one.name: one.resolved(chosen or {}) for one in self.fields}
        audience, readers = values.pop("audience")
        own = {name: value for name, value in values.items() if name in Content.__dataclass_fields__}
        fields = {name: value for name, value in values.items() if name not in own and value not in (None, "", [])}
        return replace(self.origin, **own, fields=fields, audience=audience, readers=list(readers))


def merge(kind: Kind, base: Content, mine: Content, theirs: Content) -> Merge:
    """The three-way merge of a content of this kind."""
    found = [_value("title", base.title, mine.title, theirs.title)]
    types = {spec.code: spec.type for spec in kind.fields}
    others = sorted({*base.fields, *mine.fields, *theirs.fields} - set(types))
    for code in [*types, *others]:
        found.append(_field(code, types.get(code), *(c.fields.get(code) for c in (base, mine, theirs))))
    found.append(_text("body", base.body, mine.body, theirs.body))
    for name in Content.__dataclass_fields__:
        if name not in {"title", "body", "fields", "audience", "readers"}:
            found.append(_field(name, None, *(getattr(c, name) for c in (base, mine, theirs))))
    found.append(_value("audience", *((c.audience, tuple(c.readers)) for c in (base, mine, theirs))))
    return Merge(tuple(found), mine)


def _field(name: str, kind: FieldType | None, base: Any, mine: Any, theirs: Any) -> Field:
    given = [value for value in (base, mine, theirs) if value]
    if kind is FieldType.TEXT and all(isinstance(value, str) for value in given):
        return _text(name, base or "", mine or "", theirs or "")
    if given and all(isinstance(value, list) for value in given):
        if all(isinstance(item, dict) for value in given for item in value):
            return Field(name, "list", _list(base or [], mine or [], theirs or []))
        return _set(name, base or [], mine or [], theirs or [])
    return _value(name, base, mine, theirs)


# ── values and sets ──────────────────────────────────────────────────────────────────────────────────────────────────


def _plain(base: Any, mine: Any, theirs: Any) -> Part | None:
    """What needs no thought: at most one side changed it, or both in the same way."""
    if mine == theirs:
        return Part(mine, By.NOBODY if mine == base else By.BOTH, base)
    if theirs == base:
        return Part(mine, By.MINE, base)
    return Part(theirs, By.THEIRS, base) if mine == base else None


def _value(name: str, base: Any, mine: Any, theirs: Any) -> Field:
    return Field(name, "value", (_plain(base, mine, theirs) or Clash(base, mine, theirs),))


def _set(name: str, base: list[Any], mine: list[Any], theirs: list[Any]) -> Field:
    """What either took out is out, what either put in is in: tags and services never clash."""
    plain = _plain(base, mine, theirs)
    if plain is None:
        kept = [one for one in mine if one in theirs or one not in base]
        plain = Part([*kept, *(one for one in theirs if one not in base and one not in mine)], By.WORDS, base)
    return Field(name, "value", (plain,))


# ── sequences: passages, lines, words, elements ──────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Hunk:
    """The items from ``start`` to ``stop`` of the base became these."""

    start: int
    stop: int
    items: tuple[str, ...]


def _hunks(base: Sequence[str], new: Sequence[str], pair: Pair | None = None) -> list[_Hunk]:
    """How one became the other. With ``pair``, what was changed is told apart from what is new beside it."""
    spans: list[list[int]] = []
    for op in Indel.opcodes(base, new):
        if op.tag == "equal":
            continue
        if spans and spans[-1][1] == op.src_start and spans[-1][3] == op.dest_start:
            spans[-1][1], spans[-1][3] = op.src_end, op.dest_end
        else:
            spans.append([op.src_start, op.src_end, op.dest_start, op.dest_end])
    out: list[_Hunk] = []
    for a, b, c, d in spans:
        couples = _couples(base[a:b], new[c:d], pair) if pair and (b - a) * (d - c) <= PAIRS else []
        for i, j in [*((a + i, c + j) for i, j in couples), (b, d)]:
            if a < i or c < j:
                out.append(_Hunk(a, i, tuple(new[c:j])))
            if i < b:
                out.append(_Hunk(i, i + 1, (new[j],)))
            a, c = i + 1, j + 1
    return out


def _couples(old: Sequence[str], new: Sequence[str], pair: Pair) -> list[tuple[int, int]]:
    """Which became which, in order, so that the couples are as alike as can be altogether."""
    if len(old) == len(new) == 1:
        return [(0, 0)]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    alike = [[found if (found := pair(o, n)) >= ALIKE else 0.0 for n in new] for o in old]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            here = alike[i][j] + best[i + 1][j + 1] if alike[i][j] else 0.0
            best[i][j] = max(here, best[i + 1][j], best[i][j + 1])
    out, i, j = [], 0, 0
    while i < len(old) and j < len(new):
        if alike[i][j] and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            out.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return out


@dataclass(slots=True)
class _Group:
    """Changes of both sides that meet, and the stretch of the base they meet in."""

    start: int
    stop: int
    hunks: tuple[list[_Hunk], list[_Hunk]]


def _groups(mine: list[_Hunk], theirs: list[_Hunk], *, near: bool) -> list[_Group]:
    """Changes that meet, in order. ``near``: touching is meeting; else two additions at one place are, and overlaps."""
    out: list[_Group] = []
    for hunk, side in sorted(
        [*((h, 0) for h in mine), *((h, 1) for h in theirs)], key=lambda p: (p[0].start, p[0].stop)
    ):
        last = out[-1] if out else None
        meets = last is not None and (
            hunk.start < last.stop
            or (near and hunk.start == last.stop)
            or (hunk.start == hunk.stop == last.start == last.stop)
        )
        if last is None or not meets:
            out.append(last := _Group(hunk.start, hunk.stop, ([], [])))
        last.stop = max(last.stop, hunk.stop)
        last.hunks[side].append(hunk)
    return out


def _side(base: Sequence[str], group: _Group, side: int) -> list[str]:
    """What one side made of the stretch."""
    out, at = [], group.start
    for hunk in group.hunks[side]:
        out += [*base[at : hunk.start], *hunk.items]
        at = hunk.stop
    return [*out, *base[at : group.stop]]


Together = Callable[[list[str], list[str], list[str]], list[Piece]]


def _pieces(
    base: Sequence[str], mine: list[_Hunk], theirs: list[_Hunk], value: Callable[[list[str]], Any], meet: Together
) -> list[Piece]:
    """The whole in order; ``meet`` decides where both changed the same stretch."""
    out: list[Piece] = []
    at = 0
    for group in _groups(mine, theirs, near=False):
        if at < group.start:
            same = value(list(base[at : group.start]))
            out.append(Part(same, By.NOBODY, same))
        old, my, their = list(base[group.start : group.stop]), _side(base, group, 0), _side(base, group, 1)
        plain = _plain(old, my, their)
        out += meet(old, my, their) if plain is None else [Part(value(plain.value), plain.by, value(old))]
        at = group.stop
    if at < len(base):
        same = value(list(base[at:]))
        out.append(Part(same, By.NOBODY, same))
    return out


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def merge_text(base: str, mine: str, theirs: str) -> Field:
    """Three texts as pieces of one."""
    return _text("text", base, mine, theirs)


def _text(name: str, base: str, mine: str, theirs: str) -> Field:
    plain = _plain(base, mine, theirs)
    if plain is not None:
        return Field(name, "text", (plain,), plain.value[len(plain.value.rstrip()) :])
    tails = [text[len(text.rstrip()) :] for text in (base, mine, theirs)]
    tail = _plain(*tails)
    blocks = [_blocks(text) for text in (base, mine, theirs)]
    changed = [_hunks(blocks[0], new, _alike) for new in blocks[1:]]
    pieces = _pieces(blocks[0], changed[0], changed[1], "".join, _passages)
    return Field(name, "text", tuple(pieces), tail.value if tail else max(tails[1:]))


def _blocks(text: str) -> list[str]:
    """The passages, the last of them ended like the others, so that writing on below it does not change it."""
    return split(text.rstrip() + "\n\n") if text.strip() else []


def _alike(old: str, new: str) -> float:
    return float(Indel.normalized_similarity(old, new))


def _passages(base: list[str], mine: list[str], theirs: list[str]) -> list[Piece]:
    """One stretch of passages that both changed: line by line where it has lines, then word by word."""
    texts = ["".join(one) for one in (base, mine, theirs)]
    lines = [text.splitlines(keepends=True) for text in texts]
    if not all(texts) or max(sum(1 for line in one if line.strip()) for one in lines) == 1:
        return [_words(*texts)]
    changed = [_hunks(lines[0], new, _alike) for new in lines[1:]]
    found = _pieces(lines[0], changed[0], changed[1], "".join, lambda b, m, t: [_words(*map("".join, (b, m, t)))])
    wholes = ["".join(p.value if isinstance(p, Part) else (p.mine, p.theirs)[n] for p in found) for n in (0, 1)]
    ended = all(_end(whole) in {_end(texts[1]), _end(texts[2])} for whole in wholes)  # the next passage stays its own
    return found if ended else [Clash(*texts)]


def _words(base: str, mine: str, theirs: str) -> Piece:
    """Words of both where they lie apart; a clash where they meet, or where little of the old text is left."""
    if not (base.strip() and mine.strip() and theirs.strip()) or min(_alike(base, mine), _alike(base, theirs)) < ALIKE:
        return Clash(base, mine, theirs)
    old = tokens(base)
    out, at = [], 0
    for group in _groups(_hunks(old, tokens(mine)), _hunks(old, tokens(theirs)), near=True):
        plain = _plain(list(old[group.start : group.stop]), _side(old, group, 0), _side(old, group, 1))
        if plain is None:
            return Clash(base, mine, theirs)
        out += [*old[at : group.start], *plain.value]
        at = group.stop
    text = "".join([*out, *old[at:]])
    if _end(text) not in {_end(mine), _end(theirs)}:
        return Clash(base, mine, theirs)
    return Part(text, By.WORDS, base)


def _end(text: str) -> str:
    return text[len(text.rstrip()) :]


# ── steps and branches ───────────────────────────────────────────────────────────────────────────────────────────────


def _list(base: list[Any], mine: list[Any], theirs: list[Any]) -> tuple[Piece, ...]:
    plain = _plain(base, mine, theirs)
    if plain is not None:
        return (plain,)
    rows = [[json.dumps(item, ensure_ascii=False, sort_keys=True) for item in one] for one in (base, mine, theirs)]
    changed = [_hunks(rows[0], new, _same_element) for new in rows[1:]]
    return tuple(_pieces(rows[0], changed[0], changed[1], _items, _elements))


def _items(rows: list[str]) -> list[Any]:
    return [json.loads(row) for row in rows]


def _same_element(old: str, new: str) -> float:
    """Elements are the same by their id where they have one, else by what they say."""
    a, b = json.loads(old), json.loads(new)
    if a.get("id") or b.get("id"):
        return 1.0 if a.get("id") == b.get("id") else 0.0
    return _alike(" ".join(map(str, a.values())), " ".join(map(str, b.values())))


def _elements(base: list[str], mine: list[str], theirs: list[str]) -> list[Piece]:
    old, my, their = _items(base), _items(mine), _items(theirs)
    if len(old) == len(my) == len(their) == 1:
        whole = _element(old[0], my[0], their[0])
        if whole is not None:
            return [Part([whole], By.WORDS, old)]
    return [Clash(old, my, their)]


def _element(base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any] | None:
    """One element with the changes of both; ``None`` where they meet."""
    out: dict[str, Any] = {}
    for key in dict.fromkeys([*base, *mine, *theirs]):
        given = [one.get(key) for one in (base, mine, theirs)]
        found: Piece | None = _plain(*given)
        if found is None and all(isinstance(value, str) for value in given):
            found = _words(*given)
        if not isinstance(found, Part):
            return None
        if found.value is not None:
            out[key] = found.value
    return out


def _own_ids(items: list[Any], several: bool) -> list[Any]:
    """Two people may have given the same number to two new steps: the later one gets a number of its own."""
    if not several:
        return items
    taken: set[str] = set()
    known = {str(item["id"]) for item in items if item.get("id")}
    out = []
    for item in items:
        if item.get("id") in taken:
            item = {**item, "id": next(str(n) for n in range(1, len(items) * 2 + 2) if str(n) not in known)}
            known.add(item["id"])
        taken.add(item.get("id") or "")
        out.append(item)
    return out
