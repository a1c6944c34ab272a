"""The query log: what is kept of a question, whose key opens it, and what the steps of typing come to."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from core import buffers
from core.db import reading, session, writing
from tests.clients import Script
from tests.make import Make
from tests.search.test_finding import published
from wiki.articles.models import Article
from wiki.search import log, log_queries
from wiki.search.analysis.synonyms import NONE, Synonyms
from wiki.search.log_queries import difference
from wiki.search.log_rules import MASK, continues, masked
from wiki.search.models import SearchQuery, Source


@pytest.mark.parametrize(
    "number",
    [
        "13912345678",
        "１３９１２３４５６７８",
        "139 1234 5678",
        "139-1234-5678",
        "11010519491231002X",
        "6222 0200 0000 0000 014",
        "A123456789",
        "0912-345-678",
        "一三九一二三四五六七八",
        "li.na@example.com",
        "13800138000",
    ],
)
def test_a_number_of_a_person_is_never_kept(number: str) -> None:
    kept = masked(f"客户{number}要退款")
    assert number not in kept
    assert not any(part.isdigit() and len(part) > 3 for part in kept.replace(MASK, " ").split())
    assert kept.startswith("客户")
    assert kept.endswith("要退款")


@pytest.mark.parametrize("question", ["5G套餐 199元", "xd-200怎么重启", "12345热线", "2026年", "10086"])
def test_what_is_no_number_of_a_person_stays(question: str) -> None:
    assert masked(question) == question


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from("0123456789０１２３９ -.退款Xx"), max_size=60))
def test_no_seven_digits_survive(text: str) -> None:
    run = 0
    for char in masked(text):
        run = run + 1 if char.isdecimal() else 0 if char not in " -." else run
        assert run < 7 or MASK in masked(text)


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("退", "退款", True),
        ("退款时限", "退款", True),
        ("tuik", "退款", True),
        ("tk", "退款", True),
        ("退款shi", "退款时限", True),
        ("退款 ", "退款", True),
        ("退款", "漫游", False),
        ("退款", "退费", False),
        ("hua", "退款", False),
    ],
)
def test_typing_on_is_the_same_question(before: str, after: str, same: bool) -> None:
    assert continues(before, after) is same


@pytest.mark.parametrize(
    ("before", "after", "parts"),
    [
        ("副号怎么办理", "副卡怎么办理", ("副号", "副卡")),
        ("怎么退钱", "怎么退款", ("退钱", "退款")),
        ("退款", "退款时限", None),
        ("退款", "宽带移机需要提供哪些材料和证件以及费用", None),
    ],
)
def test_what_differs_may_mean_the_same(before: str, after: str, parts: tuple[str, str] | None) -> None:
    found = difference(before, after)
    assert found == parts or (found is not None and parts is not None and parts[0] in found[0])


def rows() -> list[SearchQuery]:
    buffers.flush_all()
    with reading():
        return list(session.scalars(sa.select(SearchQuery).order_by(SearchQuery.id)))


@pytest.mark.both_databases
def test_the_steps_of_a_question_are_one_row(make: Make, clock: Any) -> None:
    one, other = make.actor("rep"), make.actor("rep")
    for text, found in (("tu", 9), ("退", 8), ("退k", 0), ("退款", 3)):
        log.note(one, text, found, Source.TYPING)
        clock.advance(seconds=2)
    buffers.flush_all()
    log.note(one, "退款时限", 1, Source.TYPING)  # after the flush, by way of the table
    log.note(other, "退款", 3, Source.TYPING)
    clock.advance(seconds=3)
    log.note(one, "退款时限", 1, Source.PAGE)
    kept = rows()
    assert [(row.user_id, row.text, row.found, row.source) for row in kept] == [
        (one.id, "退款时限", 1, Source.PAGE),
        (other.id, "退款", 3, Source.TYPING),
    ]
    clock.advance(minutes=5)
    log.note(one, "退款时限", 1)
    assert len(rows()) == 3  # another day's question is another question


@pytest.mark.both_databases
def test_a_key_opens_only_ones_own_question_and_once(
    make: Make, signed_in: Callable[..., Any], api: Callable[..., Script]
) -> None:
    published(make, "退款时限")
    published(make, "退款进度")
    rep, thief = make.user("rep"), make.user("rep")
    asked = api(rep).ok("GET", "/search?q=退款")["asked"]
    with reading():
        first, second = session.scalars(sa.select(Article.id).order_by(Article.id))
    api(thief).post("/search/opened", {"asked": asked, "article": first})
    assert [row.opened_id for row in rows()] == [None]
    browser = signed_in(rep)
    answer = browser.submit("/search", {"asked": asked, "article": second}, to="/search/opened")
    assert answer.status_code == 204
    api(rep).post("/search/opened", {"asked": asked, "article": first})
    api(rep).post("/search/opened", {"asked": "nobodys", "article": first})
    assert [row.opened_id for row in rows()] == [second]
    assert browser.post("/search/opened", data={"asked": asked, "article": 1}).status_code == 400  # without the token


def test_an_opening_waits_for_a_question_that_comes_later(make: Make, api: Callable[..., Script]) -> None:
    """Another process may write the opening a moment before the question is written."""
    published(make, "退款时限")
    rep = make.actor("rep")
    key = log.note(rep, "退款", 1)
    questions = log._questions._items
    log._questions._items = []
    log.opened(rep, key, 1)
    buffers.flush_all()
    log._questions._items = questions
    assert [row.opened_id for row in rows()] == [1]


def test_old_questions_are_forgotten(make: Make, clock: Any, app: Any) -> None:
    log.note(make.actor("rep"), "退款", 1)
    rows()
    clock.advance(days=app.config["SPIRAL"].query_log_days + 1)
    log.note(make.actor("rep"), "漫游", 1)
    rows()
    with writing():
        log.sweep()
    assert [row.text for row in rows()] == ["漫游"]


@pytest.mark.both_databases
def test_what_was_said_in_other_words_becomes_a_proposal(make: Make, signed_in: Callable[..., Any], clock: Any) -> None:
    published(make, "副卡办理")
    with reading():
        article = session.scalar(sa.select(Article.id))
    people = [make.actor("rep") for _ in range(2)]
    for person in people:
        log.note(person, "副号办理", 0)
        clock.advance(seconds=20)
        log.opened(person, log.note(person, "副卡办理", 1), article)
        rows()
    with reading():
        (turn,) = log_queries.turns(clock.now() - timedelta(days=1), NONE)
        assert (turn.line, turn.people) == ("副号 = 副卡", 2)
        assert log_queries.turns(clock.now() - timedelta(days=1), Synonyms([["副号", "副卡"]])) == []
        assert log_queries.totals(clock.now() - timedelta(days=1)) == {
            "asked": 4, "nothing": 2, "opened": 2, "people": 2,
        }  # fmt: skip
    browser = signed_in(make.user("manager"))
    for view in log_queries.VIEWS:
        page = browser.text(f"/admin/search/questions?view={view}")
        assert not any(person.name in page for person in people)
    browser.submit("/admin/search/questions", {"line": turn.line, "note": "x"}, to="/admin/search/questions/propose")
    assert "Proposed" in browser.text("/admin/search/words")
