"""What stands first for a question: for everybody who may read it, from the first to the last day, at once."""

from collections.abc import Callable

import pytest

from core import outbox
from core.db import session, writing
from tests.clients import Browser, Script
from tests.conftest import Clock
from tests.make import Make
from wiki.articles.models import Article
from wiki.articles.publishing import retire
from wiki.search import pins


def titles(script: Script, question: str) -> list[tuple[str, bool]]:
    return [(item["title"], item["recommended"]) for item in script.ok("GET", f"/search?q={question}")["items"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("话费余额", "話費 餘額？"),
        ("XD-200 套餐", "ｘｄ２００套餐"),
        ("軟體安裝", "软件安装"),
        ("SIM card", "sim  CARD"),
    ],
)
def test_the_same_question_however_it_is_written(one: str, other: str) -> None:
    assert pins.key_of(one) == pins.key_of(other)


def test_another_question_is_another_one() -> None:
    assert pins.key_of("话费余额") != pins.key_of("话费")
    assert pins.key_of("？！") == ""


@pytest.mark.both_databases
def test_a_pin_stands_first_for_those_who_may_read_it(
    make: Make, api: Callable[..., Script], signed_in: Callable[..., Browser], clock: Clock
) -> None:
    author, manager = make.actor("rep"), make.user("manager")
    plain = make.article(author, title="话费余额怎么查")
    other = make.article(author, title="营业厅地址")
    closed = make.article(author, title="内部口径", audience="restricted", readers=["role:qa"])
    outbox.drain()
    boss = signed_in(manager)

    def pin(article: Article, **more: str) -> None:
        answer = boss.submit("/admin/search/pins", {"question": "話費餘額", "article": article.slug, **more})
        assert answer.status_code == 302, answer.text

    pin(closed)
    pin(other, reason="本月搬家", from_on="2026-11-16", until_on="2026-11-17")
    rep, qa = api(make.user("rep")), api(make.user("qa"))
    assert titles(rep, "话费余额") == [(other.title, True), (plain.title, False)]
    assert titles(qa, "话费余额") == [(closed.title, True), (other.title, True), (plain.title, False)]
    assert titles(rep, "话费余额怎么查") == [(plain.title, False)]
    clock.set(clock.at.replace(day=18))
    boss = signed_in(manager)
    assert titles(rep, "话费余额") == [(plain.title, False)]
    rows = {row.article_id: row.id for row in next(iter(listed().values()))}
    boss.submit("/admin/search/pins", {"place": "1", "reason": "x"}, to=f"/admin/search/pins/{rows[other.id]}")
    assert titles(qa, "话费余额")[:2] == [(other.title, True), (closed.title, True)]
    assert "Recommended" in boss.get("/search?q=话费余额").text
    boss.submit("/admin/search/pins", {"back": "话费余额"}, to=f"/admin/search/pins/{rows[closed.id]}/remove")
    assert titles(qa, "话费余额") == [(other.title, True), (plain.title, False)]
    with writing():
        retire(session.get_one(Article, other.id), make.actor("manager"), reason="zu")
    assert titles(qa, "话费余额") == [(plain.title, False)]
    page = boss.get("/admin/search/pins")
    assert "Not published" in page.text


def listed() -> dict[str, list[object]]:
    with writing():
        return pins.listed()


def test_the_wrong_way_round_is_refused(make: Make, signed_in: Callable[..., Browser]) -> None:
    article = make.article(make.actor("rep"), title="营业厅地址")
    boss = signed_in(make.user("manager"))

    def said(**form: str) -> tuple[int, str]:
        given = {"question": "地址", "article": article.slug, **form}
        answer = boss.submit("/admin/search/pins", given)
        return answer.status_code, answer.text

    for wrong in (
        {"question": "？"},
        {"article": "nowhere"},
        {"from_on": "2026-11-20", "until_on": "2026-11-19"},
        {"from_on": "tomorrow"},
    ):
        status, text = said(**wrong)
        assert status == 422
        assert "is-bad" in text or "error" in text
    assert said(article=f"https://spiral.example/articles/{article.slug}?x=1")[0] == 302
