"""Rows of files that people bring – CSV (in UTF-8 or GB 18030, as Excel writes it), XLSX, JSON lines – and take away.

What is taken away opens in a spreadsheet as it is: text stays text, and never becomes a formula.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.archives import UnreadableFile
from core.errors import DomainError
from core.i18n import _
from core.opening import cells

Row = tuple[int, dict[str, Any]]
KINDS = (".csv", ".xlsx", ".jsonl")
LONGEST = 2_000_000  # characters of one cell that the reader of CSV bears; each use has a limit of its own below it
LONGEST_HERE = 100_000
csv.field_size_limit(LONGEST)  # of the whole process: who set another would set it for a file read beside this one


class BadRow(DomainError):
    """One line cannot be read; ``line`` names it. The others can."""

    status = 422
    code = "bad-row"

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence, line=line)
        self.line = line


def rows(path: Path) -> Iterator[Row | BadRow]:
    """(line number, {column: value}) of a file, lazily; a line that cannot be read comes as ``BadRow``.

    Empty lines are passed over; column names are lower case, blanks around them gone; values of CSV and XLSX are text.

    Raises:
        DomainError: the file is not there, or is none of CSV, XLSX, JSON lines.
    """
    if not path.is_file():
        raise DomainError(_("There is no file %(path)s.", path=str(path)), code="no-file")
    readers = {".csv": _csv, ".xlsx": _xlsx, ".jsonl": _jsonl, ".ndjson": _jsonl}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DomainError(
            _("%(name)s is none of: %(kinds)s.", name=path.name, kinds=", ".join(KINDS)), code="unknown-file-kind"
        )
    yield from reader(path)


def _jsonl(path: Path) -> Iterator[Row | BadRow]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if not raw.strip():
                continue
            try:
                found = json.loads(raw)
            except (ValueError, RecursionError):
                yield BadRow(number, _("Line %(n)s is not valid JSON.", n=number))
                continue
            if isinstance(found, dict):
                yield number, found
            else:
                yield BadRow(number, _("Line %(n)s is not a JSON object.", n=number))


def _csv(path: Path) -> Iterator[Row | BadRow]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError as error:
            raise DomainError(_("%(name)s is neither UTF-8 nor GB 18030.", name=path.name), code="encoding") from error
    reader = csv.reader(io.StringIO(text, newline=""))
    head: list[str] | None = None
    while True:
        number = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:  # a cell longer than any of ours
            yield BadRow(number, _("This is no line of a table (%(why)s).", why=error))
            continue
        if too_long(values, LONGEST_HERE):
            yield BadRow(number, cell_too_long(LONGEST_HERE))
        elif head is None:
            head = _head(values)
        elif any(value.strip() for value in values):
            yield number, dict(zip(head, (value.strip() for value in values), strict=False))


def too_long(cells: Sequence[str], most: int) -> bool:
    """One of the cells is longer than it may be."""
    return any(len(cell) > most for cell in cells)


def cell_too_long(most: int) -> str:
    """The sentence about it."""
    return _("A cell of this line is longer than %(n)s characters.", n=most)


def _xlsx(path: Path) -> Iterator[Row | BadRow]:
    """Through the wall of everything that is brought in: examined first, then opened by a process of its own."""
    head: list[str] | None = None
    try:
        for number, values in enumerate(cells(path), 1):
            texts = [value.strip() for value in values]
            if too_long(texts, LONGEST_HERE):
                yield BadRow(number, cell_too_long(LONGEST_HERE))
            elif not any(texts):
                continue
            elif head is None:
                head = _head(texts)
            else:
                yield number, dict(zip(head, texts, strict=False))
    except UnreadableFile as error:
        raise DomainError(str(error), code="bad-file") from error


def _head(names: list[str]) -> list[str]:
    return [name.strip().lower() for name in names]


# ── taken away ───────────────────────────────────────────────────────────────────────────────────────────────────────

TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # Chinese Excel takes the wide ones, too
NOT_PLAIN = re.compile(r"[^A-Za-z0-9._ -]+")
Cell = str | int | float | Decimal | date | datetime | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its name, its column heads, its rows. Times are written as they are given: make them local first."""

    name: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def attachment(name: str) -> str:
    """The ``Content-Disposition`` of a file to take away: headers know Latin letters alone, names may be Chinese."""
    return f"attachment; filename=\"{NOT_PLAIN.sub('_', name)}\"; filename*=UTF-8''{quote(name)}"


def as_csv(sheet: Sheet) -> bytes:
    """UTF-8 with the mark by which Excel knows it. Text that a spreadsheet would take for a formula gets a quote."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_harmless(name) for name in sheet.head])
    writer.writerows([_harmless(value) for value in row] for row in sheet.rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _harmless(value: Cell) -> str | int | float | Decimal:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value


def as_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """A workbook with a sheet for each table; numbers are numbers, times are text."""
    import xlsxwriter  # loaded for the few who take one away

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    bold = book.add_format({"bold": True})
    for number, sheet in enumerate(sheets, 1):
        page = book.add_worksheet(_sheet_name(sheet.name, number))
        for column, name in enumerate(sheet.head):
            page.write_string(0, column, name, bold)
        for line, row in enumerate(sheet.rows, 1):
            for column, value in enumerate(row):
                if isinstance(value, int | float | Decimal):
                    page.write_number(line, column, float(value))  # a spreadsheet knows no others
                elif value is not None:
                    page.write_string(line, column, value if isinstance(value, str) else str(_harmless(value)))
        page.freeze_panes(1, 0)
        page.autofit()
    book.close()
    return out.getvalue()


def _sheet_name(name: str, number: int) -> str:
    """What Excel allows: 31 characters, none of ``[]:*?/\\``."""
    return "".join(" " if c in "[]:*?/\\'" else c for c in name)[:28].strip() or str(number)
