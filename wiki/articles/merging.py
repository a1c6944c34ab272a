"""Three texts become one: what both began from, what I wrote, what they wrote meanwhile.

Texts are merged by passages, inside a passage by lines and then by words; steps and branches by element; all else by
value. Where both changed the same place, both texts stay side by side as a *clash* until somebody has chosen: nothing
that either side wrote is ever dropped. Pure: no database, no clock, the same answer each time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from rapidfuzz.distance import Indel

from core.passages import split
from wiki.articles.content import Content
from wiki.articles.diff import tokens
from wiki.articles.kinds import FieldType, Kind
from wiki.articles.merge_parts import ALIKE, By, Clash, Part, Piece, groups, hunks, pieces_of, settle, side_of

APART = frozenset({"title", "body", "fields", "audience", "readers"})  # of a content: not merged by their type


class Choice(StrEnum):
    """What becomes of a clash."""

    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"


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
        ids = iter(self.clashes())
        values = [p.value if isinstance(p, Part) else self._decided(p, chosen[next(ids)]) for p in self.pieces]
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
    all_three = (base, mine, theirs)
    found += [_field(code, types.get(code), *(c.fields.get(code) for c in all_three)) for code in [*types, *others]]
    found.append(_text("body", base.body, mine.body, theirs.body))
    names = [name for name in Content.__dataclass_fields__ if name not in APART]
    found += [_field(name, None, *(getattr(c, name) for c in all_three)) for name in names]
    found.append(_value("audience", *((c.audience, tuple(c.readers)) for c in all_three)))
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


def _value(name: str, base: Any, mine: Any, theirs: Any) -> Field:
    return Field(name, "value", (settle(base, mine, theirs) or Clash(base, mine, theirs),))


def _set(name: str, base: list[Any], mine: list[Any], theirs: list[Any]) -> Field:
    """What either took out is out, what either put in is in: tags and services never clash."""
    plain = settle(base, mine, theirs)
    if plain is None:
        kept = [one for one in mine if one in theirs or one not in base]
        plain = Part([*kept, *(one for one in theirs if one not in base and one not in mine)], By.WORDS, base)
    return Field(name, "value", (plain,))


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def merge_text(base: str, mine: str, theirs: str) -> Field:
    """Three texts as pieces of one."""
    return _text("text", base, mine, theirs)


def _text(name: str, base: str, mine: str, theirs: str) -> Field:
    plain = settle(base, mine, theirs)
    if plain is not None:
        return Field(name, "text", (plain,), plain.value[len(plain.value.rstrip()) :])
    tails = [text[len(text.rstrip()) :] for text in (base, mine, theirs)]
    tail = settle(*tails)
    blocks = [_blocks(text) for text in (base, mine, theirs)]
    changed = [hunks(blocks[0], new, _alike) for new in blocks[1:]]
    pieces = pieces_of(blocks[0], changed[0], changed[1], "".join, _passages)
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
    changed = [hunks(lines[0], new, _alike) for new in lines[1:]]
    found = pieces_of(lines[0], changed[0], changed[1], "".join, lambda b, m, t: [_words(*map("".join, (b, m, t)))])
    wholes = ["".join(p.value if isinstance(p, Part) else (p.mine, p.theirs)[n] for p in found) for n in (0, 1)]
    ended = all(_end(whole) in {_end(texts[1]), _end(texts[2])} for whole in wholes)  # the next passage stays its own
    return found if ended else [Clash(*texts)]


def _words(base: str, mine: str, theirs: str) -> Piece:
    """Words of both where they lie apart; a clash where they meet, or where little of the old text is left."""
    if not (base.strip() and mine.strip() and theirs.strip()) or min(_alike(base, mine), _alike(base, theirs)) < ALIKE:
        return Clash(base, mine, theirs)
    old = tokens(base)
    out, at = [], 0
    for group in groups(hunks(old, tokens(mine)), hunks(old, tokens(theirs)), near=True):
        plain = settle(list(old[group.start : group.stop]), side_of(old, group, 0), side_of(old, group, 1))
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
    plain = settle(base, mine, theirs)
    if plain is not None:
        return (plain,)
    rows = [[json.dumps(item, ensure_ascii=False, sort_keys=True) for item in one] for one in (base, mine, theirs)]
    changed = [hunks(rows[0], new, _same_element) for new in rows[1:]]
    return tuple(pieces_of(rows[0], changed[0], changed[1], _items, _elements))


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
        found: Piece | None = settle(*given)
        if found is None and all(isinstance(value, str) for value in given):
            found = _words(*(str(value) for value in given))
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
        own = item.get("id")
        if own in taken:
            own = next(str(n) for n in range(1, len(items) * 2 + 2) if str(n) not in known)
            known.add(own)
        taken.add(own or "")
        out.append({**item, "id": own} if own else item)
    return out
