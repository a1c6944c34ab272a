"""The hand stays on the keyboard: search, read, copy, 'used it'; walk the inbox, decide."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Person
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.server, pytest.mark.timeout(240)]


def test_a_rep_in_a_hurry(visit: Callable[..., Page], spiral: Server) -> None:
    page = visit(locale="en-GB")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    rep = Person(page, spiral, "tangxin").sign_in()
    rep.keys("/")
    overlay = page.get_by_role("dialog", name="Search the knowledge base")
    page.keyboard.type("zhangdan")
    rows = overlay.get_by_role("listitem")
    expect(rows.nth(1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    row = rows.nth(1)
    expect(row.locator("a.title")).to_be_focused()
    page.keyboard.press("ArrowRight")
    title = row.locator("a.title").inner_text()
    wording = row.locator("details .prose")
    expect(wording).to_be_visible()
    page.keyboard.press("c")
    expect(row.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").split("\n")[0] in wording.inner_text()
    page.keyboard.press("u")
    expect(row).to_have_class("is-picked is-used")
    page.keyboard.press("/")
    expect(overlay.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(overlay).to_be_hidden()
    rep.keys("/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    rep.title_is(title)
    rep.keys("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    rep.nothing_wrong()


def test_a_reviewer_with_many_items(visit: Callable[..., Page], spiral: Server) -> None:
    page = visit(locale="en-GB")
    reviewer = Person(page, spiral, "qianwei").sign_in()
    reviewer.keys("g", "i")
    reviewer.title_is("Waiting for me")
    reviewer.keys("j", "j", "k")
    expect(page.locator("tbody tr").first.locator("a.title")).to_be_focused()
    page.keyboard.press("Enter")
    reviewer.sees("Your decision")
    reviewer.keys("m")
    expect(page.locator("#note")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    why = page.get_by_label("Why", exact=True)
    expect(why).to_be_focused()
    why.select_option("unclear")
    page.keyboard.press("Enter")  # without a remark nothing is sent, and it is said why
    said = page.locator("#note").evaluate("note => note.validationMessage")
    assert said == "Say what is missing, so that the author can mend it."
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.get_by_role("button", name="Reject")).to_be_focused()
    reviewer.nothing_wrong()
