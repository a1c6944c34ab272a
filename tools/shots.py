"""Takes pictures of pages as a demo user sees them, and tells what is wrong with each.

    python -m tools.shots --user li.na --out pictures / /reviews /search?q=账单
    python -m tools.shots --user li.na --out pictures --axe --widths 360 --locales en --schemes dark /

Needs a running server (--base) and its folder (--var), whose demo-logins hold the passwords; `--user -` looks as a
visitor who is not signed in. For each page: console errors, refusals by the content security policy, sideways
scrolling, a status that is not 200, and with --axe what axe finds. Exit 1 when there was anything.
"""

import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support import axe
from tests.support.browser import launch, open_context, open_page, overflow, problems
from tests.support.server import Login, read_logins
from tools.machine import find_chromium

BROWSER_LANGUAGE = {"zh_Hans": "zh-CN", "zh_Hant": "zh-TW", "en": "en-GB"}


@dataclass
class Session:
    """One way to look: a reader, a language, a width, a scheme."""

    base: str
    locale: str
    width: int
    scheme: str
    login: Login | None
    out: Path
    with_axe: bool
    found: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"{self.locale} {self.width} {self.scheme}"

    def look(self, browser: Browser, paths: list[str]) -> None:
        """Every path has its picture; `found` has a line for each thing wrong."""
        language = BROWSER_LANGUAGE.get(self.locale, self.locale)
        context = open_context(browser, width=self.width, locale=language, dark=self.scheme == "dark")
        try:
            self.sign_in(context)
            for path in paths:
                self.picture(context, path)
        finally:
            context.close()

    def sign_in(self, context: BrowserContext) -> None:
        page = open_page(context)
        page.goto(self.base + ("/login" if self.login else "/"))
        if self.login:
            page.fill("[name=username]", self.login.username)
            page.fill("[name=password]", self.login.password)
            with page.expect_navigation():
                page.press("[name=password]", "Enter")
            if "/login" in page.url:
                raise SystemExit(f"{self.login.username} could not sign in: {page.inner_text('main')[:200]}")
        self.choose_language(page)
        page.close()

    def choose_language(self, page: Page) -> None:
        """A profile may hold another language than the browser asks for: the page's own chooser is used then."""
        wanted = self.locale.replace("_", "-")
        if page.get_attribute("html", "lang") == wanted:
            return
        button = page.locator(
            f"button[name=locale][value={self.locale}], form:has(input[name=locale][value={self.locale}]) button"
        )
        option = page.locator(f"select[name=locale]:has(option[value={self.locale}])")
        link = page.locator(f"a[hreflang={wanted}]")
        if button.count():
            # the button may sit in a menu that is closed
            with page.expect_navigation():
                button.first.evaluate("button => button.form.requestSubmit(button)")
        elif option.count():
            option.first.evaluate("(select, value) => { select.value = value }", self.locale)
            with page.expect_navigation():
                option.first.evaluate("select => select.form.submit()")
        elif link.count():
            page.goto(self.base + (link.first.get_attribute("href") or "/"))
        if page.get_attribute("html", "lang") != wanted:
            self.found.append(f"{self.label}: the page speaks {page.get_attribute('html', 'lang')}, not {wanted}")

    def picture(self, context: BrowserContext, path: str) -> None:
        page = open_page(context)
        answer = page.goto(self.base + path, wait_until="load")
        page.wait_for_timeout(150)  # a late script, a transition
        name = re.sub(r"[^\w]+", "-", unquote(path)).strip("-") or "home"
        page.screenshot(path=self.out / f"{name}.{self.locale}.{self.width}.{self.scheme}.png", full_page=True)
        told = []
        if answer is None or answer.status != 200:
            told.append(f"status {answer.status if answer else 'none'}")
        if wide := overflow(page):
            told.append(f"scrolls sideways by {wide} px: {widest(page)}")
        said = problems(page)
        told += [f"uncaught: {line}" for line in said.uncaught]
        told += [f"outside: {line}" for line in said.outside]
        told += [f"console: {line}" for line in said.console]
        if self.with_axe:
            told += [f"axe: {line}" for line in axe.violations(page)]
        self.found += [f"{self.label} {path}: {line}" for line in told]
        page.close()


def widest(page: Page) -> str:
    """The elements that stick out to the right, as a hint where to look."""
    return str(
        page.evaluate(
            """() => [...document.querySelectorAll('body *')]
                .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1
                    || (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === 'visible'))
                .slice(-3).map(e => e.tagName.toLowerCase() + (e.className ? '.' + e.className : '')).join(', ')"""
        )
    )


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.shots", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="+", help="paths such as / or /reviews")
    parser.add_argument("--base", default="http://127.0.0.1:8000")
    parser.add_argument("--var", type=Path, default=Path("var"))
    parser.add_argument("--user", default="-", help="a user name in demo-logins; - is nobody")
    parser.add_argument("--out", type=Path, default=Path("test-results/shots"))
    parser.add_argument("--widths", default="1280,360")
    parser.add_argument("--locales", default="zh_Hans,zh_Hant,en")
    parser.add_argument("--schemes", default="light,dark")
    parser.add_argument("--axe", action="store_true", help="also run axe on every page")
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    chosen = arguments(words)
    if not find_chromium():
        print("no chromium on this machine; one command helps: sudo apt-get install -y chromium fonts-noto-cjk")
        return 2
    login = None
    if chosen.user != "-":
        logins = read_logins(chosen.var)
        if chosen.user not in logins:
            print(f"{chosen.user} is not in {chosen.var}/demo-logins; there are: {' '.join(logins)}")
            return 2
        login = logins[chosen.user]
    chosen.out.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    count = 0
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for locale in chosen.locales.split(","):
            for width in chosen.widths.split(","):
                for scheme in chosen.schemes.split(","):
                    session = Session(
                        chosen.base, locale, int(width), scheme, login, chosen.out, chosen.axe, found=found
                    )
                    session.look(browser, chosen.paths)
                    count += len(chosen.paths)
        browser.close()
    print("\n".join(found) or "nothing wrong")
    print(f"{count} pictures in {chosen.out}, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
