"""The hand stays on the keyboard: walk the inbox, decide. Finding by keyboard is in ``test_finding_browser``."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Person
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]


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
