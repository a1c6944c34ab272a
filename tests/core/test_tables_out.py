"""Tables that people take away."""

from datetime import UTC, date, datetime

from core.tables import BadRow, Sheet, as_csv, as_xlsx, rows

SHEET = Sheet(
    "Lead times / QA",
    ["stage", "hours"],
    [["质检", 1.5], ["=1+1", None], ["-x", -2], [date(2026, 11, 1), datetime(2026, 11, 1, 9, 5, tzinfo=UTC)]],
)


def back(path) -> list[dict]:
    found = list(rows(path))
    assert not any(isinstance(one, BadRow) for one in found)
    return [values for _line, values in found]


def test_csv_comes_back_and_holds_no_formula(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(as_csv(SHEET))
    assert back(path) == [
        {"stage": "质检", "hours": "1.5"},
        {"stage": "'=1+1", "hours": ""},
        {"stage": "'-x", "hours": "-2"},
        {"stage": "2026-11-01", "hours": "2026-11-01 09:05"},
    ]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_what_chinese_spreadsheets_take_for_a_formula_is_text_too():
    cells = ["＝1+1", "＋1", "－1", "＠x", "\n=1+1"]
    lines = as_csv(Sheet("x", cells, [cells])).decode("utf-8-sig")
    assert all(lines.count(f"'{one}") == 2 for one in cells)


def test_a_workbook_comes_back_and_text_stays_text(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(as_xlsx([SHEET, Sheet("", ["x"], [])]))
    assert back(path)[:3] == [
        {"stage": "质检", "hours": "1.5"},
        {"stage": "=1+1", "hours": ""},
        {"stage": "-x", "hours": "-2"},
    ]


def test_a_cell_without_end_spoils_its_line_alone(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("name\none\n" + "x" * 200_000 + "\ntwo\n")
    found = list(rows(path))
    assert [one.line if isinstance(one, BadRow) else one for one in found] == [
        (2, {"name": "one"}), 3, (4, {"name": "two"})
    ]  # fmt: skip
