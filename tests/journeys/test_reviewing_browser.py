"""Reviewers at the screen: words are selected and remarked on, five items are judged by keys, ten notices in few acts.

An act is a click, a key or a field filled in. Nobody types an address.
"""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Person, another_page, awake
from tests.support.axe import violations
from tests.support.server import Server, servers

pytestmark = [pytest.mark.browser, pytest.mark.server]

AUTHOR, REVIEWER = "chenyu", "qianwei"
Reader = Callable[..., Page]


class Program:
    """A program of somebody's that prepares what people at the screen find."""

    def __init__(self, server: Server, username: str) -> None:
        self.base, self.token = f"{server.base}/api/v1", ""
        given = {"username": username, "password": server.logins()[username].password}
        self.token = self.post("/tokens", given)["token"]

    def call(self, path: str, body: Any = None) -> Any:
        headers = {
            "Content-Type": "application/json",
            **({"Authorization": f"Bearer {self.token}"} if self.token else {}),
        }
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.base + path, data, headers)) as answer:
            return json.load(answer)

    def post(self, path: str, body: Any = None) -> Any:
        return self.call(path, {} if body is None else body)

    def propose(self, kind: str, title: str, fields: dict[str, str], body: str = "") -> str:
        made = self.post("/submissions", {"kind": kind, "title": title, "fields": fields, "body": body})
        self.post(f"/submissions/{made['id']}/submit")
        return str(made["id"])


@pytest.fixture(scope="module")
def centre() -> Iterator[Server]:
    """A server with work to do: ten notices, and questions with answers."""
    with servers() as start:
        server = start()
        author = Program(server, AUTHOR)
        for n in range(10):
            author.propose(
                "notice", f"通告 {n}：营业时间调整", {"effective_from": "2027-01-01T00:00+08:00"}, "照常营业。"
            )
        for n in range(2):
            fields = {"question": f"第 {n} 个问题？", "answer": "可以，次月一日生效。"}
            author.propose("faq", f"套餐问题 {n}", fields, "先核对身份，再逐项核对账单。")
        yield server


def reviewer(visit: Reader, server: Server, username: str = REVIEWER, **about: Any) -> Person:
    return Person(visit(locale="en-GB", **about), server, username).sign_in()


def select(page: Page, words: str) -> None:
    """The words are selected, as a mouse would do it."""
    page.evaluate(
        """words => {
          for (const block of document.querySelectorAll('.review-field')) {
            const walk = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
            for (let node = walk.nextNode(); node; node = walk.nextNode()) {
              const at = node.data.indexOf(words);
              if (at < 0 || node.parentElement.closest('.passage-note')) continue;
              const range = document.createRange();
              range.setStart(node, at);
              range.setEnd(node, at + words.length);
              document.getSelection().removeAllRanges();
              document.getSelection().addRange(range);
              return;
            }
          }
          throw new Error('these words are not there');
        }""",
        words,
    )


def test_words_are_selected_remarked_on_and_settled(visit: Reader, centre: Server) -> None:
    person = reviewer(visit, centre, "panyun")
    page = person.page
    person.choose("Inbox")
    person.follow("套餐问题 0")
    person.title_is("套餐问题 0")
    awake(page)
    select(page, "逐项核对账单")
    page.get_by_role("button", name="Remark on this").click()
    pending = page.locator(".passage-note.is-pending")
    expect(pending.locator("blockquote")).to_have_text("逐项核对账单")
    page.keyboard.type("请写明核对哪一张账单。")
    page.keyboard.press("Escape")
    select(page, "次月一日生效")
    page.keyboard.press("m")  # the same by the keyboard
    page.keyboard.type("当月办理的呢？")
    expect(page.locator("[data-pending]")).to_have_text("2 remarks on passages go with it")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.get_by_label("Why", exact=True)).to_be_focused()
    page.get_by_label("Why", exact=True).select_option("unclear")
    page.keyboard.press("Enter")
    person.sees("Sent back: 套餐问题 0")
    author = Person(visit(locale="en-GB"), centre, AUTHOR).sign_in()
    author.choose("My submissions")
    author.follow("套餐问题 0")
    author.sees("2 remarks are open")
    marks = author.page.locator("mark")
    expect(marks).to_have_text(["次月一日生效", "逐项核对账单"])
    note = author.page.get_by_role("article", name=re.compile("^Remark of")).filter(has_text="哪一张账单")
    note.get_by_role("textbox").fill("写明了：上月账单。")
    note.get_by_role("button", name="Done").click()
    author.sees("1 remark is open")
    author.sees("写明了：上月账单。")
    author.follow("Mend and submit again")
    expect(author.page.get_by_role("complementary")).to_contain_text("当月办理的呢？")
    for who in (person, author):
        who.nothing_wrong()


def test_ten_notices_are_approved_in_a_few_acts(visit: Reader, centre: Server) -> None:
    person = reviewer(visit, centre)
    page, acts = person.page, 0
    person.choose("Inbox")
    acts += 1
    person.title_is("Waiting for me")
    awake(page)  # the script that lets a filter answer at once
    with another_page(page):
        page.get_by_label("Kind").select_option("notice")
    acts += 1
    page.wait_for_url("**kind=notice**")
    awake(page)
    page.get_by_label("all that can be approved together").check()
    acts += 1
    chosen = page.get_by_role("button", name=re.compile(r"^Approve \d+ chosen"))
    count = int(re.findall(r"\d+", chosen.inner_text())[0])
    assert count >= 10
    assert violations(page) == []
    chosen.click()
    acts += 1
    person.sees(f"{count} items approved.")
    assert acts <= 4
    person.nothing_wrong()


def test_choosing_with_the_keyboard(visit: Reader, centre: Server) -> None:
    for n in range(2):
        Program(centre, AUTHOR).propose(
            "notice", f"又一通告 {n}", {"effective_from": "2027-01-01T00:00+08:00"}, "如题。"
        )
    person = reviewer(visit, centre)
    person.keys("g", "i")
    person.title_is("Waiting for me")
    page = awake(person.page)
    rows = page.locator("tbody tr")
    wanted = next(n for n in range(rows.count()) if "又一通告 0" in rows.nth(n).inner_text())
    person.keys(*["j"] * (wanted + 1), "x")
    expect(rows.nth(wanted).get_by_role("checkbox")).to_be_checked()
    page.get_by_role("button", name="Approve 1 chosen").click()
    person.sees("1 item approved.")


def test_five_items_by_the_keyboard_alone(visit: Reader, start_server: Callable[..., Server]) -> None:
    server = start_server()
    author = Program(server, AUTHOR)
    for n in range(5):
        author.propose("faq", f"键盘问题 {n}", {"question": f"问题 {n}？", "answer": "可以。"})
    person = reviewer(visit, server)
    page = person.page
    person.keys("g", "i")
    person.title_is("Waiting for me")
    person.keys("j")
    page.keyboard.press("Enter")
    for _ in range(5):
        person.sees("Your decision")
        title = page.locator("h1").inner_text()
        person.keys("a")
        expect(page.get_by_role("button", name="Approve")).to_be_focused()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        person.sees(f"Approved: {title}")  # on the page of the next item
    person.keys("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Remark on the selected words")
    person.nothing_wrong()


def test_an_expert_answers_without_an_account(visit: Reader, centre: Server) -> None:
    person = reviewer(visit, centre, "zengyating")
    page = person.page
    person.choose("Inbox")
    person.follow("套餐问题 1")
    page.get_by_text("Ask an expert", exact=True).click()
    page.get_by_label("What would you like to know?").fill("次月一日生效，对吗？")
    page.get_by_label("Full name").fill("Engineer Han")
    page.get_by_role("button", name="Ask", exact=True).click()
    link = page.get_by_label("It is shown only now").input_value()
    outside = visit(locale="en-GB", width=360)
    outside.goto(link)
    expect(outside.get_by_role("main")).to_contain_text("次月一日生效，对吗？")
    expect(outside.get_by_role("navigation")).to_have_count(0)
    assert violations(outside) == []
    outside.get_by_label("Not sure").check()
    outside.get_by_label("In your words").fill("看合同。")
    outside.get_by_role("button", name="Send my opinion").click()
    expect(outside.get_by_role("heading", level=1)).to_have_text("Thank you")
    page.get_by_role("link", name="Back to the review").click()
    expect(page.get_by_role("complementary")).to_contain_text("看合同。")
    person.nothing_wrong()


def test_remarks_and_a_refusal_without_script(visit: Reader, centre: Server) -> None:
    Program(centre, AUTHOR).propose(
        "faq", "无脚本的问题", {"question": "行不行？", "answer": "行。"}, "先核对，再答复。"
    )
    person = reviewer(visit, centre, "panyun", javascript=False, width=360)
    page = person.page
    person.choose("Inbox")
    person.follow("无脚本的问题")
    page.get_by_text("Remark on a passage").click()
    page.get_by_label("The words it is about").fill("再答复")
    page.get_by_label("What should change").fill("答复什么？")
    person.press("One more")
    page.get_by_label("What should change").nth(1).fill("标题太短。")
    page.get_by_text("Send back or reject", exact=True).click()
    person.press("Send back")
    person.sees("Please choose why.")
    expect(page.get_by_label("What should change").nth(1)).to_have_value("标题太短。")
    page.get_by_label("Why", exact=True).select_option("unclear")
    person.press("Send back")
    person.sees("Sent back: 无脚本的问题")


def test_the_board_hands_over(visit: Reader, centre: Server) -> None:
    title = "换人评审的问题"  # of its own: what others are to find in their inboxes stays there
    Program(centre, AUTHOR).propose("faq", title, {"question": "换谁？", "answer": "换潘云。"}, "先核对，再答复。")
    person = Person(visit(locale="en-GB"), centre, "wuqiang").sign_in()
    page = person.page
    person.choose("Inbox")
    person.follow("Team board")
    pool = page.get_by_role("row", name=re.compile("^Business reviewer"))
    pool.get_by_role("link").nth(1).click()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=title, exact=True))
    row.get_by_role("link", name=re.compile("^Hand over")).click()
    page.get_by_label("To whom").select_option("panyun")
    page.get_by_role("button", name="Hand over").click()
    person.sees(f"Handed over: {title}")
    page.get_by_role("row", name=re.compile("潘云")).get_by_role("link").first.click()
    person.sees(title)
    assert violations(page) == []
    person.nothing_wrong()
