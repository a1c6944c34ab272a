"""What a line of a file becomes: a row to import, or a sentence that says what is wrong with it."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from core.i18n import _
from core.texts import one_line
from wiki.articles.content import Content
from wiki.articles.publishing import Row

LIST_KEYS = ("tags", "services", "readers")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a text shows as ``![…](picture:<digest>)`` until it is kept."""

    name: str
    data: bytes

    @property
    def address(self) -> str:
        """What stands in the text in its place."""
        return f"picture:{hashlib.sha256(self.data).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: where it stands, its row or what is wrong with it. ``cells``: as they were, to be mended."""

    place: str
    row: Row | None = None
    error: str = ""
    cells: dict[str, str] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    remarks: tuple[str, ...] = ()


def line_of(place: str, data: Any) -> Line:
    """The row that an object of keys and values says."""
    if not isinstance(data, dict):
        return Line(place, error=_("a line must be an object with id, title and body"))
    external = one_line(str(data.get("id") if data.get("id") is not None else ""))
    if not external:
        return Line(place, error=_("the id is missing"))
    title = data.get("title")
    if not isinstance(title, str | int | float) or not str(title).strip():
        return Line(place, error=_("the title is missing"))
    fields = data.get("fields")
    if isinstance(fields, str) and fields.strip():
        try:
            data = {**data, "fields": json.loads(fields)}
        except ValueError:
            return Line(place, error=_("the column 'fields' is not valid JSON"))
    return Line(
        place,
        Row(
            id=short(external), kind=str(data.get("kind") or ""), slug=str(data.get("slug") or ""),
            content=content_of(data),
        ),
    )  # fmt: skip


def short(external: str) -> str:
    """An external id that fits its column."""
    return external if len(external) <= 200 else hashlib.sha256(external.encode()).hexdigest()


def content_of(data: dict[str, Any]) -> Content:
    """The content that an object of keys and values says; what it does not say is empty."""
    fields = data.get("fields")
    return Content(
        title=str(data.get("title") or ""),
        body=str(data.get("body") or ""),
        fields=fields if isinstance(fields, dict) else {},
        category=str(data["category"]) if data.get("category") else None,
        **{key: _list(data.get(key)) for key in LIST_KEYS},
        audience=str(data.get("audience") or "internal"),
    )


def _list(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    return [part.strip() for part in str(value).replace("，", ",").split(",") if part.strip()] if value else []
