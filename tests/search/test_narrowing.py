"""Lists to narrow by, another spelling, and what people also opened: counted and shown for this reader alone."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from core import caches, outbox
from core.db import writing
from tests.clients import Browser
from tests.conftest import Clock
from tests.make import Make
from wiki.articles import ops, publishing
from wiki.articles.models import Article
from wiki.articles.open_models import ArticleOpen, OpenSource
from wiki.search import spelling

pytestmark = pytest.mark.both_databases


def lists(page: str) -> dict[str, list[tuple[str, str]]]:
    """What stands beside the results: (label, count) by the head of the list."""
    found = {}
    for panel in re.findall(r'<section class="panel"><h2>(.*?)</h2>(.*?)</section>', page, re.S):
        rows = re.findall(r"<a [^>]*>(.*?)</a>\s*<span[^>]*>(\d+)</span>", panel[1], re.S)
        found[panel[0]] = [(re.sub("<.*?>.*?</.*?>", "", label), count) for label, count in rows]
    return found


def test_lists_combine_and_stay_in_the_address(make: Make, signed_in: Callable[..., Browser], clock: Clock) -> None:
    author = make.actor("rep")
    with writing():
        ops.add_category("bills", "Bills")
        ops.add_category("fees", "Fees", "bills")
        ops.add_service("mobile", "Mobile")
    make.article(author, title="话费争议甲", category="bills", tags=["账单"])
    make.article(author, "script", title="话费争议乙", category="fees", services=["mobile"], tags=["账单", "争议"])
    clock.advance(days=20)
    make.article(author, title="话费争议丙", category="fees", audience="restricted", readers=["role:qa"])
    outbox.drain()
    rep, qa = signed_in(make.user("rep")), signed_in(make.user("qa"))
    page = lists(rep.text("/search?q=话费争议"))
    assert page["Kind"] == [("FAQ", "1"), ("Script", "1")]
    assert page["Category"] == [("Bills", "2"), ("Fees", "1")]
    assert page["Service"] == [("Mobile", "1")]
    assert page["Tag"] == [("账单", "2"), ("争议", "1")]
    assert page["Freshness"] == [("changed in the last 30 days", "2"), ("changed in the last 90 days", "2")]
    assert "Who may read it" not in page
    page = lists(qa.text("/search?q=话费争议"))
    assert page["Category"] == [("Bills", "3"), ("Fees", "2")]
    assert sorted(count for _label, count in page["Who may read it"]) == ["1", "2"]
    assert page["Freshness"][0] == ("changed in the last 7 days", "1")
    both = qa.text("/search?q=话费争议&kind=faq&kind=script&category=fees&audience=internal&fresh=30d")
    assert "1 found" in both
    assert lists(both)["Kind"] == [("Script", "1"), ("FAQ", "0")]
    chips = re.findall(r'<a class="chip" href="([^"]*)">([^<]*) ✕', both)
    assert [label for _url, label in chips] == ["FAQ", "Script", "Fees", "all staff", "changed in the last 30 days"]
    without_script = chips[1][0].replace("&amp;", "&")
    assert "kind=faq" in without_script
    assert "kind=script" not in without_script
    assert "0 found" in qa.text(without_script)
    assert rep.get("/search?q=话费争议&fresh=nonsense&audience=nobody&kind=").status_code == 200


# ── did you mean ─────────────────────────────────────────────────────────────────────────────────────────────────────


def meant(browser: Browser, question: str) -> str | None:
    found = re.search(r'did-you-mean">.*?<strong>(.*?)</strong>', browser.text(f"/search?q={question}"), re.S)
    return found.group(1) if found else None


def test_another_spelling_is_proposed_where_it_finds_something(make: Make, signed_in: Callable[..., Browser]) -> None:
    author = make.actor("rep")
    for title in ("话费余额查询", "国际漫游开通", "Roaming charges abroad"):
        make.article(author, title=title)
    make.article(author, title="挽留底价", audience="restricted", readers=["role:qa"])
    outbox.drain()
    spelling.gather()
    rep, qa = signed_in(make.user("rep")), signed_in(make.user("qa"))
    assert meant(rep, "花费余厄") == "话费余额"
    assert meant(rep, "國際慢遊") == "國際漫遊"
    assert meant(rep, "romaingg") == "roaming"
    assert meant(rep, "话费余额") is None
    assert meant(rep, "qqxxzz") is None
    for who in (rep, qa):
        assert meant(who, "晚留") is None  # never a word of a text that is closed to some
    assert meant(qa, "wanliu dijai") is None


# ── people also opened ───────────────────────────────────────────────────────────────────────────────────────────────


def opened(people: list[User], clock: Clock, *articles: Article, apart: float = 5) -> None:
    with writing() as s:
        for who in people:
            for number, article in enumerate(articles):
                at = clock.at - timedelta(minutes=200 + apart * number)
                s.add(ArticleOpen(
                    at=at, user_id=who.id, article_id=article.id, revision_id=article.revision_id or 0,
                    source=OpenSource.PAGE,
                ))  # fmt: skip


def test_what_three_people_opened_within_half_an_hour_is_shown_to_those_who_may_read_it(
    make: Make, signed_in: Callable[..., Browser], clock: Clock
) -> None:
    author = make.actor("rep")
    one, near, far, few = (make.article(author, title=f"话费{n}") for n in ("甲", "乙", "丙", "丁"))
    closed = make.article(author, title="内部口径", audience="restricted", readers=["role:qa"])
    outbox.drain()
    people = [make.user("rep") for _ in range(3)]
    opened(people, clock, one, near, closed)
    opened(people, clock, one, far, apart=31)
    opened(people[:2] * 3, clock, one, few, apart=1)
    rep, qa = signed_in(people[0]), signed_in(make.user("qa"))

    def also(browser: Browser) -> list[str]:
        page = browser.text(f"/articles/{one.slug}")
        panel = re.search(r"<h2>People also opened</h2>(.*?)</section>", page, re.S)
        return re.findall(r">([^<]+)</a>", panel.group(1)) if panel else []

    assert also(rep) == ["话费乙"]
    assert also(qa) == ["话费乙", "内部口径"]
    assert "Also opened" in rep.text("/search?q=话费甲")
    assert "内部口径" not in rep.text("/search?q=话费甲")
    make.article(author, article=near.slug, title="话费乙", audience="restricted", readers=["role:qa"])
    assert also(rep) == []
    caches.forget_everything()
    assert also(rep) == []


def test_the_publication_of_another_text_leaves_a_kept_page_as_it_is(
    make: Make, signed_in: Callable[..., Browser], clock: Clock, query_count: Callable[..., Any]
) -> None:
    author, boss = make.actor("rep"), make.actor("manager")
    one, near = make.article(author, title="话费甲"), make.article(author, title="话费乙")
    people = [make.user("rep") for _ in range(3)]
    opened(people, clock, one, near)
    browser, address = signed_in(people[0]), f"/articles/{one.slug}"
    browser.get(address)
    made = browser.get(address).headers["ETag"]

    def looked_at() -> tuple[int, str]:
        with query_count() as statements:
            answer = browser.get(address)
        return len([sql for sql in statements if sql.startswith("SELECT")]), answer.headers["ETag"]

    make.article(author, title="宽带丙")
    clock.advance(minutes=5)  # what people also opened is counted anew now and then
    caches.written()
    asked, etag = looked_at()
    assert etag == made
    with writing() as s:
        publishing.retire(s.get_one(Article, near.id), boss, reason="Old.")
    anew, etag = looked_at()
    assert etag != made
    assert asked < anew / 2, "it was not kept"
