"""Typing ``[[`` in the editor: titles are offered, chosen by keys or by pointer, and stand in the text."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Person, awake, in_source
from tests.support.axe import violations

pytestmark = [pytest.mark.browser, pytest.mark.server]


def editor(visit, spiral, **about) -> Page:
    page = in_source(Person(visit(locale="en-GB", **about), spiral, "chenyu").sign_in().page)
    page.goto(f"{spiral.base}/new/faq")
    return awake(page) if about.get("javascript", True) else page


def test_titles_are_offered_while_typing(visit, spiral):
    page = editor(visit, spiral)
    body = page.locator("textarea[data-body]")
    body.press_sequentially("见 [[话费争议")
    offers = page.get_by_role("listbox", name="Articles to link to").locator("visible=true")
    expect(offers.get_by_role("option")).to_have_text([re.compile("^话费争议受理与退费流程")])
    assert violations(page) == []
    body.press("Enter")
    expect(body).to_have_value("见 [[话费争议受理与退费流程]]")
    expect(page.locator("[data-preview] a.wiki-link")).to_have_text("话费争议受理与退费流程")
    body.press("Enter")
    body.press("Enter")
    body.press_sequentially("![[查账")
    offers.get_by_role("option", name="查账单前的身份核验").click()  # for the first letters others are offered
    expect(body).to_have_value("见 [[话费争议受理与退费流程]]\n\n![[查账单前的身份核验]]")
    expect(page.locator("[data-preview] .embedded")).to_contain_text("机主姓名")


def test_escape_closes_and_the_keys_are_the_editors_again(visit, spiral):
    page = editor(visit, spiral)
    body = page.locator("textarea[data-body]")
    body.press_sequentially("[[套餐")
    offers = page.get_by_role("listbox", name="Articles to link to").locator("visible=true")
    expect(offers).to_have_count(1)
    body.press("ArrowDown")
    body.press("Escape")
    expect(offers).to_have_count(0)
    body.press("Enter")
    expect(body).to_have_value("[[套餐\n")


def test_a_missing_link_leads_to_the_editor_with_its_title(visit, spiral):
    page = editor(visit, spiral, javascript=False)
    page.goto(f"{spiral.base}/search?q=宽带故障派单与回访流程")
    page.get_by_role("link", name="宽带故障派单与回访流程", exact=True).first.click()
    page.locator("a.wiki-missing").first.click()
    page.get_by_role("link", name="Write it as: FAQ").click()
    expect(page.get_by_label("Title")).to_have_value("大面积故障应急应答流程")
