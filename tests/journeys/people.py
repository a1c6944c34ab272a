"""A person at the screen, for journeys: signs in, chooses in menus, presses what has a name."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.support.browser import problems
from tests.support.server import Server


@dataclass
class Person:
    """Somebody with a browser window of their own, who reads English."""

    page: Page
    server: Server
    username: str

    @property
    def name(self) -> str:
        return self.server.logins()[self.username].name

    def sign_in(self) -> "Person":
        """From the address of the product to one's own home page, in English."""
        page = self.page
        page.goto(self.server.base)
        if page.locator("html").get_attribute("lang") != "en":
            page.get_by_role("button", name="English").click()
        page.get_by_label("Username").fill(self.username)
        page.get_by_label("Password").fill(self.server.logins()[self.username].password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(self.name)
        if page.locator("html").get_attribute("lang") != "en":  # the profile remembers another language
            page.locator(".topbar-end summary").last.click()
            page.get_by_role("button", name="English").click()
            expect(page.locator("html")).to_have_attribute("lang", "en")
        return self

    def choose(self, name: str) -> None:
        """An entry of the main menu."""
        self.page.get_by_role("navigation", name="Main menu").get_by_role("link", name=name).click()

    def write(self, kind: str) -> None:
        """The editor for something new, from the 'Write' menu."""
        top = self.page.get_by_role("banner")
        top.get_by_text("Write", exact=True).click()
        top.get_by_role("link", name=kind, exact=True).click()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name).first.click()

    def keys(self, *names: str) -> None:
        """Single keys, once the page has fetched what listens to them."""
        awake(self.page)
        for name in names:
            self.page.keyboard.press(name)

    def panel(self, title: str) -> Locator:
        """A part of the page by its heading."""
        return self.page.locator("section", has=self.page.get_by_role("heading", name=title, exact=True))

    def sees(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("main")).to_contain_text(text)

    def title_is(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(text)

    def nothing_wrong(self) -> None:
        """No error on any page this person has seen so far, on no console."""
        found = problems(self.page)
        assert not (found.console or found.grave()), f"{self.username}: {found.console} {found.grave()}"

    def writes(self, words: str) -> None:
        """Into the text of the editor: on the writing surface where it is, else into the plain field."""
        if self.page.locator("[data-rich]").count():
            surface = self.page.locator("[data-rich-surface] [contenteditable=true]")
            surface.click()
            self.page.keyboard.insert_text(words)
            expect(surface).to_contain_text(words)
        else:
            self.page.locator("textarea[data-body]").fill(words)


def awake(page: Page) -> Page:
    """Its scripts have come and listen: whatever is pressed, chosen or typed from here on is heard. (Keys that somebody
    presses earlier are lost, and a quiet line says nothing of a slow processor.)"""
    expect(page.locator("html[data-awake]")).to_be_attached()
    page.wait_for_load_state()  # also those that only this page has
    return page


@contextlib.contextmanager
def another_page(page: Page) -> Iterator[None]:
    """What is done inside leads to another page, and that is there. (A script may send its form long after the click,
    or write another address over that of the same page; and what is expected of the next may stand on this one.)"""
    page.evaluate("document.documentElement.dataset.before = ''")
    yield
    expect(page.locator("html:not([data-before])")).to_be_attached()
    page.wait_for_load_state()


def in_source(page: Page) -> Page:
    """The page of somebody who has chosen to write Markdown themselves."""
    page.context.add_init_script("try { localStorage.setItem('editor', 'source') } catch { /* full or forbidden */ }")
    return page
