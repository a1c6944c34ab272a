"""Files of readings: CSV in any of the four encodings, or Excel; which column is what, guessed and remembered."""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from core.archives import UnreadableFile
from core.i18n import _
from core.opening import cells
from core.tables import BadRow, Row, cell_too_long, too_long
from wiki.exchange.columns import folded, mended
from wiki.exchange.letters import encoding_of

EXCEL = frozenset({".xlsx", ".xls", ".ods"})
KINDS = (".csv", ".tsv", ".txt", *sorted(EXCEL))
LONGEST_CELL = 2_000
ROLES = ("indicator", "subject", "period", "numerator", "denominator", "value")
HEADINGS: dict[str, tuple[str, ...]] = {
    "indicator": ("indicator", "kpi", "measure", "code", "指标", "指標", "指标代码", "指標代碼", "指标名称", "项目"),
    "subject": (
        "subject", "person", "agent", "username", "user", "team", "who", "对象", "對象", "工号", "工號", "员工",
        "員工", "客服代表", "坐席", "座席", "班组", "班組", "团队", "團隊", "姓名", "考核对象",
    ),
    "period": (
        "period", "month", "day", "date", "quarter", "周期", "週期", "统计周期", "統計週期", "月份", "月", "日期",
        "统计日期", "季度", "期间", "期間",
    ),
    "numerator": ("numerator", "分子", "数量", "數量", "分子值"),
    "denominator": ("denominator", "分母", "基数", "基數", "总数", "總數", "分母值"),
    "value": ("value", "result", "rate", "percent", "值", "数值", "數值", "结果", "結果", "比率", "百分比", "达成值"),
}  # fmt: skip
_GUESSES = {word: role for role, words in HEADINGS.items() for word in words}


@dataclass(frozen=True, slots=True)
class Columns:
    """Which heading plays which part; indicator and period may be the same for the whole file."""

    columns: Mapping[str, str] = field(default_factory=dict)
    indicator: str = ""
    period: str = ""

    @property
    def missing(self) -> list[str]:
        """The parts that nothing plays yet."""
        have = {role for role in self.columns.values() if role}
        have |= {"indicator"} if self.indicator else set()
        have |= {"period"} if self.period else set()
        wanted = ["indicator", "subject", "period"]
        wanted += [] if "value" in have else ["numerator"]
        return [role for role in wanted if role not in have]

    def as_data(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"columns": dict(self.columns), "indicator": self.indicator, "period": self.period}


def mapping_of(data: Mapping[str, Any]) -> Columns:
    """A mapping from plain data."""
    return Columns(data.get("columns") or {}, data.get("indicator") or "", data.get("period") or "")


def guess(headings: Sequence[str]) -> Columns:
    """The likely part of each heading; the first of two alike wins, and what nobody knows is left out."""
    found: dict[str, str] = {}
    for heading in headings:
        role = _GUESSES.get(folded(heading), "")
        if role and role not in found.values() and heading not in found:
            found[heading] = role
    return Columns(found)


def signature(headings: Sequence[str]) -> str:
    """What files of the same make have in common."""
    return hashlib.sha256("\x1f".join(folded(one) for one in headings).encode()).hexdigest()


def head_of(path: Path) -> tuple[list[str], list[list[str]]]:
    """The headings and the first three rows.

    Raises:
        UnreadableFile: the file cannot be read, or is empty.
    """
    rows = [row for _line, row in islice(_filled(path), 4)]
    if not rows or isinstance(rows[0], str):
        raise UnreadableFile(_("There is no row in this file."))
    return [cell.strip() for cell in rows[0]], [row for row in rows[1:] if not isinstance(row, str)]


def rows(path: Path, mapping: Columns | None = None) -> Iterator[Row | BadRow]:
    """(line, {part: text}) of each row under the headings; a line that cannot be read comes as ``BadRow``.

    Raises:
        UnreadableFile: the file cannot be read at all.
    """
    for line, found, _cells in lines(path, mapping):
        yield found if isinstance(found, BadRow) else (line, found)


def lines(path: Path, mapping: Columns | None = None) -> Iterator[tuple[int, dict[str, Any] | BadRow, list[str]]]:
    """Like ``rows``, with the cells as they stood."""
    head: list[str] = []
    for line, row in _filled(path):
        if isinstance(row, str):
            yield line, BadRow(line, row), []
        elif not head:
            head = [cell.strip() for cell in row]
            mapping = mapping or guess(head)
        else:
            assert mapping is not None
            yield line, _row(head, row, mapping), row


def _row(head: Sequence[str], row: Sequence[str], mapping: Columns) -> dict[str, Any]:
    found = {"indicator": mapping.indicator, "period": mapping.period}
    for heading, cell in zip(head, row, strict=False):
        role = mapping.columns.get(heading)
        if role and cell.strip():
            found[role] = cell.strip()
    return found


def _filled(path: Path) -> Iterator[tuple[int, list[str] | str]]:
    """(line, cells) of every row that is not empty – or (line, sentence) of one that cannot be read."""
    for line, row in _excel(path) if path.suffix.lower() in EXCEL else _csv(path):
        if isinstance(row, str) or any(cell.strip() for cell in row):
            yield line, row


def _excel(path: Path) -> Iterator[tuple[int, list[str] | str]]:
    yield from enumerate(cells(path), 1)


def _csv(path: Path) -> Iterator[tuple[int, list[str] | str]]:
    with path.open(encoding=encoding_of(path), newline="") as file:
        start = file.read(4096).lstrip("\ufeff").split("\n", 1)[0]
        file.seek(0)
        reader = csv.reader(file, delimiter=max(",\t;", key=start.count))
        last = 0
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield last + 1, _("This is no line of a table (%(why)s).", why=error)
            else:
                yield last + 1, cell_too_long(LONGEST_CELL) if too_long(row, LONGEST_CELL) else mended(row)
            last = reader.line_num
