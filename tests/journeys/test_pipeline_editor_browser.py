"""A manager who has never seen the editor builds a pipeline in few acts; wrong ones are refused at the field.

An act is a click, a tick, a choice or a field filled in. Nobody types an address.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.people import Person
from tests.support.axe import violations
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]

MOST = 25
TRAINERS = ("hanmei", "jiangtao", "qiuzhiming")


@dataclass
class Hands:
    """Whoever uses these is counted."""

    page: Page
    acts: int = 0

    def press(self, name: str | re.Pattern[str], inside: Locator | None = None, *, last: bool = False) -> None:
        found = (inside or self.page).get_by_role("button", name=name)
        (found.last if last else found.first).click()
        self.acts += 1

    def click(self, what: Locator) -> None:
        what.click()
        self.acts += 1

    def tick(self, name: str, inside: Locator) -> None:
        inside.get_by_role("checkbox", name=name, exact=True).check()
        self.acts += 1

    def fill(self, name: str, value: str, inside: Locator) -> None:
        inside.get_by_label(name, exact=True).fill(value)
        self.acts += 1

    def choose(self, name: str, value: str, inside: Locator) -> None:
        inside.get_by_label(name, exact=True).select_option(value)
        self.acts += 1


def stage(page: Page, number: int) -> Locator:
    return page.get_by_role("region", name=re.compile(rf"^Stage {number}\b"))


def manager(visit: Callable[..., Page], server: Server, **about: Any) -> Person:
    return Person(visit(locale="en-GB", **about), server, "gaoyuan").sign_in()


def exported(page: Page) -> Any:
    """The definition of the pipeline on the page, as its export says it."""
    return page.request.get(page.get_by_role("link", name="Export").evaluate("link => link.href")).json()["definition"]


def opens_the_editor(hands: Hands) -> None:
    page = hands.page
    hands.click(page.locator(".topbar-end summary").last)
    hands.click(page.get_by_role("link", name="Pipelines", exact=True))
    hands.click(page.get_by_role("link", name="New pipeline"))


def builds_it(hands: Hands, server: Server) -> None:
    """'Business and QA in parallel, 2 of 3 trainers, supervisor within 8 office hours'."""
    page = hands.page
    form = page.locator("#pipeline-form")
    hands.fill("Name", "Scripts for complaints", form)
    hands.tick("Script", form)
    hands.click(page.get_by_text("Only in some categories"))
    hands.click(page.get_by_role("group", name="Categories, with all below them").get_by_role("checkbox").first)
    hands.press(re.compile("^Add a seat"))
    expect(stage(page, 1).get_by_label("Who judges", exact=True).nth(1)).to_be_focused()
    hands.press(re.compile("^Add a stage"))
    expect(stage(page, 2).get_by_label("Who judges", exact=True)).to_have_value("training")
    hands.choose("Approvals needed", "2", stage(page, 2))
    hands.click(stage(page, 2).locator("summary").first)
    for username in TRAINERS:
        hands.tick(server.logins()[username].name, stage(page, 2))
    hands.press(re.compile("^Add a stage"))
    expect(stage(page, 3).get_by_label("Who judges", exact=True)).to_have_value("supervisor")
    hands.fill("Due after (hours)", "8", stage(page, 3))
    hands.choose("Hours of", "office", stage(page, 3))


@pytest.mark.parametrize(
    "javascript",
    [pytest.param(True, id="with script"), pytest.param(False, id="without script", marks=pytest.mark.soak)],
)
def test_a_pipeline_in_at_most_twenty_five_acts(
    visit: Callable[..., Page], start_server: Callable[..., Server], javascript: bool
) -> None:
    server = start_server()
    person = manager(visit, server, javascript=javascript)
    hands = Hands(person.page)
    opens_the_editor(hands)
    builds_it(hands, server)
    hands.press("Save")
    person.sees("Saved as version 1.")
    assert hands.acts <= MOST
    made = exported(person.page)
    assert [[seat["role"] for seat in one["seats"]] for one in made["stages"]] == [
        ["business", "qa"],
        ["training"],
        ["supervisor"],
    ]
    assert made["stages"][0]["need"] == "all"
    trainers = made["stages"][1]["seats"][0]
    assert (trainers["approvals"], set(trainers["people"])) == (2, set(TRAINERS))
    assert (made["stages"][2]["due_hours"], made["stages"][2]["calendar"]) == (8, "office")
    picture = person.page.locator("#pipeline-drawing .is-wide")
    expect(picture).to_contain_text("2/3")
    if javascript:
        assert violations(person.page) == []
    person.nothing_wrong()


def test_the_drawing_and_the_dry_run_follow_without_saving(
    visit: Callable[..., Page], start_server: Callable[..., Server]
) -> None:
    server = start_server()
    person = manager(visit, server)
    page, hands = person.page, Hands(person.page)
    opens_the_editor(hands)
    builds_it(hands, server)
    drawing = page.locator("#pipeline-drawing .is-wide")
    expect(drawing).to_contain_text("8 h")  # drawn again while it is typed
    expect(drawing).to_contain_text("2/3")
    stage(page, 1).get_by_role("button", name=re.compile("^Move later")).focus()
    page.keyboard.press("Enter")
    expect(stage(page, 2)).to_contain_text("Business reviewer + Quality reviewer")
    expect(page.locator("#act-down-stage-1")).to_be_focused()
    page.get_by_role("button", name=re.compile("^Move earlier")).first.click()
    expect(stage(page, 1)).to_contain_text("Business reviewer + Quality reviewer")
    page.get_by_label("Author (username)").fill("wuqiang")
    page.get_by_role("button", name="Try the pipeline").click()
    answer = page.locator("#trial")
    expect(answer).to_be_focused()
    expect(answer).to_contain_text("another pipeline")  # of no category: the ordinary one
    page.locator("#f-try-category").select_option(index=1)
    page.get_by_role("button", name="Try the pipeline").click()
    expect(answer).to_contain_text("Scripts for complaints")
    expect(answer).to_contain_text("is the closest that fits")
    expect(answer).not_to_contain_text(server.logins()["wuqiang"].name)
    expect(page.locator("#f-name")).to_have_value("Scripts for complaints")
    person.nothing_wrong()


def test_wrong_definitions_are_refused_at_the_field(
    visit: Callable[..., Page], start_server: Callable[..., Server]
) -> None:
    server = start_server()
    person = manager(visit, server)
    page, hands = person.page, Hands(person.page)
    opens_the_editor(hands)
    page.get_by_role("link", name="Pipelines").last.click()
    page.get_by_role("link", name="FAQ", exact=True).click()
    expect(page.locator("#pipeline-form")).to_be_visible()
    page.wait_for_load_state()
    before = exported(page)
    weights_of_ninety(hands)
    a_circle(hands)
    an_empty_seat(hands)
    assert exported(page) == before


def refused(page: Page, sentence: str, field: str) -> None:
    """The summary says it, and its link leads to the field, where it stands again."""
    page.get_by_role("button", name="Save", exact=True).click()
    link = page.get_by_role("alert").get_by_role("link", name=re.compile(re.escape(sentence)))
    expect(link).to_have_attribute("href", f"#f-{field}")
    place = page.locator(f".field:has(> #f-{field}), fieldset#f-{field}")
    expect(place).to_contain_text(sentence)
    expect(place).to_be_visible()


def weights_of_ninety(hands: Hands) -> None:
    page, here = hands.page, stage(hands.page, 1)
    before = here.get_by_role("button", name=re.compile("^Remove question"))
    here.locator("details.more > summary").click()
    while before.count():
        left = before.count() - 1
        before.first.click()
        expect(before).to_have_count(left)
    hands.press(re.compile("^Add a question"), here)
    expect(here.get_by_label("Question 1")).to_be_focused()
    hands.fill("Question 1", "Is it right?", here)
    hands.fill("Weight", "90", here)
    refused(page, "The weights sum to 90; they must sum to 100.", "stages-0-checklist")
    expect(here.get_by_label("Weight")).to_have_value("90")
    hands.press(re.compile("^Remove question 1"), here)


def a_circle(hands: Hands) -> None:
    page = hands.page
    stage(page, 2).locator("details.more > summary").click()
    hands.choose("A send-back goes to", "business", stage(page, 2))
    hands.press(re.compile("^Move later Stage 1"), stage(page, 1))  # now the target comes after it
    expect(stage(page, 2).get_by_role("heading", level=2)).to_contain_text("Business reviewer")
    refused(page, "A send-back to this stage would go in a circle", "stages-0-returns_to")
    hands.choose("A send-back goes to", "", stage(page, 1))
    hands.press(re.compile("^Move earlier"), stage(page, 2))
    expect(stage(page, 1).get_by_role("heading", level=2)).to_contain_text("Business reviewer")


def an_empty_seat(hands: Hands) -> None:
    page = hands.page
    hands.choose("Who judges", "training", stage(page, 1))
    stage(page, 1).locator("details.who > summary").click()
    page.locator("#f-stages-0-seats-0-team").select_option(label="话费账单班")
    refused(page, "Nobody can take this seat", "stages-0-seats-0-role")
