"""Nothing typed is ever lost: two people, two windows, an ended session, a dead line, a shut laptop, a full browser."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.people import Person, another_page, awake, in_source
from tests.support.browser import open_context, open_page, problems
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]

AUTHOR, EDITOR = "luofei", "qianwei"
ONE, TWO, THREE = "先核对客户身份。", "再逐项说明账单。", "最后确认还有没有疑问。"
BODY = f"{ONE}\n\n{TWO}\n\n{THREE}"


@pytest.fixture(scope="module")
def server(spiral: Server) -> Server:
    return spiral


@pytest.fixture
def people(browser: Browser, server: Server) -> Iterator[Callable[..., Person]]:
    """``people(username)``: somebody signed in, in a browser of their own."""
    made: list[Page] = []

    def sign_in(username: str) -> Person:
        made.append(in_source(open_page(open_context(browser, locale="en-GB"))))
        return Person(made[-1], server, username).sign_in()

    yield sign_in
    for page in made:
        assert problems(page).grave() == []
        page.context.close()


def submitted(author: Person, title: str) -> str:
    """A text of three passages under review; the address of its editor."""
    page = author.page
    opens(page, f"{author.server.base}/new/faq")
    page.get_by_label("Title").fill(title)
    page.get_by_role("textbox", name="Question").fill("账单怎么查？")
    page.get_by_label("Answer for customers").fill("在掌厅里查。")
    body(page).fill(BODY)
    author.press("Submit for review")
    author.sees("Submitted.")
    return page.url.split("?")[0] + "/edit"


def opens(page: Page, place: str) -> None:
    """An editor, whose script is there: it tells whatever is typed from now on."""
    page.goto(place)
    awake(page)


def body(page: Page):
    return page.locator("textarea[name=body]")


def state(page: Page):
    return page.locator("[data-save-state]")


def autosaved(page: Page) -> None:
    expect(state(page)).to_have_attribute("data-state", "saved")


def saves(person: Person, page: Page | None = None) -> None:
    """Pressed, arrived, said."""
    page = page or person.page
    with another_page(page):
        page.get_by_role("button", name="Save draft", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Saved")


def kept(page: Page) -> list[str]:
    """The names of the copies in the browser."""
    return page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('draft:'))")


# ── two people ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_browsers_edit_one_text_and_no_word_of_either_is_lost(people: Callable[..., Person]) -> None:
    author, editor = people(AUTHOR), people(EDITOR)
    place = submitted(author, "两人同改一篇")
    opens(author.page, place)
    body(author.page).press_sequentially("x")  # somebody writes
    body(author.page).fill(BODY)
    autosaved(author.page)
    opens(editor.page, place)
    expect(editor.page.locator("[data-presence]")).to_contain_text(f"{author.name} is editing this now")
    # apart: merged by itself
    body(editor.page).fill(f"{ONE}\n\n{TWO}\n\n{THREE}她加的一句。")
    saves(editor)
    body(author.page).fill(f"{ONE}我加的一句。\n\n{TWO}\n\n{THREE}")
    expect(state(author.page)).to_contain_text(f"{editor.name} saved a change")
    expect(author.page.locator("[data-presence]")).to_contain_text(f"{editor.name} is editing this now")
    saves(author)
    author.sees(f"merged with {editor.name}'s change")
    expect(body(author.page)).to_have_value(f"{ONE}我加的一句。\n\n{TWO}\n\n{THREE}她加的一句。")
    # at one place: a choice
    opens(editor.page, place)
    body(editor.page).fill(f"{ONE}我加的一句。\n\n再逐条说明账单。\n\n{THREE}她加的一句。\n\n她的结尾。")
    saves(editor)
    body(author.page).fill(f"{ONE}我加的一句。\n\n再逐笔说明账单。\n\n{THREE}她加的一句。\n\n我的结尾。")
    author.press("Save draft")
    author.sees("you both changed the same place")
    page = author.page
    words = page.locator("fieldset.clash").first
    words.get_by_role("radio", name=editor.name).check()
    expect(page.locator("fieldset.clash").last.get_by_role("radio", name="Both")).to_be_checked()
    with another_page(page):
        author.press("Save the merged text")
    author.sees("Saved.")
    merged = body(page).input_value()
    assert "逐条" in merged
    assert merged.index("我的结尾。") < merged.index("她的结尾。")
    assert "我加的一句。" in merged and "她加的一句。" in merged
    editor.nothing_wrong()


def test_choosing_works_without_a_script(people: Callable[..., Person], browser: Browser, server: Server) -> None:
    author = people(AUTHOR)
    place = submitted(author, "没有脚本也能合并")
    plain = open_page(open_context(browser, locale="en-GB", javascript=False))
    editor = Person(plain, server, EDITOR).sign_in()
    plain.goto(place)
    opens(author.page, place)
    body(author.page).fill("作者的话。")
    saves(author)
    body(plain).fill("评审人的话。")
    with another_page(plain):
        editor.press("Save draft")
    editor.sees("you both changed the same place")
    for box in plain.get_by_role("radio", name="Both").all():
        box.check()
    with another_page(plain):
        editor.press("Save the merged text")
    editor.sees("Saved.")
    assert "作者的话。" in body(plain).input_value()
    assert "评审人的话。" in body(plain).input_value()
    plain.context.close()


# ── one person ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reloading_in_mid_sentence_goes_on(people: Callable[..., Person]) -> None:
    author = people(AUTHOR)
    page = author.page
    opens(page, f"{author.server.base}/new/script")
    page.get_by_label("Title").fill("写到一半")
    body(page).press_sequentially("客户说到一半的时")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()  # before the two seconds have passed
    awake(page)
    expect(body(page)).to_have_value("客户说到一半的时")
    body(page).press("End")
    body(page).press_sequentially("候")
    autosaved(page)
    page.reload()
    expect(body(page)).to_have_value("客户说到一半的时候")
    expect(page).to_have_url(re.compile(r"/submissions/\d+/edit"))
    assert kept(page) == []


def test_the_session_ended_while_writing(people: Callable[..., Person], server: Server) -> None:
    author = people(AUTHOR)
    page = author.page
    place = submitted(author, "会话过期")
    opens(page, place)
    elsewhere = page.context.new_page()
    elsewhere.goto(server.base)
    elsewhere.locator("form[action='/logout']").evaluate("form => form.submit()")
    elsewhere.wait_for_url("**/login*")
    elsewhere.close()
    body(page).fill(f"{BODY}\n\n退出之后写的。")
    author.press("Save draft")
    expect(page.get_by_role("alert")).to_contain_text("You are signed out.")
    page.get_by_role("alert").get_by_role("link", name="Sign in").click()
    page.get_by_label("Username").fill(AUTHOR)
    page.get_by_label("Password").fill(server.logins()[AUTHOR].password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(place)
    expect(body(page)).to_have_value(f"{BODY}\n\n退出之后写的。")
    expect(page.locator("[data-kept-taken]")).to_be_visible()
    saves(author)
    assert kept(page) == []


def test_signing_in_again_in_another_window_is_enough(people: Callable[..., Person], server: Server) -> None:
    author = people(AUTHOR)
    page = author.page
    place = submitted(author, "另一个窗口登录")
    opens(page, place)
    other = page.context.new_page()
    other.goto(server.base)
    other.locator("form[action='/logout']").evaluate("form => form.submit()")
    other.wait_for_url("**/login*")
    body(page).fill(f"{BODY}\n\n还在写。")
    author.press("Save draft")
    expect(page.get_by_role("alert")).to_contain_text("You are signed out.")
    other.get_by_label("Username").fill(AUTHOR)
    other.get_by_label("Password").fill(server.logins()[AUTHOR].password)
    other.get_by_role("button", name="Sign in").click()
    other.wait_for_url(server.base + "/")
    other.close()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("[data-session-ended]")).to_be_hidden()
    saves(author)
    expect(body(page)).to_have_value(f"{BODY}\n\n还在写。")


def test_save_back_write_on_save(people: Callable[..., Person]) -> None:
    author = people(AUTHOR)
    page = author.page
    opens(page, f"{author.server.base}/new/faq")
    page.get_by_label("Title").fill("后退键")
    body(page).fill("第一句。")
    saves(author)
    body(page).fill("第一句。第二句。")
    saves(author)
    page.go_back()
    awake(page)
    expect(body(page)).to_have_value("第一句。第二句。")
    body(page).fill("第一句。第二句。第三句。")
    saves(author)
    expect(body(page)).to_have_value("第一句。第二句。第三句。")
    page.goto(f"{author.server.base}/submissions/mine")
    expect(page.get_by_role("link", name="后退键")).to_have_count(1)


def test_an_impatient_hand_saves_once(people: Callable[..., Person]) -> None:
    author = people(AUTHOR)
    page = author.page
    opens(page, f"{author.server.base}/new/faq")
    page.get_by_label("Title").fill("双击一次")
    page.get_by_role("textbox", name="Question").fill("账单怎么查？")
    page.get_by_label("Answer for customers").fill("在掌厅里查。")
    page.get_by_role("button", name="Submit for review", exact=True).dblclick()
    author.sees("Submitted.")
    page.goto(f"{author.server.base}/submissions/mine")
    expect(page.get_by_role("link", name="双击一次")).to_have_count(1)


def test_the_laptop_is_shut(people: Callable[..., Person]) -> None:
    """What was typed is sent when the page is hidden; what cannot be sent is offered when it is opened again."""
    author = people(AUTHOR)
    page = author.page
    place = submitted(author, "合上电脑")
    opens(page, place)
    with page.expect_response(re.compile("/autosave$")):
        body(page).fill(f"{BODY}\n\n合上之前。")
        hide(page)
    autosaved(page)
    # no line, also for what is sent while leaving
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('no line')) }")
    body(page).fill(f"{BODY}\n\n合上之前。断网时写的。")
    hide(page)
    expect(state(page)).to_contain_text("no connection")
    page.close(run_before_unload=False)
    again = open_page(page.context)
    again.goto(place)
    expect(body(again)).to_have_value(f"{BODY}\n\n合上之前。断网时写的。")
    expect(again.locator("[data-kept-taken]")).to_be_visible()
    again.locator("[data-undo]").click()
    expect(body(again)).to_have_value(f"{BODY}\n\n合上之前。")


def hide(page: Page) -> None:
    page.evaluate(
        "Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'));"
        "Object.defineProperty(document, 'visibilityState', {value: 'visible', configurable: true})"
    )


def test_the_line_is_dead_and_comes_back(people: Callable[..., Person]) -> None:
    author = people(AUTHOR)
    page = author.page
    place = submitted(author, "断网再连")
    opens(page, place)
    page.context.set_offline(True)
    body(page).fill(f"{BODY}\n\n离线写的。")
    author.press("Save draft")
    expect(state(page)).to_contain_text("no connection")
    expect(body(page)).to_have_value(f"{BODY}\n\n离线写的。")
    assert kept(page) != []
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    autosaved(page)
    assert kept(page) == []
    saves(author)


def test_a_full_browser_still_saves_and_says_when_nothing_can(people: Callable[..., Person]) -> None:
    author = people(AUTHOR)
    page = author.page
    place = submitted(author, "浏览器满了")
    opens(page, place)
    page.evaluate(
        "for (let size = 1 << 22; size; size >>= 1) { try { for (let i = 0; ; i++) "
        "localStorage.setItem(`full-${size}-${i}`, 'x'.repeat(size)); } catch { /* smaller */ } }"
    )
    body(page).fill(f"{BODY}\n\n满了也能存。")
    autosaved(page)
    page.route("**/autosave", lambda route: route.abort())
    body(page).fill(f"{BODY}\n\n满了也能存。又断网。")
    expect(state(page)).to_contain_text("please copy your text")
    page.unroute("**/autosave")
    saves(author)


def test_two_windows_of_one_person(people: Callable[..., Person]) -> None:
    author = people(AUTHOR)
    one = author.page
    place = submitted(author, "两个窗口")
    with one.expect_response("**/presence/*"):  # the other window may know of it from here on
        opens(one, place)
    two = open_page(one.context)
    opens(two, place)
    expect(two.get_by_role("main")).to_contain_text("You have this open in another window")
    body(one).fill(f"{ONE}一号窗口。\n\n{TWO}\n\n{THREE}")
    autosaved(one)
    body(two).fill(f"{ONE}\n\n{TWO}\n\n{THREE}二号窗口。")
    autosaved(two)
    saves(author)
    saves(author, two)
    expect(body(two)).to_have_value(f"{ONE}一号窗口。\n\n{TWO}\n\n{THREE}二号窗口。")


def test_at_one_desk_nobody_sees_what_the_other_typed(people: Callable[..., Person], server: Server) -> None:
    author = people(AUTHOR)
    page = author.page
    opens(page, f"{server.base}/new/notice")
    page.route("**/drafts/*", lambda route: route.abort())
    body(page).fill("罗飞没写完的话")
    expect(state(page)).to_contain_text("no connection")
    page.evaluate("fetch('/logout', {method: 'POST', body: new URLSearchParams({csrf_token: "
                  "document.querySelector('meta[name=csrf-token]').content})})")  # fmt: skip
    page.close(run_before_unload=False)
    next_one = Person(open_page(page.context), server, "zhoumin").sign_in()
    opens(next_one.page, f"{server.base}/new/notice")
    expect(next_one.page.locator("[data-kept-copy]")).to_be_hidden()
    expect(body(next_one.page)).to_have_value("")
