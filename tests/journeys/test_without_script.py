"""Without JavaScript: a rep reads and submits, a reviewer decides, nothing typed is lost on the way."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Person
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]

TITLE = "停机保号怎么办理"


def test_reading_submitting_and_deciding(visit: Callable[..., Page], start_server: Callable[..., Server]) -> None:
    server = start_server()
    rep = Person(visit(javascript=False, locale="en-GB", width=360), server, "wangjing").sign_in()
    page = rep.page
    page.get_by_role("searchbox", name="What does the customer ask?").fill("话费")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    page.get_by_role("main").locator(".results a.title").first.click()
    page.get_by_role("button", name=re.compile("^Used in a call")).click()
    rep.sees("Thank you")
    rep.write("FAQ")
    rep.press("Submit for review")  # nothing is filled in yet: said in words, the form is still there
    expect(page.get_by_role("alert")).to_contain_text("Please give it a title.")
    page.get_by_label("Title").fill(TITLE)
    page.get_by_role("textbox", name="Question").fill("我要出国半年，号码能不能先停着不扣钱？")
    page.get_by_label("Answer for customers").fill("可以停机保号，每月五元。")
    page.get_by_label("Text", exact=True).fill("每月 **5 元**，最长六个月。")
    rep.press("Preview")
    expect(page.get_by_role("region", name="How readers will see it").locator("strong")).to_have_text("5 元")
    expect(page.get_by_label("Title")).to_have_value(TITLE)
    rep.press("Submit for review")
    rep.title_is(TITLE)
    rep.sees("Submitted.")
    reviewer = Person(visit(javascript=False, locale="en-GB"), server, "qianwei").sign_in()
    reviewer.choose("Inbox")
    reviewer.follow(TITLE)
    reviewer.page.get_by_text("Send back or reject", exact=True).click()
    reviewer.press("Send back")  # without a reason and a remark
    reviewer.sees("Please choose why.")
    reviewer.page.get_by_label("Why", exact=True).select_option("incomplete")
    reviewer.page.get_by_label("Remark").fill("请写明生效日期。")
    reviewer.press("Send back")
    reviewer.sees(f"Sent back: {TITLE}")
    rep.choose("My submissions")
    rep.follow(TITLE)
    rep.sees("请写明生效日期。")
    rep.follow("Mend and submit again")
    expect(page.get_by_label("Title")).to_have_value(TITLE)
