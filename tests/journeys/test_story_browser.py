"""The whole story, by clicks: a rep's script is written, judged, published, found, praised, counted, taught.

Every name on a button is what a person reads there, so that a renamed button is noticed. Nobody types an address.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Person, another_page, awake
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]

AUTHOR, READER, TRAINER = "luofei", "zhoumin", "hanmei"
REVIEWERS = {"business": "qianwei", "qa": "shenlan", "training": "jiangtao", "supervisor": "wuqiang"}
TITLE = "携号转网挽留话术"
WORDING = "您先别急着转，我帮您算一笔账，看看哪种方式最划算。"
QUESTION = "客户说要携号转网，第一句话应该怎么说？"


def test_a_script_from_the_first_draft_to_credits(visit: Callable[..., Page], start_server: Callable[..., Server]):
    server = start_server()
    author = Person(visit(locale="en-GB"), server, AUTHOR).sign_in()
    before = points_of(author)
    writes_a_script(author)
    for username in REVIEWERS.values():
        approves(Person(visit(locale="en-GB"), server, username).sign_in())
    sees_it_published(author)
    server.settled()  # the search knows it
    reader = Person(visit(locale="zh-TW"), server, READER).sign_in()
    finds_it_while_typing(reader)
    says_it_helped(reader)
    scorecard_leads_to_the_article(author, before)
    trainer = Person(visit(locale="en-GB"), server, TRAINER).sign_in()
    makes_a_course(trainer)
    learns_and_earns(reader)
    for person in (author, reader, trainer):
        person.nothing_wrong()


def points_of(person: Person) -> float:
    """The points of this month, as the home page shows them."""
    return float(person.panel("My points").locator(".stat-value").first.inner_text().split()[0].replace(",", ""))


def writes_a_script(author: Person) -> None:
    page = author.page
    author.write("Script")
    page.get_by_label("Title", exact=False).fill(TITLE)
    page.get_by_label("Scenario").fill("客户打进来说要携号转网，转到别家。")
    page.get_by_label("The customer says").fill("你们太贵了，我要转走。")
    page.get_by_label("Recommended wording").fill(WORDING)
    page.get_by_label("Wording to avoid").fill("转网要付违约金的，您想清楚。")
    page.get_by_label("If the customer answers …").first.fill("别家便宜三十块")
    page.get_by_label("You say").first.fill("我们把两边的费用放在一起比一比。")
    author.writes("依据携号转网细则第四条。")
    expect(page.locator("[data-save-state]")).to_have_text(re.compile(r"^saved \d"))
    page.get_by_label("Category").select_option(index=1)
    author.press("Submit for review")
    author.title_is(TITLE)
    author.sees("Submitted. You can follow here where it is.")
    expect(page.get_by_role("main").get_by_text("Here now")).to_be_visible()


def approves(reviewer: Person) -> None:
    page = reviewer.page
    reviewer.choose("Inbox")
    reviewer.follow(TITLE)
    reviewer.sees(WORDING)
    reviewer.keys("a")  # the key leads to the button
    expect(page.get_by_role("button", name="Approve")).to_be_focused()
    page.keyboard.press("Enter")
    reviewer.sees(f"Approved: {TITLE}")
    reviewer.nothing_wrong()


def sees_it_published(author: Person) -> None:
    author.choose("My submissions")
    author.follow(TITLE)
    author.sees("Published. Thank you")
    author.follow("Read the article")
    author.title_is(TITLE)
    author.sees("Version 1.0")


def finds_it_while_typing(reader: Person) -> None:
    page = reader.page
    overlay = page.get_by_role("dialog", name="Search the knowledge base")
    row = overlay.locator("[role=option]").filter(has_text=TITLE).first
    for words in ("攜號轉網", "xiehaozhuanwang", "xhzw"):
        reader.keys("/")
        field = overlay.get_by_role("combobox", name="What does the customer ask?")
        expect(field).to_be_focused()
        page.keyboard.press("Control+a")
        field.press_sequentially(words, delay=20)
        expect(overlay.locator("[data-found]")).to_have_attribute(
            "data-q", words
        )  # not what the words before had found
        expect(row).to_be_visible()
        row.click()  # reads the wording without leaving the list
        expect(overlay.get_by_text(WORDING, exact=True).first).to_be_visible()
        for _again in range(3):
            if overlay.is_visible():
                page.keyboard.press("Escape")
        expect(overlay).to_be_hidden()
    page.goto(f"{reader.server.base}/search?q={TITLE}")
    page.get_by_role("main").get_by_role("link", name=TITLE).first.press("Enter")
    reader.title_is(TITLE)
    reader.sees(WORDING)
    reader.keys("c")
    expect(page.get_by_role("button", name="Copied").first).to_be_visible()


def says_it_helped(reader: Person) -> None:
    page = reader.page
    button = page.get_by_role("button", name=re.compile("^Helpful"))
    button.click()
    expect(page.get_by_role("button", name=re.compile("^Helpful"))).to_have_attribute("aria-pressed", "true")


def scorecard_leads_to_the_article(author: Person, before: float) -> None:
    page = author.page
    author.choose("Home")
    assert points_of(author) > before
    author.choose("Scorecard")
    author.title_is(author.name)
    knowledge = page.get_by_role("row").filter(has_text="Approved knowledge items")
    knowledge.get_by_role("link", name=": Approved knowledge items").click()  # where it comes from
    entry = page.get_by_role("row").filter(has_text=TITLE)
    entry.get_by_role("link", name=TITLE).click()
    author.title_is(TITLE)
    author.choose("Points")
    author.follow("Entries")
    entries = page.get_by_role("row").filter(has_text=TITLE)
    expect(entries).to_have_count(2)  # the accepted script, the helpful vote
    expect(entries.filter(has_text="helpful")).to_have_count(1)


def makes_a_course(trainer: Person) -> None:
    page = trainer.page
    trainer.choose("Courses")
    trainer.follow("New course")
    page.get_by_label("Title").fill("携号转网怎么谈")
    page.get_by_label("Credits").fill("3")
    trainer.press("Create and add lessons")
    awake(page)
    page.get_by_label("Add an article").press_sequentially("携号转网", delay=20)
    page.get_by_label(TITLE).check()
    trainer.press("Add the ticked articles")
    expect(trainer.panel("1. Steps").get_by_role("listitem").filter(has_text=TITLE).first).to_be_visible()
    trainer.press("Add a quiz")
    page.get_by_role("textbox", name="Question").fill(QUESTION)
    page.get_by_label("Option 1", exact=True).fill("转网要付违约金的，您想清楚。")
    page.get_by_label("Option 2", exact=True).fill(WORDING)
    page.get_by_label("Option 2 is right").check()
    trainer.press("Save and finish")
    trainer.sees(QUESTION)
    trainer.follow("Back to the course")
    trainer.press("Publish the course")
    page.get_by_label("Team", exact=True).select_option(label="话费账单班")
    trainer.press("Assign")
    trainer.sees("话费账单班 will find the course")


def learns_and_earns(reader: Person) -> None:
    page = reader.page
    reader.choose("Courses")
    reader.follow("携号转网怎么谈")
    reader.press("Begin")
    reader.sees(WORDING)
    reader.press("I have read this")
    reader.sees(QUESTION)
    page.get_by_label(WORDING).check()
    reader.press("Hand in")
    reader.sees("Course completed: 3 credits earned")
    reader.choose("Points")
    reader.follow("Entries")
    awake(page)  # the script that lets a choice answer at once
    with another_page(page):
        page.get_by_label("Unit").select_option(label="Credits")
    row = page.get_by_role("row").filter(has_text="携号转网怎么谈")
    expect(row).to_have_count(1)  # the list is back: before, the points for the quiz stood there too
    expect(row).to_contain_text("3.00")
    row.get_by_role("link").click()
    reader.title_is("携号转网怎么谈")
