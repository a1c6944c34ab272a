"""Files in and out: again is nothing new, a broken line is named and spoils nothing else."""

import csv
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
import xlsxwriter
from flask import Flask

from core.db import reading, writing
from tests.make import Make
from wiki.articles import ops
from wiki.articles.models import Article, Publication
from wiki.exchange.cli import run

GOOD = {"id": "q1", "title": "几点开门?", "body": "九点。", "kind": "faq", "tags": ["营业厅"], "whatever": 1}


@pytest.fixture
def manager(make: Make):
    return make.actor("manager")


def jsonl(path: Path, *rows: object) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def counts(report) -> dict[str, int]:
    return {key: value for key, value in report.counts.items() if value}


def articles() -> dict[str, Article]:
    with reading() as s:
        return {row.external_id or row.slug: row for row in s.scalars(sa.select(Article))}


@pytest.mark.both_databases
def test_again_changes_nothing(manager, tmp_path: Path):
    path = jsonl(tmp_path / "a.jsonl", GOOD, {"id": 2, "title": "二"})
    assert counts(run(path, manager)) == {"created": 2}
    assert counts(run(path, manager)) == {"unchanged": 2}
    jsonl(path, {**GOOD, "body": "八点半。"}, {"id": "2", "title": "二"})
    assert counts(run(path, manager)) == {"updated": 1, "unchanged": 1}
    found = articles()
    assert (found["q1"].version, found["2"].version) == ("1.1", "1.0")
    assert found["2"].kind == "faq", "the kind of a line that names none"


@pytest.mark.both_databases
def test_a_broken_line_is_named_and_spoils_nothing_else(manager, tmp_path: Path):
    bad = [
        "{not json",
        "[1, 2]",
        {"title": "no id"},
        {"id": "x1"},
        {"id": "x2", "title": "t", "kind": "poem"},
        {"id": "x3", "title": "t", "category": "nowhere"},
        {"id": "x4", "title": "t", "fields": {"nope": "x"}},
        {"id": "x5", "title": "t", "audience": "friends"},
        {"id": "x6", "title": "长" * 300},
        {"id": "x7", "title": "t", "body": "[" * 5000},
        GOOD,  # its id stands in line 1 already
        {"id": "x8", "title": "t", "kind": "sop", "fields": {"steps": "none"}},
    ]
    report = run(jsonl(tmp_path / "a.jsonl", GOOD, *bad, {"id": "z", "title": "最后"}), manager)
    assert counts(report) == {"created": 2, "refused": len(bad)}
    named = [int(line.split()[1].strip(":")) for line in report.errors]
    assert named == list(range(2, 2 + len(bad)))
    assert set(articles()) == {"q1", "z"}


@pytest.mark.both_databases
def test_letters_that_databases_do_not_take(manager, tmp_path: Path):
    odd = '{"id": "a\\u0000b", "title": "t\\u0000\\ud800", "body": "b\\u0000", "tags": ["x\\u0000y"]}'
    assert counts(run(jsonl(tmp_path / "a.jsonl", odd), manager)) == {"created": 1}
    assert counts(run(tmp_path / "a.jsonl", manager)) == {"unchanged": 1}
    wrong = '{"id": "c", "title": "t", "category": "a\\u0000", "services": ["\\u0000"]}'
    assert counts(run(jsonl(tmp_path / "b.jsonl", wrong), manager)) == {"refused": 1}


def test_a_dry_run_changes_nothing(manager, tmp_path: Path):
    path = jsonl(tmp_path / "a.jsonl", GOOD, "{")
    assert counts(run(path, manager, dry_run=True)) == {"created": 1, "refused": 1}
    assert articles() == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_as_spreadsheets_write_it(manager, tmp_path: Path, encoding: str):
    path = tmp_path / "a.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "title", "body", "tags", "fields"])
        out.writerow(["1", "标题", "第一行\n第二行", "账单，资费", '{"answer": "九点"}'])
        out.writerow(["2", "", "", "", ""])
        out.writerow(["3", "三", "x", "", "{broken"])
    report = run(path, manager)
    assert counts(report) == {"created": 1, "refused": 2}
    assert [line.split(":")[0] for line in report.errors] == ["line 4", "line 5"], "lines of the file, not of the table"
    with reading() as s:
        article = s.scalars(sa.select(Article)).one()
        assert article.revision.body == "第一行\n第二行"
        assert article.tags == ["账单", "资费"]
        assert article.revision.fields == {"answer": "九点"}


def test_a_table_in_no_known_letters_is_refused_whole(manager, tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,title\n1,\xff\xff\xff\n")
    from wiki.exchange.reading import UnreadableFile

    with pytest.raises(UnreadableFile, match="UTF-8"):
        run(path, manager)


def test_excel_keeps_whole_numbers_whole(manager, tmp_path: Path):
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    for number, row in enumerate([["id", "title", "body"], [1001, "标题", "正文"], ["", "", ""], ["", "x", ""]]):
        sheet.write_row(number, 0, row)
    book.close()
    report = run(path, manager)
    assert counts(report) == {"created": 1, "refused": 1}
    assert set(articles()) == {"1001"}
    assert report.errors[0].startswith("row 4")


@pytest.mark.parametrize("name", ["a.txt", "missing.jsonl", "broken.xlsx"])
def test_a_file_that_is_none_says_so(manager, tmp_path: Path, name: str):
    if "missing" not in name:
        (tmp_path / name).write_text("hello")
    from wiki.exchange.reading import UnreadableFile

    with pytest.raises(UnreadableFile, match=name):
        run(tmp_path / name, manager)


def test_a_folder_of_markdown(manager, tmp_path: Path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "plain.md").write_text("只有正文", "utf-8")
    (tmp_path / "sub" / "two.md").write_text("---\ntitle: 二\nkind: script\nfields: {say: 您好}\n---\n正文", "utf-8")
    (tmp_path / "bad.md").write_text("---\ntitle: [\n---\n正文", "utf-8")
    report = run(tmp_path, manager)
    assert counts(report) == {"created": 2, "refused": 1}
    assert report.errors[0].startswith("bad.md")
    assert set(articles()) == {"plain", "sub/two"}


def test_kind_and_readers(manager, tmp_path: Path):
    row = {"id": "s", "title": "t", "kind": "script", "audience": "restricted", "readers": ["role:qa"]}
    path = jsonl(tmp_path / "a.jsonl", row)
    run(path, manager)
    assert counts(run(jsonl(path, {**row, "readers": ["role:rep"]}), manager)) == {"updated": 1}
    assert [reader.token for reader in articles()["s"].readers] == ["role:rep"]
    again = run(jsonl(path, {**row, "kind": "faq"}), manager)
    assert counts(again) == {"refused": 1}, "an article does not change its kind"
    without = {key: value for key, value in row.items() if key != "kind"}
    assert counts(run(jsonl(path, without), manager)) == {"updated": 1}, "a line without a kind keeps the article's"


TRICKY = [
    "普通正文",
    "---\n分隔线\n---\n",
    "\n开头空行",
    "行尾空格  \n\n",
    "\u2028分隔\u0085",
    "# 标题\n\n- 项\n",
    "'单' \"双\" : {}",
]


@pytest.mark.both_databases
def test_export_and_import_again_unchanged(app: Flask, make: Make, manager, tmp_path: Path):
    with writing():
        ops.add_category("tariffs", "资费")
        ops.add_category("roaming", "漫游", "tariffs")
        ops.add_service("mobile", "移动")
        for number, body in enumerate(TRICKY):
            make.article(
                body=body, title=f"写在这里 {number}: 'x'", category="roaming", services=["mobile"], tags=["no", "1"]
            )
        for kind in ("script", "sop", "notice", "product", "best_practice"):
            make.article(kind=kind, audience="restricted", readers=["role:qa"])
    run(jsonl(tmp_path / "a.jsonl", GOOD), manager)
    done = app.test_cli_runner().invoke(args=["articles", "export", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    before = {key: row.revision_id for key, row in articles().items()}
    report = run(tmp_path / "out", manager)
    assert counts(report) == {"unchanged": len(before)}, report.errors
    assert {key: row.revision_id for key, row in articles().items()} == before


def test_an_export_is_whole_elsewhere(app: Flask, make: Make, manager, tmp_path: Path):
    """Into an empty house: lists first, then articles; a second time nothing."""
    folder = tmp_path / "out"
    folder.mkdir()
    lists = {
        "categories": [
            {"slug": "roaming", "name": "漫游", "path": "tariffs/roaming"},
            {"slug": "tariffs", "name": "资费", "path": "tariffs"},
        ],
        "services": [{"code": "mobile", "name": "移动"}],
    }
    (folder / "lists.json").write_text(json.dumps(lists), "utf-8")
    head = "---\nid: a\nslug: a\ntitle: t\ncategory: roaming\nservices: [mobile]\n---\n"
    (folder / "a.md").write_text(head + "正文", "utf-8")
    assert counts(run(folder, manager)) == {"created": 1}
    assert counts(run(folder, manager)) == {"unchanged": 1}
    with reading() as s:
        assert s.scalars(sa.select(Article)).one().category.path == "tariffs/roaming"


def test_imported_rows_earn_nothing_and_say_so(manager, tmp_path: Path):
    from core.audit import TrailEntry
    from wiki.scoring.models import LedgerEntry

    run(jsonl(tmp_path / "a.jsonl", GOOD), manager)
    with reading() as s:
        assert s.scalars(sa.select(TrailEntry.verb)).all() == ["imported"]
        assert s.scalar(sa.select(sa.func.count()).select_from(LedgerEntry)) == 0
        assert s.scalar(sa.select(sa.func.count()).select_from(Publication)) == 1


def test_the_command(app: Flask, make: Make, tmp_path: Path):
    path = jsonl(tmp_path / "a.jsonl", GOOD, "{")
    runner = app.test_cli_runner()
    none = runner.invoke(args=["articles", "import", str(path)])
    assert none.exit_code == 1
    assert "manager" in none.output
    rep = make.user("rep")
    assert runner.invoke(args=["articles", "import", str(path), "--publish-as", rep.username]).exit_code == 1
    make.user("manager")
    done = runner.invoke(args=["articles", "import", str(path)])
    assert done.exit_code == 1, "a refused line is not success"
    assert "1 created" in done.output
    assert "line 2" in done.output
