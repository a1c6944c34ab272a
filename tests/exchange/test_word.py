"""Word documents come in with what they show: headings, lists, tables, pictures."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import reading, session
from tests.make import Make
from tests.support import office
from tests.support.files import picture
from wiki.articles import files
from wiki.articles.models import Article
from wiki.exchange.cli import run
from wiki.exchange.opening import document

BODY = (
    office.para("客户投诉处理", style="a3"),
    office.para("先", office.run("安抚", bold=True), "，再核对。"),
    office.para("步骤", style="1"),
    office.para("核对身份", level=0, numbered=True),
    office.para("证件", level=1),
    office.para("号码", level=1),
    office.para("登记", level=0, numbered=True),
    office.table(["等级", "时限"], ["一级", "2 小时"]),
    office.para("客户永远先说完。", style="q"),
    office.image(words="流程图"),
)
TEXT = (
    "先**安抚**，再核对。\n\n## 步骤\n\n1. 核对身份\n    - 证件\n    - 号码\n2. 登记\n\n"
    "| 等级 | 时限 |\n| --- | --- |\n| 一级 | 2 小时 |\n\n> 客户永远先说完。\n\n"
)


@pytest.fixture
def manager(make: Make) -> Any:
    return make.actor("manager")


def test_what_it_shows_is_what_is_read(tmp_path: Path):
    path = tmp_path / "投诉.docx"
    path.write_bytes(office.docx(*BODY, picture=picture()))
    title, text, (shown,) = document(path)
    assert title == "客户投诉处理"
    assert text == TEXT + f"![流程图]({shown.address})\n"
    assert (shown.name, shown.data) == ("投诉-1.png", picture())


def test_without_a_heading_the_file_names_it(tmp_path: Path):
    (tmp_path / "退订流程.docx").write_bytes(office.docx(office.para("一段。")))
    assert document(tmp_path / "退订流程.docx")[:2] == ("退订流程", "一段。\n")


@pytest.mark.both_databases
def test_it_becomes_an_article_with_its_picture(manager: Any, tmp_path: Path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "投诉.docx").write_bytes(office.docx(*BODY, picture=picture(30, 20)))
    assert dict(run(tmp_path / "in", manager).counts) == {"created": 1}
    assert dict(run(tmp_path / "in", manager).counts) == {"unchanged": 1}, "twice is once, the picture too"
    with reading():
        article = session.scalars(sa.select(Article)).one()
        (entry,) = files.files_of(article.revision_id)
        assert article.external_id == "投诉"
        assert article.revision.body == TEXT + f"![流程图]({entry.url})\n"
        assert (entry.width, entry.owner_id) == (30, manager.id)


def test_markdown_with_pictures_in_a_zip(manager: Any, tmp_path: Path):
    text = "---\ntitle: 图文\n---\n![a](img/a.png) ![b](../out.png) ![c](img/none.png)\n".encode()
    data = office.packed(
        {"手册/图文.md": text, "手册/img/a.png": picture(), "out.png": picture(3, 3), "__MACOSX/._x.md": b"x"}
    )
    (tmp_path / "手册.zip").write_bytes(data)
    assert dict(run(tmp_path / "手册.zip", manager).counts) == {"created": 1}
    with reading():
        article = session.scalars(sa.select(Article)).one()
        assert [one.width for one in files.files_of(article.revision_id)] == [8, 3]
        assert "img/none.png" in article.revision.body, "what is not there is left as it was typed"


def test_a_picture_that_is_none_leaves_its_words(manager: Any, tmp_path: Path):
    (tmp_path / "a.docx").write_bytes(
        office.docx(office.para("前"), office.image(words="图"), picture=b"<svg onload=x>")
    )
    assert dict(run(tmp_path / "a.docx", manager).counts) == {"created": 1}
    with reading():
        assert session.scalars(sa.select(Article)).one().revision.body == "前\n\n图\n"
