"""Files of readings: ten thousand rows with twelve broken ones, encodings, columns, corrections."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from accounts.models import User
from core import clock as core_clock
from core.db import reading, session, writing
from core.errors import Invalid
from core.tables import Sheet, as_xlsx
from tests.clients import Browser
from tests.conftest import Clock
from tests.make import Make
from wiki.kpi import bringing, files, queries, sheets
from wiki.kpi.bringing import import_readings, measure_of
from wiki.kpi.cards import card
from wiki.kpi.models import KpiReading, SubjectKind
from wiki.kpi.ops import close
from wiki.kpi.periods import parse
from wiki.kpi.rules import Measure, Unit
from wiki.kpi.subjects import CENTRE

HEADS = ["指标", "工号", "月份", "分子", "分母"]
BROKEN = [
    ["没有的指标", "p1", "2026-10", "1", "1"],
    ["csat", "谁也不是", "2026-10", "1", "1"],
    ["csat", "p1", "2026-13", "1", "1"],
    ["csat", "p1", "2027-01", "1", "1"],
    ["csat", "p1", "2026-02-30", "1", "1"],
    ["csat", "p1", "2026-10", "-1", "1"],
    ["csat", "p1", "2026-10", "1,5", "1"],
    ["csat", "p1", "2026-10", "1", ""],
    ["csat", "", "2026-10", "1", "1"],
    ["approved_items", "p1", "2026-10", "1", "1"],
    ["csat", "p1", "2026-10", "95%", "100"],
    ["csat", "p1", "2026-10", "0.0000001", "1"],
]


def table(rows: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([HEADS, *rows])
    return out.getvalue().encode()


def send(browser: Browser, data: bytes, name: str) -> str:
    """Bring a file; the address of its page."""
    token = browser.csrf("/admin/kpi")
    answer = browser.post("/admin/kpi/readings", data={"csrf_token": token, "file": (io.BytesIO(data), name)})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:2000]
    return str(answer.headers["Location"])


def taken(browser: Browser, where: str) -> str:
    browser.post(f"{where}/take", data={"csrf_token": browser.csrf(where), "why": ""})
    return browser.text(where)


def test_ten_thousand_rows_with_twelve_broken_ones(
    make: Make, signed_in: Callable[[Any], Browser], clock: Clock
) -> None:
    boss = make.user("manager")
    now = core_clock.now()
    with writing() as s:
        people = [
            {"username": f"p{n}", "name": f"员工{n}", "created_at": now, "active": True, "locale": "zh_Hans"}
            for n in range(1, 1000)
        ]
        s.execute(sa.insert(User), people)
    rows = [
        ["csat", f"p{n % 999 + 1}", f"2026-10-{n // 999 + 1:02d}", "８" + str(n % 10), "1,000"] for n in range(9988)
    ]
    places = [17, 300, 999, 1000, 2345, 3456, 4567, 5678, 6789, 7890, 9000, 9999]
    for place, broken in zip(places, BROKEN, strict=True):
        rows.insert(place, broken)
    assert len(rows) == 10_000
    browser = signed_in(boss)
    where = send(browser, table(rows), "十月.csv")
    tried = browser.text(where)
    with reading():
        assert session.scalar(sa.select(sa.func.count()).select_from(KpiReading)) == 0
    assert "9,988" in tried
    done = taken(browser, where)
    assert "9,988 new, 0 corrected, 0 unchanged, 12 left out" in done
    refused = list(csv.reader(io.StringIO(browser.get(f"{where}/refused.csv").get_data().decode("utf-8-sig"))))
    assert [int(row[0]) for row in refused[1:]] == [place + 2 for place in places]
    assert [row[2:] for row in refused[1:]] == [[cell if cell != "-1" else "'-1" for cell in row] for row in BROKEN]
    assert all(row[1] for row in refused[1:])
    again = send(browser, table(rows), "十月.csv")
    assert "Nothing would change" in browser.text(again)
    assert "0 new, 0 corrected, 9,988 unchanged, 12 left out" in taken(browser, again)
    with reading():
        assert session.scalar(sa.select(sa.func.count()).select_from(KpiReading)) == 9988


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "big5", "utf-16"])
def test_letters_of_four_encodings(app: Any, tmp_path: Any, make: Make, encoding: str, clock: Clock) -> None:
    make.team("billing", name="話費組" if encoding == "big5" else "话费组")
    text = "指標,對象,期間,分子,分母\n客戶滿意度,話費組,2026年10月,９０,１００\n"
    if encoding != "big5":
        text = "指标,对象,期间,分子,分母\n客户满意度,话费组,2026年10月,９０,１００\n"
    path = tmp_path / "读数.csv"
    path.write_text(text.replace("客户满意度", "csat").replace("客戶滿意度", "csat"), encoding=encoding)
    with writing():
        report = import_readings(None, sheets.rows(path), source="x")
    assert (report.added, report.errors) == (1, [])


def test_a_workbook_a_mapping_and_that_it_is_remembered(
    make: Make, signed_in: Callable[[Any], Browser], clock: Clock
) -> None:
    boss, rep = make.user("manager"), make.user("rep", name="陈雨")
    browser = signed_in(boss)
    book = as_xlsx(
        [Sheet("a", ["谁", "哪天", "满意"], [["陈雨", "2026-10-05", "９５％"], [rep.username, "2026-10-06", 85]])]
    )
    where = send(browser, book, "满意度.xlsx")
    assert "Still to be said" in browser.text(where)
    chosen = {"column-0": "subject", "column-1": "period", "column-2": "value", "indicator": "csat", "period": ""}
    twice = {**chosen, "column-1": "value", "csrf_token": browser.csrf(where)}
    assert browser.post(f"{where}/columns", data=twice).status_code == 422
    browser.post(f"{where}/columns", data={**chosen, "csrf_token": browser.csrf(where)})
    assert "2 new" in taken(browser, where)
    next_one = as_xlsx([Sheet("b", ["谁", "哪天", "满意"], [["陈雨", "2026-10-07", "60%"]])])
    assert "Take in 1 row" in browser.text(send(browser, next_one, "下周.xlsx"))
    with reading():
        indicator = queries.indicator("csat")
        assert indicator is not None
        found = queries.in_force([(SubjectKind.PERSON, rep.id)], [indicator.id], ["2026-10"])
    assert list(found.values()) == [
        {"2026-10-05": Measure(95, 100), "2026-10-06": Measure(85, 100)}  # type: ignore[arg-type]
    ]


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ({"numerator": "1,234", "denominator": "2 000"}, Unit.PERCENT, (1234, 2000)),
        ({"numerator": "95%"}, Unit.PERCENT, (95, 100)),
        ({"value": "95"}, Unit.PERCENT, (95, 100)),
        ({"value": "312"}, Unit.SECONDS, (312, 1)),
        ({"value": "95%"}, Unit.SECONDS, None),
        ({"numerator": "12,34", "denominator": "1"}, Unit.COUNT, None),
        ({"numerator": "5"}, Unit.PERCENT, None),
    ],
)
def test_what_a_row_says(app: Any, values: dict[str, str], unit: Unit, expected: tuple[int, int] | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match=r"."):
            measure_of(values, unit)
    else:
        found = measure_of(values, unit)
        assert (found.numerator, found.denominator) == expected


def test_days_count_in_their_month_until_it_has_a_reading_of_its_own(db: Any, clock: Clock) -> None:
    def say(period: str, numerator: str) -> None:
        row = {"indicator": "calls_answered", "subject": "centre", "period": period, "numerator": numerator}
        assert import_readings(None, [(1, {**row, "denominator": "100"})], source="x").added == 1

    def value() -> Any:
        lines = [row for p in card(CENTRE, parse("2026-11"))["perspectives"] for row in p["indicators"]]
        return next((row["value"], row["periods"]) for row in lines if row["code"] == "calls_answered")

    say("2026-11-02", "80"), say("2026-11-03", "90"), say("2026-10-31", "10")
    assert value() == ("85.00", ["2026-11"])
    say("2026-11", "70")
    assert value() == ("70.00", ["2026-11"])


def test_a_correction_by_hand_keeps_the_old_figure_and_says_why(db: Any, make: Make, clock: Clock) -> None:
    boss = make.actor("manager")
    row = {"indicator": "csat", "subject": "centre", "period": "2026-10", "numerator": "80", "denominator": "100"}
    import_readings(boss, [(1, row)], source="a.csv")
    old = session.scalars(sa.select(KpiReading)).one()
    with pytest.raises(Invalid):
        bringing.correct(boss, old, numerator="90", denominator="100", why=" ")
    with pytest.raises(Invalid):
        bringing.correct(boss, old, numerator="80", denominator="100", why="the same")
    made = bringing.correct(boss, old, numerator="90", denominator="100", why="ten were missing")
    assert (made.number, made.why, made.by_id, old.numerator) == (2, "ten were missing", boss.id, 80)
    close(None, parse("2026-10"))
    with pytest.raises(Invalid, match="closed"):
        bringing.correct(boss, old, numerator="91", denominator="100", why="too late")


def test_a_file_nobody_takes_in_is_forgotten(app: Any, make: Make, clock: Clock) -> None:
    with writing():
        row = files.begin(make.actor("manager"), "a.csv", table([["csat", "centre", "2026-10", "1", "2"]]))
        path = files.path_of(row)
    assert path.exists()
    clock.advance(days=31)
    with writing():
        files.forget_old()
    assert not path.exists()
