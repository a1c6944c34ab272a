"""A comparison at the screen: from change to change by keys, four ways to look, one click to bring a version back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Person, awake
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]


def test_comparing_and_going_back(visit: Callable[..., Page], start_server: Callable[..., Server]) -> None:
    server = start_server()
    person = Person(visit(locale="en-GB"), server, "wangjing").sign_in()
    page = person.page
    page.goto(f"{server.base}/search?q=领导")
    page.locator(".results a.title").first.click()
    person.follow("History")
    person.press("Compare the two")
    changes = page.locator("[data-change]:visible")
    expect(changes.nth(1)).to_be_visible()
    awake(page)
    page.keyboard.press("j")
    expect(changes.first).to_be_focused()
    page.keyboard.press("j")
    expect(changes.nth(1)).to_be_focused()
    page.get_by_role("button", name="Previous change").click()
    expect(changes.first).to_be_focused()
    person.follow("Side by side")
    expect(page.locator(".cmp.is-side").first).to_be_visible()
    person.follow("As typed")
    expect(page.locator(".cmp-typed").first).to_be_visible()
    page.go_back()
    expect(page.locator(".cmp.is-side").first).to_be_visible()
    page.get_by_role("navigation", name="You are here").get_by_role("link", name="History").click()
    page.get_by_role("button", name="Restore").first.click()
    person.sees("This is a proposal with the text of that version.")
    expect(page.locator("[name=reason]")).to_have_value("Back to version 1.0: 首版")
