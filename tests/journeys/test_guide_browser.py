"""A script on the phone, by keys alone; and how few acts it takes to improve what is there instead of writing anew."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Person, awake
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]

SCRIPT = "宽带时断时续：一步一步问出原因"
PLACE = "/articles/宽带时断时续-一步一步问出原因"


def shown(page: Page) -> str:
    """Which step is on the page; exactly one is."""
    ids = page.eval_on_selector_all("[data-step]", "all => all.filter(one => one.checkVisibility()).map(one => one.id)")
    assert len(ids) == 1, ids
    return ids[0]


def test_a_call_by_keys_alone(visit: Callable[..., Page], spiral: Server) -> None:
    page = visit(locale="en-GB")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    rep = Person(page, spiral, "xuting").sign_in()
    page.goto(spiral.base + PLACE)
    rep.title_is(SCRIPT)
    rep.keys("1")
    assert shown(page) == "answer-1"
    assert page.evaluate("decodeURIComponent(location.hash)") == "#answer-1"
    expect(page.locator("#answer-1")).to_be_focused()
    page.keyboard.press("2")  # the second of what may come now: the light stays as it is
    assert shown(page) == "answer-5"
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "网线拔下来" in page.evaluate("navigator.clipboard.readText()")
    expect(page.get_by_role("list", name="The way here").get_by_role("listitem")).to_have_count(3)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#answer-1")).to_be_visible()
    page.keyboard.press("Backspace")
    expect(page.locator("#answer-0")).to_be_visible()
    page.keyboard.press("9")  # there is no ninth answer here
    assert shown(page) == "answer-0"
    page.keyboard.press("3")
    page.locator("#answer-3").get_by_role("link", name="Back to the first question").click()
    assert shown(page) == "answer-0"
    page.keyboard.press("0")
    assert shown(page) == "answer-end"
    page.go_back()
    expect(page.locator("#answer-0")).to_be_visible()
    page.goto(f"{spiral.base}{PLACE}#answer-9")
    page.reload()
    expect(page.locator("#answer-9")).to_be_visible()
    expect(page.get_by_role("list", name="The way here").get_by_role("listitem")).to_have_count(4)  # 0, 1, 5, 9
    page.get_by_role("list", name="The way here").get_by_role("link").nth(1).click()
    assert shown(page) == "answer-1"
    page.get_by_role("button", name="All steps").click()
    expect(page.locator("#answer-10")).to_be_visible()
    rep.nothing_wrong()


def test_without_script_every_step_is_there_and_leads_on(visit: Callable[..., Page], spiral: Server) -> None:
    rep = Person(visit(javascript=False, locale="en-GB", width=360), spiral, "luofei").sign_in()
    page = rep.page
    page.goto(spiral.base + PLACE)
    page.locator("#answer-5").get_by_role("link", name="还是断").click()
    expect(page.locator("#answer-9")).to_be_in_viewport()
    page.get_by_role("link", name="As a card to print").click()
    expect(page.locator(".call-card")).to_contain_text("离得近就不断")


def test_the_card_is_one_page_of_a5(visit: Callable[..., Page], spiral: Server) -> None:
    rep = Person(visit(locale="en-GB"), spiral, "madong").sign_in()
    rep.page.goto(spiral.base + PLACE + "/card")
    pdf = rep.page.pdf(prefer_css_page_size=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type /Page/") == 1
    assert b"/MediaBox [0 0 420 594" in pdf, "148 mm wide, 210 mm high"


def test_improving_instead_is_one_act(visit: Callable[..., Page], spiral: Server) -> None:
    rep = Person(visit(locale="en-GB"), spiral, "wangjing").sign_in()
    page = rep.page
    page.goto(spiral.base + "/new/faq")
    awake(page)
    acts = 0
    page.get_by_role("textbox", name="Question").fill("暖冬加油包还能买吗？")
    page.get_by_label("Title").fill("全屋无線組網服務")  # Traditional, and typed in a hurry
    improve = page.locator("[data-similar] .is-same").get_by_role("button", name="Improve that one instead")
    expect(improve).to_have_count(1)
    improve.click()
    acts += 1
    rep.title_is("Change: 全屋无线组网服务")
    assert acts == 1, "from the near-duplicate to the proposal with all that was typed"
    expect(page.locator("textarea[name=body]")).to_have_value(
        re.compile(r"From my own draft[\s\S]*暖冬加油包还能买吗？")
    )
    rep.nothing_wrong()


def test_rows_of_steps_for_somebody_who_does_not_program(visit: Callable[..., Page], spiral: Server) -> None:
    rep = Person(visit(locale="en-GB"), spiral, "huanglei").sign_in()
    page = rep.page
    page.goto(spiral.base + "/new/sop")
    awake(page)
    page.get_by_label("Title").fill("三步补卡")
    rows = page.locator("[data-rows=steps] [data-row]")
    rows.nth(0).get_by_label("What is done, or what is decided").fill("核验通过？")
    rows.nth(1).get_by_label("What is done, or what is decided").fill("补卡")
    page.get_by_role("button", name="One more step").click()
    expect(rows).to_have_count(3)
    rows.nth(2).get_by_label("What is done, or what is decided").fill("请客户到营业厅")
    rows.nth(0).get_by_label("Step 1, way 1: in which case").fill("是")
    rows.nth(0).get_by_text("It depends: further ways").click()
    rows.nth(0).get_by_label("Step 1, way 2: in which case").fill("否")
    rows.nth(0).get_by_label("Step 1, way 2: where it goes on").select_option(label="Step 3 请客户到营业厅")
    rows.nth(1).get_by_label("Step 2, way 1: where it goes on").select_option("end")
    rep.press("Preview")
    chart = page.locator(".flow-chart")
    expect(chart.locator(".flow-choice")).to_have_count(1)
    expect(chart.locator(".flow-step")).to_have_count(2)
    expect(chart.locator(".flow-end")).to_have_count(2)
    page.locator("[data-rows=steps] [data-row]").nth(2).get_by_role("button", name="Take it out").click()
    rep.press("Save draft")
    rep.sees("Step 1 leads to 3, which does not exist.")
    rep.nothing_wrong()
