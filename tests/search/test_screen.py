"""The pieces of the rep's screen: short while typing, whole when read, one's own things beside it, and marks that count
once; the same without script."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import outbox
from core.buffers import flush_all
from core.db import reading, session, writing
from tests.clients import Browser
from tests.make import Make
from wiki.articles.models import Article, Service
from wiki.articles.open_models import ArticleOpen
from wiki.feedback.queries import standing
from wiki.search import own

GUIDED = [
    {"when": "要退费", "say": "我马上**核对**。", "next": "2"},
    {"when": "不满意", "say": "我请主管回电。", "next": ""},
]


def asked(browser: Browser, path: str, **query: str) -> str:
    answer = browser.get(path, query_string=query)
    assert answer.status_code == 200, answer.status_code
    return answer.get_data(as_text=True)


def post(browser: Browser, path: str, **fields: str) -> Any:
    token = browser.csrf("/profile")
    return browser.post(path, data={**fields, "csrf_token": token}, headers={"Accept": "application/json"})


@pytest.fixture
def script(make: Make) -> Article:
    with writing():
        made = make.article(
            kind="script",
            title="账单多收",
            fields={"say": "我为您**逐项**核对。", "branches": GUIDED, "closing": "再见"},
        )
    outbox.drain()
    return made


def test_typing_sends_no_wording_and_reading_sends_all(make: Make, signed_in: Any, script: Article, query_count: Any):
    browser = signed_in(make.user())
    asked(browser, "/search/typing", q="账单", service="")
    with query_count() as statements:
        found = asked(browser, "/search/typing", q="账单", service="")
    assert f'data-slug="{script.slug}"' in found
    assert "逐项" not in found.replace("<mark>", "").split('class="snippet"')[0]
    assert len(found.encode()) < 900
    assert len([one for one in statements if "revisions" in one]) == 0  # no text is loaded while somebody types
    text = asked(browser, f"/search/reading/{script.slug}")
    assert 'data-wording="我为您逐项核对。"' in text  # plain words for the clipboard
    assert 'data-wording="我马上核对。"' in text
    assert text.count('data-step="') == 4  # beginning, two answers, close
    assert browser.get("/search/reading/nowhere").status_code == 404


def test_a_text_that_is_not_for_me_is_neither_read_nor_pinned(make: Make, signed_in: Any):
    with writing():
        slug = make.article(audience="restricted", readers=["role:qa"]).slug
    browser = signed_in(make.user())
    assert browser.get(f"/search/reading/{slug}").status_code == 404
    assert post(browser, f"/search/pins/{slug}", on="1").status_code == 404


def test_what_is_at_hand_are_my_pins_in_my_order_and_what_i_opened_last(make: Make, signed_in: Any):
    with writing():
        one, two, three = (make.article(title=f"文章{n}") for n in "一二三")
        hidden = make.article(title="不再可见")
    me = make.user()
    browser, other = signed_in(me), signed_in(make.user())
    for article in (one, two, hidden):
        assert post(browser, f"/search/pins/{article.slug}", on="1").json == {"pinned": True}
    post(browser, f"/search/pins/{one.slug}", on="1")  # once more is still once
    post(browser, f"/search/pins/{two.slug}", move="up")
    for article in (three, two):
        assert post(browser, "/search/opened", asked="k", article=str(article.id)).status_code == 204
    flush_all()
    with writing():
        session.execute(sa.update(Article).where(Article.id == hidden.id).values(live=False))
    found = asked(browser, "/search/typing", q="")
    assert [found.index(one) for one in ("文章二", "文章一", "文章三")] == sorted(
        found.index(one) for one in ("文章一", "文章二", "文章三")
    )
    assert found.count(">文章二<") == 1  # pinned, so not listed again below
    assert "不再可见" not in found
    assert "文章" not in asked(other, "/search/typing", q="")
    assert post(browser, f"/search/pins/{one.slug}", on="0").json == {"pinned": False}
    with reading():
        assert session.scalar(sa.select(sa.func.count()).select_from(ArticleOpen)) == 2


def test_a_service_is_chosen_once_and_kept_until_it_is_taken_off(make: Make, signed_in: Any):
    with writing():
        session.add_all([Service(code="net", name="宽带"), Service(code="tv", name="电视")])
        session.flush()
        make.article(title="断网一", services=["net"])
        make.article(title="断网二", services=["tv"])
    outbox.drain()
    browser = signed_in(make.user())
    assert post(browser, "/search/service", service="net").json == {"service": "net"}
    kept = asked(browser, "/search/typing", q="断网")
    assert "断网" in kept
    assert kept.count('role="option"') == 1
    assert asked(browser, "/search/typing", q="断网", service="").count('role="option"') == 2
    page = asked(browser, "/search", q="断网")
    assert page.count("data-result ") == 1
    assert asked(browser, "/search", q="断网", service="").count("data-result ") == 2
    assert post(browser, "/search/service", service="nothing").status_code == 422
    post(browser, "/search/service", service="")
    assert asked(browser, "/search/typing", q="断网").count('role="option"') == 2


def test_marks_count_once_and_the_answer_says_what_the_buttons_show(make: Make, signed_in: Any, script: Article):
    me = make.user()
    browser, path = signed_in(me), f"/articles/{script.slug}/feedback"
    for _press in range(2):
        answer = post(browser, path, used_in_call="1", call_ref="page-1")
    assert answer.json == {"used": 1, "used_today": True, "helpful": None}
    assert post(browser, path, helpful="0", reason="unclear").json["helpful"] is False
    assert post(browser, path, undo="1").json == {"used": 0, "used_today": False, "helpful": False}
    assert post(browser, path, undo="1").status_code == 409


def test_all_of_it_without_script(make: Make, signed_in: Callable[..., Browser], script: Article):
    me = make.user()
    browser = signed_in(me)
    back = "/search?q=账单"
    where = {"next": back}
    for fields, to in (
        ({"used_in_call": "1", "call_ref": "page-2"}, f"/articles/{script.slug}/feedback"),
        ({"on": "1"}, f"/search/pins/{script.slug}"),
    ):
        answer = browser.submit(back, {**where, **fields}, to=to)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/search?q=")
    with reading():
        assert standing(session.get_one(Article, script.id), me.id).used_today
        assert [row.slug for row in own.pinned(_actor(me))] == [script.slug]
    page = browser.text(back)
    assert "Take off my pins" in page
    assert "Take “used” back" in page
    browser.submit(back, {"undo": "1", **where}, to=f"/articles/{script.slug}/feedback")
    assert "Take “used” back" not in browser.text(back)
    elsewhere = browser.submit(back, {"on": "0", "next": "//evil.example"}, to=f"/search/pins/{script.slug}")
    assert elsewhere.headers["Location"] == "/search"


def _actor(user: Any) -> Any:
    from accounts.people import actor_of

    return actor_of(user)
