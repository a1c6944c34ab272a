"""From publication to a result on the page: fresh, complete, and silent about what somebody may not read."""

from collections.abc import Callable

import pytest

from accounts.models import User
from core import outbox
from core.db import reading, session, writing
from tests.clients import Script
from tests.make import Make
from wiki.articles.content import Content
from wiki.articles.models import Article
from wiki.articles.publishing import Row, import_row, retire
from wiki.search import service
from wiki.search.listeners import mend

pytestmark = pytest.mark.both_databases


def published(make: Make, title: str, body: str = "", **more: object) -> str:
    """A published article, found by its title afterwards; answers its slug."""
    manager = make.actor("manager")
    with writing():
        import_row(manager, Row(title, "faq", Content(title=title, body=body, **more)))
        slug = session.scalars(
            Article.__table__.select().with_only_columns(Article.slug).where(Article.title == title)
        ).one()
    outbox.drain()
    return str(slug)


def titles(script: Script, question: str, **filters: str) -> list[str]:
    address = "/search?q=" + question + "".join(f"&{k}={v}" for k, v in filters.items())
    return [item["title"] for item in script.ok("GET", address)["items"]]


@pytest.mark.parametrize("question", ["流量超出套餐", "流量超出套餐怎麼收費", "liuliang taocan", "llcc", "流量"])
def test_an_article_is_found_however_it_is_typed(make: Make, api: Callable[..., Script], question: str) -> None:
    published(make, "流量超出套餐怎么收费", "套外流量按每 GB 三元计费。")
    published(make, "宽带移机怎么办理", "请客户提供新地址。")
    assert titles(api(make.user()), question)[0] == "流量超出套餐怎么收费"


def test_a_retired_article_is_found_no_more(make: Make, api: Callable[..., Script]) -> None:
    slug = published(make, "畅享套餐停止办理")
    manager = make.actor("manager")
    with writing():
        retire(session.scalars(_by(slug)).one(), manager, reason="过期")
    outbox.drain()
    assert titles(api(make.user()), "畅享套餐") == []


def _by(slug: str):
    import sqlalchemy as sa

    return sa.select(Article).where(Article.slug == slug)


def test_a_restricted_article_is_found_by_its_circle_alone(make: Make, api: Callable[..., Script]) -> None:
    published(make, "大客户挽留底价", "最低可到八折。", audience="restricted", readers=["role:supervisor"])
    assert titles(api(make.user("supervisor")), "挽留底价") == ["大客户挽留底价"]
    for stranger in (make.user("rep"), make.user("qa")):
        answer = api(stranger).ok("GET", "/search?q=挽留底价")
        assert (answer["items"], answer["total"]) == ([], 0)
        assert api(stranger).ok("GET", "/suggest?q=大客户")["items"] == []


def test_a_restricted_article_stays_hidden_when_the_engine_is_away(
    make: Make, api: Callable[..., Script], monkeypatch: pytest.MonkeyPatch
) -> None:
    published(make, "大客户挽留底价", audience="restricted", readers=["role:supervisor"])
    published(make, "大客户来电接待")
    service.engine().close()
    _break(monkeypatch)
    answer = api(make.user("rep")).ok("GET", "/search?q=大客户")
    assert answer["engine"] == service.FALLBACK
    assert [item["title"] for item in answer["items"]] == ["大客户来电接待"]


def _break(monkeypatch: pytest.MonkeyPatch) -> None:
    from wiki.search.engines.base import EngineUnavailable, State

    def away(*_: object, **__: object) -> None:
        raise EngineUnavailable(State.DOWN, "away")

    monkeypatch.setattr(type(service.engine()), "search", away)


def test_filters_narrow(make: Make, api: Callable[..., Script]) -> None:
    published(make, "账单查询", tags=["账单"])
    published(make, "账单邮寄", tags=["邮寄"])
    assert titles(api(make.user()), "账单", tag="邮寄") == ["账单邮寄"]
    assert titles(api(make.user()), "账单", kind="script") == []


def test_the_index_follows_twice_and_out_of_order(make: Make) -> None:
    published(make, "补换卡流程")
    with reading():
        ids = [str(i) for i in session.scalars(Article.__table__.select().with_only_columns(Article.id))]
    service.bring(ids)
    service.bring([*ids, "999999"])
    assert not service.verify()


def test_a_lost_index_is_made_anew_by_the_worker(make: Make, api: Callable[..., Script], settings) -> None:
    import shutil

    published(make, "补换卡流程")
    service.engine().close()
    shutil.rmtree(settings.var / "search")
    with writing():
        mend()
    outbox.drain()
    assert titles(api(make.user()), "补换卡") == ["补换卡流程"]


def test_a_draft_is_found_by_nobody(make: Make, api: Callable[..., Script]) -> None:
    author: User = make.user("rep")
    made = api(author).ok("POST", "/submissions", {"kind": "faq", "title": "未发布的秘密", "fields": {"question": "?"}})
    assert made["state"] == "draft"
    outbox.drain()
    for who in (author, make.user("qa"), make.user("manager")):
        assert titles(api(who), "未发布的秘密") == []


def test_an_empty_question_shows_what_is_new(make: Make, api: Callable[..., Script]) -> None:
    published(make, "账单查询")
    assert titles(api(make.user()), "") == ["账单查询"]
