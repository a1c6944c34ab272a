"""What differs between two contents, field by field, for pages and for machines.

The comparing itself is in ``wiki/articles/compare``: passages, then words; it knows no fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from core.caches import Cache
from core.i18n import _
from wiki.articles.compare.parts import Part, Row
from wiki.articles.compare.parts import flat as strict
from wiki.articles.compare.passages import compare
from wiki.articles.compare.passages import rows as compared
from wiki.articles.compare.tokens import Book
from wiki.articles.comparing import Look, Shown, showing
from wiki.articles.content import Content
from wiki.articles.kinds import FieldType, Kind, field_text

__all__ = ["Change", "Part", "changed", "changes", "compare", "flat", "names", "rows", "tokens", "whole"]

_rows: Cache[tuple[Row, ...]] = Cache(size=300)  # texts never change: whoever reads a review reads it twice


@dataclass(frozen=True, slots=True)
class Change:
    """One field with a difference. ``markdown``: readers see it rendered."""

    name: str
    label: Any
    rows: tuple[Row, ...]
    markdown: bool = False

    @property
    def parts(self) -> tuple[Part, ...]:
        """The difference in its strict form."""
        return strict(self.rows)

    def shown(self, look: Look | Mapping[str, str], wanted: Sequence[tuple[int, str]] = ()) -> Shown:
        """The difference as a page shows it; ``wanted``: (number, quoted words) of remarks to be marked.

        ``look`` may be the arguments of the page's address.
        """
        look = look if isinstance(look, Look) else Look.of(look)
        found = showing(self.name, self.rows, replace(look, source=look.source or not self.markdown), wanted)
        return replace(found, look=look)


def tokens(text: str) -> tuple[str, ...]:
    """The words of a text: Chinese cut by the dictionary, Latin words, numbers and links whole, else characters."""
    return Book().cut(text).raw


def rows(old: str, new: str) -> tuple[Row, ...]:
    """The passages of two texts compared; kept for a while."""
    key = sha256(f"{len(old)} {old}{new}".encode("utf-8", "surrogatepass")).digest()
    found = _rows.get(key)
    if found is None:
        found = compared(old, new)
        _rows.put(key, found)
    return found


def flat(kind: Kind, content: Content) -> list[tuple[str, Any, str]]:
    """A content as named texts in the order readers meet them: (name, label, text)."""
    rows: list[tuple[str, Any, str]] = [("title", _("Title"), content.title)]
    rows += [(spec.code, spec.label, field_text(spec, content.fields.get(spec.code))) for spec in kind.fields]
    rows.append(("body", kind.body_label, content.body))
    rows.append(("category", _("Category"), content.category or ""))
    rows.append(("tags", _("Tags"), "，".join(content.tags)))
    rows.append(("audience", _("Audience"), content.audience))
    return rows


def _told(kind: Kind, content: Content) -> list[tuple[str, Any, str]]:
    """``flat`` with what else decides where it is found and who reads it: services, and the closed circle."""
    said = {name: (name, label, text) for name, label, text in flat(kind, content)}
    said["category"] = ("category", _("Category"), "\n".join(t for t in (content.category, *content.services) if t))
    said["audience"] = ("audience", _("Audience"), "\n".join((content.audience, *sorted(content.readers))))
    return list(said.values())


def changes(kind: Kind, old: Content, new: Content) -> tuple[list[Change], list[Any]]:
    """Fields that differ, with their parts, and the labels of filled fields that did not."""
    changed: list[Change] = []
    same: list[Any] = []
    markdown = {"body", *(spec.code for spec in kind.fields if spec.type is FieldType.TEXT)}
    for (name, label, before), (_name, _label, after) in zip(_told(kind, old), _told(kind, new), strict=True):
        if before != after:
            changed.append(Change(name, label, rows(before, after), name in markdown))
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
