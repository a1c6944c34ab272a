"""Files into rows: JSONL, CSV, Excel, or a folder of Markdown with front matter. It only reads."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.i18n import _
from wiki.exchange import frontmatter
from wiki.exchange.rows import Line, line_of

LONGEST = 2_000_000  # characters of one cell; a longer text is refused where it is checked


class UnreadableFile(Exception):
    """The whole file cannot be read; the sentence says why."""


def read(path: Path) -> Iterator[Line]:
    """The lines of a file or folder, one at a time, so that memory stays flat.

    Raises:
        UnreadableFile: it is missing or of no kind that can be imported.
    """
    if path.is_dir():
        yield from _folder(path)
    elif not path.exists():
        raise UnreadableFile(_("%(path)s does not exist.", path=path))
    elif path.suffix.lower() in {".jsonl", ".ndjson", ".json"}:
        yield from _jsonl(path)
    elif path.suffix.lower() == ".csv":
        yield from _csv(path)
    elif path.suffix.lower() in {".xlsx", ".xls", ".ods"}:
        yield from _excel(path)
    else:
        raise UnreadableFile(_("%(path)s: give a .jsonl, .csv or .xlsx file, or a folder of Markdown.", path=path))


def _jsonl(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if raw.strip():
                yield _json_line(f"line {number}", raw)


def _json_line(place: str, raw: bytes) -> Line:
    try:
        data = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return Line(place, error=_("not valid JSON (%(why)s)", why=str(error)[:120]))
    return line_of(place, data)


def _csv(path: Path) -> Iterator[Line]:
    encoding = _encoding(path)
    csv.field_size_limit(LONGEST)
    with path.open(encoding=encoding, newline="") as file:
        rows = csv.DictReader(file)
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(f"line {rows.line_num}", error=_("not a line of a table (%(why)s)", why=error))
                continue
            yield line_of(f"line {rows.line_num}", {key: value for key, value in row.items() if key})


def _encoding(path: Path) -> str:
    """UTF-8, or the Chinese national standard that spreadsheets here still write; never a guess that loses letters.

    Raises:
        UnreadableFile: it is neither.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding, newline="") as file:
                while file.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableFile(_("%(path)s is neither UTF-8 nor GB 18030; save it as UTF-8.", path=path))


def _excel(path: Path) -> Iterator[Line]:
    from python_calamine import CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except Exception as error:  # the library raises several kinds for a damaged file
        raise UnreadableFile(_("%(path)s cannot be read as a table: %(why)s", path=path, why=error)) from error
    if not rows:
        return
    head = [str(cell).strip() for cell in rows[0]]
    for number, row in enumerate(rows[1:], 2):
        if any(str(cell).strip() for cell in row):
            yield line_of(f"row {number}", {k: v for k, v in zip(head, map(_cell, row), strict=False) if k})


def _cell(value: Any) -> str:
    """A cell as it is read on the screen: 1001, not 1001.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _folder(path: Path) -> Iterator[Line]:
    for file in sorted(path.rglob("*.md")):
        place = str(file.relative_to(path))
        try:
            text = file.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            yield Line(place, error=str(error))
            continue
        meta, body = frontmatter.split(text)
        if meta is None:
            yield Line(place, error=_("the front matter between the --- lines is not valid"))
            continue
        yield line_of(place, {"id": place.removesuffix(".md"), "title": file.stem, **meta, "body": body})
