"""Rules as a table that people bring and take away: columns ``words``, ``meaning``, ``note``, ``state``."""

from collections.abc import Iterator
from pathlib import Path

from core.archives import UnreadableFile
from core.db import session
from core.errors import DomainError
from core.i18n import _
from core.opening import cells
from core.tables import BadRow, Cell, Row, Sheet, as_csv, as_xlsx, rows
from wiki.search import words
from wiki.search.word_rules import STATE_NAMES

LARGEST = 2 << 20  # bytes of a file of rules
COLUMNS = {
    "words": ("words", "word", "said", "词", "词语", "說法", "说法", "詞", "詞語"),
    "meaning": ("meaning", "meant", "means", "含义", "意思", "含義", "指"),
    "note": ("note", "备注", "備註", "说明", "說明"),
}


def table(form: str) -> bytes:
    """All rules; what is brought back as it is changes nothing."""
    head = ["words", "meaning", "note", "state", "changed by", "changed at"]
    body: list[list[Cell]] = [
        [
            " = ".join(row.said),
            " = ".join(row.meant),
            row.note,
            str(STATE_NAMES[row.state]),
            row.changed_by.name,
            row.changed_at,
        ]
        for row in session.scalars(words.kept())
    ]
    sheet = Sheet("words", head, body)
    return as_csv(sheet) if form == "csv" else as_xlsx([sheet])


def lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """(line number, rule, note) of a file, lazily.

    Raises:
        DomainError: it cannot be read, or has no column of words.
    """
    for row in _workbook(path) if path.suffix.lower() == ".xlsx" else rows(path):
        if isinstance(row, BadRow):
            raise row
        number, values = row
        if not any(name in values for name in COLUMNS["words"]):
            raise DomainError(_("The file needs a column “words”; “meaning” and “note” may stand beside it."))
        said, meant, note = (
            next((str(values[name]) for name in COLUMNS[part] if values.get(name)), "") for part in COLUMNS
        )
        if said or meant:
            yield number, f"{said} → {meant}" if meant else said, note


def _workbook(path: Path) -> Iterator[Row]:
    """The rows of a workbook, which is examined first and opened by a process of its own."""
    head: list[str] | None = None
    try:
        for number, row in enumerate(cells(path), 1):
            texts = [cell.strip() for cell in row]
            if head is None:
                head = [name.lower() for name in texts]
            elif any(texts):
                yield number, dict(zip(head, texts, strict=False))
    except UnreadableFile as error:
        raise DomainError(str(error), code="bad-file") from error
