"""An import is a job: looked at first, taken row by row, cut off anywhere, and gone on with where it was."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import outbox
from core.db import reading, session, writing
from tests.clients import Browser
from tests.make import Make
from wiki.articles import ops as writing_ops
from wiki.articles.models import Article, Publication, Submission
from wiki.exchange import ops, work
from wiki.exchange.models import Import, ImportRow
from wiki.exchange.rules import Found, Outcome, State

HEAD = ["编号", "标题", "正文", "类型", "分类", "标签", "备注一"]
GOOD = ["K-1", "几点开门", "九点。", "常见问题", "资费", "营业厅，时间", "x"]


def table(*rows: list[str], head: list[str] | None = None, encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([head or HEAD, *rows])
    return out.getvalue().encode(encoding)


@pytest.fixture
def manager(make: Make) -> Any:
    with writing():
        writing_ops.add_category("tariffs", "资费")
    return make.user("manager", username="lina")


@pytest.fixture
def browser(manager: Any, signed_in: Callable[..., Browser]) -> Browser:
    return signed_in(manager)


def bring(browser: Browser, data: bytes, name: str = "表.csv", status: int = 302) -> str:
    answer = browser.post(
        "/admin/import",
        data={"file": (io.BytesIO(data), name), "csrf_token": browser.csrf("/admin/import")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.headers.get("Location", "") if status == 302 else answer.get_data(as_text=True)


def choices(browser: Browser, page: str, **changed: str) -> dict[str, str]:
    """The form as it stands on the page, with some of it changed."""
    import re

    text = browser.text(page)
    form = {}
    for name, inner in re.findall(r'<select[^>]*\bname="([^"]+)"[^>]*>(.*?)</select>', text, re.S):
        chosen = re.search(r'value="([^"]*)" selected', inner) or re.search(r'value="([^"]*)"', inner)
        form[name] = chosen.group(1) if chosen else ""
    return {**form, **changed}


def check(browser: Browser, page: str, **changed: str) -> str:
    answer = browser.submit(page, choices(browser, page, **changed), to=f"{page}/check")
    assert answer.status_code == 302, answer.get_data(as_text=True)
    outbox.drain()
    return browser.text(page)


def rows() -> list[ImportRow]:
    with reading() as s:
        return list(s.scalars(sa.select(ImportRow).order_by(ImportRow.id)))


def only() -> Import:
    with reading() as s:
        return s.scalars(sa.select(Import)).one()


def articles() -> dict[str, Article]:
    with reading() as s:
        return {row.external_id or row.slug: row for row in s.scalars(sa.select(Article))}


@pytest.mark.both_databases
def test_from_file_to_articles(browser: Browser, make: Make):
    wrong = [
        ["K-2", "", "x", "", "", "", ""],
        ["K-3", "三", "x", "诗", "", "", ""],
        ["K-4", "四", "x", "", "nowhere", "", ""],
    ]
    page = bring(browser, table(GOOD, *wrong, ["K-5", "五", "5", "话术", "", "", ""], encoding="gb18030"))
    text = browser.text(page)
    assert "备注一" in text
    text = check(browser, page)
    assert articles() == {}, "a dry run changes nothing"
    assert [(row.found, row.external_id) for row in rows()] == [
        (Found.NEW, "K-1"), (Found.WRONG, ""), (Found.WRONG, "K-3"), (Found.WRONG, "K-4"), (Found.NEW, "K-5"),
    ]  # fmt: skip
    assert "line 3" in text
    assert "the title is missing" in text
    assert browser.submit(page, to=f"{page}/run").status_code == 302
    outbox.drain()
    found = articles()
    assert {key: (row.title, row.kind, row.version) for key, row in found.items()} == {
        "K-1": ("几点开门", "faq", "1.0"), "K-5": ("五", "script", "1.0"),
    }  # fmt: skip
    assert found["K-1"].category_id
    assert found["K-1"].tags == ["时间", "营业厅"]
    assert only().state is State.DONE
    assert "created: 2" in browser.text(page)
    mended = list(csv.reader(io.StringIO(browser.get(f"{page}/errors.csv").data.decode("utf-8-sig"))))
    assert mended[0] == ["Where", "What is wrong", *HEAD]
    assert [row[2] for row in mended[1:]] == ["K-2", "K-3", "K-4"]
    assert browser.submit(page, to=f"{page}/run").status_code == 409, "what is done is not done again"


@pytest.mark.both_databases
def test_what_was_mended_comes_again(browser: Browser):
    page = bring(browser, table(GOOD, ["K-2", "", "- 一", "", "", "", ""]))
    check(browser, page)
    browser.submit(page, to=f"{page}/run")
    outbox.drain()
    sheet = list(csv.reader(io.StringIO(browser.get(f"{page}/errors.csv").data.decode("utf-8-sig"))))
    sheet[1][3] = "二"
    out = io.StringIO(newline="")
    csv.writer(out).writerows(sheet)
    again = bring(browser, out.getvalue().encode("utf-8-sig"), "mended.csv")
    check(browser, again)
    browser.submit(again, to=f"{again}/run")
    outbox.drain()
    with reading() as s:
        bodies = {row.external_id: row.revision.body for row in s.scalars(sa.select(Article))}
    assert bodies == {"K-1": "九点。", "K-2": "- 一"}, "the quote that guards a spreadsheet is no part of the text"


def test_twice_is_once(browser: Browser):
    for turn in range(2):
        page = bring(
            browser, table(GOOD, ["K-2", "二", "b", "", "", "", ""] if turn else ["K-2", "二", "a", "", "", "", ""])
        )
        text = check(browser, page)
        browser.submit(page, to=f"{page}/run")
        outbox.drain()
    assert [row.found for row in rows()[2:]] == [Found.SAME, Found.CHANGED]
    assert "unchanged" in text
    assert {key: row.version for key, row in articles().items()} == {"K-1": "1.0", "K-2": "1.1"}


def test_without_a_column_of_numbers_titles_tell(browser: Browser):
    page = bring(browser, table(["怎么退订?", "拨打 10086。"], head=["客户问题", "标准答案"]))
    check(browser, page)
    browser.submit(page, to=f"{page}/run")
    outbox.drain()
    with reading() as s:
        (article,) = s.scalars(sa.select(Article))
        assert (article.title, article.external_id) == ("怎么退订?", "怎么退订?")
        assert article.revision.fields == {"question": "怎么退订?", "answer": "拨打 10086。"}


@pytest.mark.both_databases
@pytest.mark.parametrize("way", ["submit", "draft"])
def test_as_proposals_of_the_manager(browser: Browser, make: Make, way: str):
    make.user("business")
    data = table(["a", "一", "问?", "答。"], ["b", "二", "", ""], head=["id", "title", "question", "answer"])
    for _turn in range(2):
        page = bring(browser, data)
        check(browser, page, way=way)
        browser.submit(page, to=f"{page}/run")
        outbox.drain()
    with reading() as s:
        states = sorted((row.head.title, row.state.value) for row in s.scalars(sa.select(Submission)))
        assert s.scalar(sa.select(sa.func.count()).select_from(Publication)) == 0
    if way == "submit":
        assert states == [("一", "in_review")], "a text that lacks what its kind needs is not handed in"
        assert [row.found for row in rows()] == [Found.NEW, Found.WRONG, Found.SAME, Found.WRONG]
    else:
        assert states == [("一", "draft"), ("二", "draft")], "twice is once"


@pytest.mark.both_databases
def test_cut_off_anywhere_it_goes_on(browser: Browser, monkeypatch: pytest.MonkeyPatch):
    """Killed between any two steps: the transaction in hand is gone, what was committed stays and is not repeated."""
    monkeypatch.setattr(work, "BATCH", 2)
    page = bring(browser, table(*[[f"K-{n}", f"题 {n}", "x", "", "", "", ""] for n in range(7)]))
    browser.submit(page, choices(browser, page), to=f"{page}/check")
    _with_kills(monkeypatch)
    assert [row.number for row in rows()] == list(range(1, 8))
    browser.submit(page, to=f"{page}/run")
    _with_kills(monkeypatch)
    with reading() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(Publication)) == 7
        assert s.scalar(sa.select(sa.func.count()).select_from(Submission)) == 7
    assert {row.outcome for row in rows()} == {Outcome.CREATED}
    assert only().state is State.DONE


class Killed(BaseException):
    """The process is gone."""


def _with_kills(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work until it is done, dying at every third row – before its batch is committed."""
    steps = {"n": 0}
    real = work.attempt

    def dying(*args: Any) -> Any:
        steps["n"] += 1
        if steps["n"] % 3 == 0:
            raise Killed
        return real(*args)

    monkeypatch.setattr(work, "attempt", dying)
    for _life in range(30):
        try:
            work.go_on(only().id, until=0)
        except Killed:
            continue
        if only().state not in {State.CHECKING, State.RUNNING}:
            break
    monkeypatch.setattr(work, "attempt", real)
    outbox.drain()


def test_a_row_is_taken_whole_or_not_at_all(browser: Browser, monkeypatch: pytest.MonkeyPatch):
    page = bring(browser, table(GOOD, ["K-2", "二", "x", "", "", "", ""]))
    check(browser, page)
    real = work.taking.import_row

    def half(actor: Any, row: Any) -> Any:
        made = real(actor, row)
        if row.id == "K-1":
            raise OSError("the disk has gone")
        return made

    monkeypatch.setattr(work.taking, "import_row", half)
    browser.submit(page, to=f"{page}/run")
    outbox.drain()
    assert set(articles()) == {"K-2"}
    assert [row.outcome for row in rows()] == [Outcome.REFUSED, Outcome.CREATED]
    with reading() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(Submission)) == 1, "nothing of the first row stays"


def test_stopped_and_run_again(browser: Browser, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(work, "BATCH", 1)
    page = bring(browser, table(GOOD, ["K-2", "二", "x", "", "", "", ""]))
    check(browser, page)
    browser.submit(page, to=f"{page}/run")
    work.go_on(only().id, until=0)
    assert browser.submit(page, to=f"{page}/stop").status_code == 302
    outbox.drain()
    assert len(articles()) == 1
    assert browser.submit(page, to=f"{page}/run").status_code == 302
    outbox.drain()
    assert len(articles()) == 2


def test_a_number_that_leads_to_a_person_is_told(browser: Browser):
    page = bring(browser, table(["K-1", "一", "请拨 13812345678。", "", "", "", ""],
                                ["K-2", "二", "请拨 13812345678。", "话术", "", "", ""]))  # fmt: skip
    check(browser, page)
    first, second = rows()
    assert first.found is Found.NEW
    assert len(first.remarks) == 1
    assert "13812345678" not in str(first.remarks)
    assert second.found is Found.WRONG, "in a script it must go"


def test_a_wrong_choice_is_named(browser: Browser):
    page = bring(browser, table(GOOD))
    answer = browser.submit(page, choices(browser, page, **{"column-2": "title"}), to=f"{page}/check")
    assert answer.status_code == 422
    assert "Two columns cannot both be" in answer.get_data(as_text=True)
    answer = browser.submit(page, choices(browser, page, **{"column-1": ""}), to=f"{page}/check")
    assert "Say which column is the title." in answer.get_data(as_text=True)


def test_what_is_no_table_says_so(browser: Browser):
    assert "is empty" in bring(browser, b"", status=422)
    assert "ends in" in bring(browser, b"x", "a.exe", status=422)
    assert "damaged" in bring(browser, b"x", "a.xlsx", status=422)
    page = bring(browser, b"\x00\x01 nonsense", "a.docx")
    check(browser, page)
    assert rows()[0].found is Found.WRONG


def test_forgotten_with_its_file(browser: Browser, app: Any):
    page = bring(browser, table(GOOD))
    check(browser, page)
    folder = Path(app.config["SPIRAL"].var) / "imports"
    assert list(folder.iterdir())
    assert browser.submit(page, to=f"{page}/forget").status_code == 302
    assert list(folder.iterdir()) == []
    assert browser.get(page).status_code == 404


def test_old_ones_are_forgotten_by_themselves(browser: Browser, clock: Any):
    page = bring(browser, table(GOOD))
    clock.advance(days=29)
    with writing():
        ops.forget_old()
    assert browser.get(page).status_code in {200, 302}
    clock.advance(days=2)
    with writing():
        ops.forget_old()
        assert session.scalar(sa.select(sa.func.count()).select_from(Import)) == 0
