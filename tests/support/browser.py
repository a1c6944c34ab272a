"""A real Chromium, one per worker; every visit has a context – cookies, language, width, colours – of its own.

    page = visit(width=360, locale="zh-TW", dark=True, javascript=False)

A refused script or style (CSP) and an error nobody caught on the page fail the test; `problems(page)` tells them, and
what the console said, while it runs. Nothing but this machine can be reached from a page.

`BROWSER_SLOWNESS=6` gives every page a sixth of its processor: what waits for the wrong thing shows itself.
"""

import os
import re
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from tests.support import run
from tests.support.sockets import is_here
from tools.machine import find_chromium

# Chromium speaks to its makers by itself, which a closed network refuses, many at a time
QUIET = [
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
    "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-domain-reliability",
    "--disable-dev-shm-usage",
    "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication",
    "--test-third-party-cookie-phaseout",  # a frame of another site has no cookies, as in browsers of today
    "--font-render-hinting=none", "--force-color-profile=srgb",
    # no name and no address but those of this machine leads anywhere; asking us at each request would do the same, but
    # take the browser its cache, and then each page fetches every script and font anew
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
]  # fmt: skip
HEIGHT = {1280: 800, 360: 740}
PATIENCE = 45_000  # ms for what is expected to come; nothing waits so long that comes at all
SLOWNESS = float(os.environ.get("BROWSER_SLOWNESS", "1"))
PICTURES = Path("test-results")


@dataclass
class Problems:
    """What a page said that it should not have."""

    refused: list[str] = field(default_factory=list)  # by the content security policy
    uncaught: list[str] = field(default_factory=list)  # errors of scripts
    console: list[str] = field(default_factory=list)  # console errors, failed loads among them
    outside: list[str] = field(default_factory=list)  # requests to other machines, which led nowhere
    pardoned: list[str] = field(default_factory=list)  # paths whose refusals are meant, whenever they come

    def grave(self) -> list[str]:
        """Never right, on no page. (A console error may be: a page that answers 404 makes one.)"""
        return [*self.refused, *self.uncaught, *self.outside]


_problems: "weakref.WeakKeyDictionary[Page, Problems]" = weakref.WeakKeyDictionary()


def problems(page: Page) -> Problems:
    return _problems[page]


def launch(playwright: Playwright) -> Browser:
    """The machine's own Chromium. Leaves the test out, loudly, where there is none."""
    path = find_chromium()
    if not path:
        run.leave_out("chromium", "sudo apt-get install -y chromium fonts-noto-cjk")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 or os.environ.get("CI") == "true" else []
    return playwright.chromium.launch(executable_path=path, args=[*QUIET, *sandbox])


def open_context(
    browser: Browser, *, width: int = 1280, locale: str = "zh-CN", dark: bool = False, javascript: bool = True
) -> BrowserContext:
    """A reader of this language and width; nothing but this machine can be reached."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT.get(width, 800)},
        locale=locale,
        timezone_id="Asia/Shanghai",
        color_scheme="dark" if dark else "light",
        java_script_enabled=javascript,
        reduced_motion="reduce",
        has_touch=width < 600,
    )
    context.set_default_timeout(PATIENCE)
    return context


def open_page(context: BrowserContext) -> Page:
    """A page whose problems are kept."""
    page = context.new_page()
    kept = _problems[page] = Problems()

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            place = re.sub(r"^\w+://[^/]+", "", message.location.get("url", ""))
            if place not in kept.pardoned:
                kept.console.append(f"{message.text} ({place})")
            if "Content Security Policy" in message.text:
                kept.refused.append(message.text)

    def asked(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and not is_here(address.hostname):
            kept.outside.append(request.url)

    page.on("console", said)
    page.on("pageerror", lambda error: kept.uncaught.append(str(error)))
    page.on("request", asked)
    if SLOWNESS > 1:
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWNESS})
    return page


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window, or its main menu, which nobody can scroll; 0 where not."""
    wide = page.evaluate(
        """() => {
            const width = document.documentElement.clientWidth;
            const ends = [...document.querySelectorAll('.main-menu a')].map(a => a.getBoundingClientRect().right);
            return Math.max(document.documentElement.scrollWidth - width, ...ends.map(end => Math.floor(end - width)));
        }"""
    )
    return max(0, int(wide))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a worker."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Opens pages, each for a reader of its own; afterwards none of them may have had a grave problem."""
    pages: list[Page] = []

    def open_one(**reader: object) -> Page:
        pages.append(open_page(open_context(browser, **reader)))  # type: ignore[arg-type]
        return pages[-1]

    yield open_one
    from tests.support.plugin import FAILED

    if request.node.stash.get(FAILED, False):
        PICTURES.mkdir(exist_ok=True)
        for number, page in enumerate(pages, 1):
            name = re.sub(r"\W+", "-", request.node.nodeid).strip("-")[-120:]
            page.screenshot(path=PICTURES / f"{name}-{number}.png", full_page=True)
    found = [problem for page in pages for problem in problems(page).grave()]
    for page in pages:
        page.context.close()
    if found:
        pytest.fail("the page had problems:\n" + "\n".join(found), pytrace=False)


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    """A reader of Simplified Chinese at 1280 pixels."""
    return visit()
