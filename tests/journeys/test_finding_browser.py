"""The rep's screen in a real browser: by keyboard alone, on a bad line, and in a frame of another program."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.journeys.people import Person
from tests.support import axe
from tests.support.browser import overflow, problems
from tests.support.server import Server, free_port

pytestmark = [pytest.mark.browser, pytest.mark.server]

OVERLAY, FIELD = "Search the knowledge base", "What does the customer ask?"


class Keys:
    """The keyboard of somebody who counts: every key after the question is typed."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, []

    def press(self, *names: str) -> None:
        for name in names:
            self.pressed.append(name)
            self.page.keyboard.press(name)


def answered(overlay: Locator, words: str) -> None:
    """What is shown answers these words: neither what was at hand before, nor the first half of them."""
    expect(overlay.locator("[data-found]")).to_have_attribute("data-q", words)


def test_a_rep_in_a_hurry(visit: Callable[..., Page], spiral: Server) -> None:
    """Finds, reads step by step, copies and marks a script in under eight keys; everything else has a key, too."""
    page = visit(locale="en-GB")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    rep = Person(page, spiral, "tangxin").sign_in()
    opened: list[str] = []
    page.on("request", lambda one: opened.append(one.post_data or "") if one.url.endswith("/search/opened") else None)
    rep.keys("/")
    overlay = page.get_by_role("dialog", name=OVERLAY)
    field = overlay.get_by_role("combobox", name=FIELD)
    page.keyboard.type("kuandai duanwang")
    answered(overlay, "kuandai duanwang")
    row = overlay.locator("[role=option]").filter(has=page.locator("text=Script")).first
    place = page.locator("#search-overlay [role=option]").evaluate_all(
        "rows => rows.findIndex(row => row.textContent.includes('Script'))"
    )
    assert 0 <= place <= 2, "the demo has a script for this among the first three"
    keys = Keys(page)
    keys.press(*["ArrowDown"] * place)
    expect(row).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", row.get_attribute("id") or "-")
    keys.press("Enter")
    title = row.locator(".title").inner_text()
    text = overlay.locator("[data-reading]")
    expect(text.locator("[data-title]")).to_have_text(title)  # and not the one above it, looked at in passing
    expect(text.locator("[data-step='0'] [data-main]")).to_be_visible()
    keys.press("1", "c", "u")  # what the customer answered; the wording of that step; used
    assert len(keys.pressed) < 8, keys.pressed
    step = text.locator("[data-step]:not([hidden])")
    wording = step.locator("[data-wording]")
    expect(step).not_to_have_attribute("data-step", "0")
    expect(wording).to_have_class("say you is-copied")
    assert page.evaluate("navigator.clipboard.readText()") == wording.get_attribute("data-wording")
    used = overlay.get_by_role("button", name="Used it")
    expect(used).to_have_attribute("aria-pressed", "true")
    expect(overlay.get_by_role("button", name="Take “used” back")).to_be_visible()  # the server has said so
    before = used.inner_text()
    page.keyboard.press("u")  # once more in the same call
    expect(text.get_by_role("status")).to_have_text("Noted for this call already.")
    assert used.inner_text() == before
    page.keyboard.press("z")
    expect(used).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("n")
    page.keyboard.press("3")
    expect(overlay.get_by_role("button", name="Did not help")).to_have_attribute("aria-pressed", "true")
    with page.expect_response("**/pins/*"):  # the button does not wait for it; what is at hand does
        page.keyboard.press("p")
    expect(overlay.get_by_role("button", name="Pin")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowLeft")  # one step back, and then to the results
    expect(text.locator("[data-step='0']")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(field).to_be_focused()
    assert len(opened) == 1, opened
    assert axe.violations(page) == []
    page.keyboard.press("Escape")
    expect(overlay).to_be_hidden()
    rep.keys("/")
    page.keyboard.press("Backspace")  # all was chosen: an empty field shows what is at hand
    mine = overlay.get_by_role("group", name="Pinned").locator("[role=option]")
    expect(mine.last).to_contain_text(title)  # below what the demo has pinned for her
    page.keyboard.press("?")
    expect(overlay.get_by_text("pin for me")).to_be_visible()
    assert axe.violations(page) == []
    for _row in range(mine.count() - 1):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(overlay.locator("[data-reading] [data-title]")).to_have_text(title)
    with page.expect_response("**/pins/*"):
        page.keyboard.press("p")  # off again, for others who look at this demo
    expect(overlay.get_by_role("button", name="Pin")).to_have_attribute("aria-pressed", "false")
    rep.nothing_wrong()


def test_a_bad_line_mixes_nothing_up_and_loses_nothing(visit: Callable[..., Page], spiral: Server) -> None:
    """The first answer comes after the second; then the server is away for a while; then the input method composes."""
    page = visit(locale="en-GB", width=400)
    rep = Person(page, spiral, "tangxin").sign_in()
    rep.keys("/")
    held: list[Route] = []
    asked: list[str] = []
    state = {"away": False}

    def line(route: Route) -> None:
        q = parse_qs(urlsplit(route.request.url).query).get("q", [""])[0]
        asked.append(q)
        if state["away"]:
            route.abort()
        elif q == "zhangdan":
            held.append(route)
        else:
            route.continue_()

    page.route("**/search/typing?*", line)
    overlay = page.get_by_role("dialog", name=OVERLAY)
    field, found = overlay.get_by_role("combobox", name=FIELD), overlay.locator("[data-found]")
    # an answer that cannot be called back: what makes old answers harmless is not the browser's courtesy alone
    page.evaluate("AbortController.prototype.abort = () => {}")
    page.keyboard.type("zhangdan")
    while not held:
        page.wait_for_timeout(20)
    field.fill("huafei")
    answered(overlay, "huafei")
    shown = found.inner_html()
    with page.expect_response(lambda answer: "q=zhangdan" in answer.url):
        held[0].continue_()
    page.wait_for_timeout(100)
    assert found.inner_html().replace(' aria-selected="true"', "") == shown.replace(' aria-selected="true"', "")
    state["away"] = True
    field.fill("huafei duo")
    said = overlay.get_by_text("The server does not answer. What you typed is kept; it is asked again by itself.")
    expect(said).to_be_visible()
    expect(field).to_have_value("huafei duo")
    expect(found.locator("[role=option]").first).to_be_visible()  # what was found before stays readable
    state["away"] = False
    expect(said).to_be_hidden()
    assert asked[-1] == "huafei duo"
    session = page.context.new_cdp_session(page)
    field.fill("")
    answered(overlay, "")  # nothing is typed: what is at hand
    count = len(asked)
    session.send("Input.imeSetComposition", {"text": "zhang", "selectionStart": 5, "selectionEnd": 5})
    page.wait_for_timeout(300)
    assert len(asked) == count, asked  # nothing is asked while a word is being composed
    session.send("Input.insertText", {"text": "账单"})
    answered(overlay, "账单")
    expect(found.locator("[data-total$=' found']")).to_be_attached()
    assert asked[-1] == "账单"
    assert overflow(page) == 0
    page.keyboard.press("Enter")
    expect(overlay.get_by_role("button", name="Back to the results")).to_be_visible()
    expect(overlay.locator("[data-reading] [data-title]")).to_be_visible()
    assert axe.violations(page) == []
    assert problems(page).grave() == []


# ── in a frame of another program ────────────────────────────────────────────────────────────────────────────────────

CRM = """<!doctype html><html lang="en"><title>CRM</title><main><h1>Customer</h1>
<iframe src="%s" title="Spiral" allow="clipboard-write" width="400" height="700"></iframe></main>
<script>window.heard = []; addEventListener("message", (event) => heard.push([event.origin, event.data]));</script>"""


@pytest.fixture
def crm() -> Iterator[Callable[[int, str], str]]:
    """``crm(port, address)``: a program on localhost whose page frames the address; the page's own address."""
    running: list[ThreadingHTTPServer] = []

    def start(port: int, address: str) -> str:
        class Crm(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write((CRM % address).encode() if self.path == "/" else b"")

            def log_message(self, *_about: Any) -> None:
                """Quiet."""

        running.append(ThreadingHTTPServer(("localhost", port), Crm))  # a browser opens lines that it does not use
        threading.Thread(target=running[-1].serve_forever, daemon=True).start()
        return f"http://localhost:{port}/"

    yield start
    for one in running:
        one.shutdown()
        one.server_close()


def test_beside_the_customer_without_a_cookie(
    visit: Callable[..., Page], spiral: Server, crm: Callable[[int, str], str]
) -> None:
    """Another site's page frames it; the person lets it in once, finds, marks; the program hears of it and changes the
    question. No cookie takes part. A program that is not listed shows nothing."""
    page = visit(locale="en-GB")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    rep = Person(page, spiral, "tangxin").sign_in()
    sent: list[Request] = []
    page.on("request", lambda one: sent.append(one) if "/embed" in one.url else None)
    origin = spiral.environment["SPIRAL_EMBED_ORIGINS"]
    page.goto(crm(urlsplit(origin).port or 0, f"{spiral.base}/embed?service=&q=huafei"))
    frame = page.frame_locator("iframe")
    with page.expect_popup() as window:
        frame.get_by_role("button", name="Connect me").click()
    window.value.get_by_role("button", name="Connect", exact=True).click()
    answered(frame.locator("[data-finder]"), "huafei")
    expect(frame.get_by_role("combobox", name=FIELD)).to_have_value("huafei")
    frame.get_by_role("combobox", name=FIELD).press("Enter")
    expect(frame.locator("[data-reading] [data-title]")).to_be_visible()
    page.keyboard.press("c")
    page.keyboard.press("u")
    expect(frame.get_by_role("button", name="Take “used” back")).to_be_visible()
    page.wait_for_function("['copy', 'used'].every(word => heard.some(one => one[1].type === 'spiral:' + word))")
    heard = page.evaluate("heard")
    said = {what["type"]: what for where, what in heard if where == spiral.base}
    assert {"spiral:ready", "spiral:connected", "spiral:copy", "spiral:used"} <= said.keys()
    assert said["spiral:copy"]["article"] == said["spiral:used"]["article"]
    frame.get_by_role("button", name="Take “used” back").click()
    expect(frame.get_by_role("button", name="Used it")).to_have_attribute("aria-pressed", "false")
    page.evaluate(
        "base => { document.querySelector('iframe').src = base + '/embed?service=&q=huafei#q=kuandai&call=cti-1' }",
        spiral.base,
    )
    expect(frame.get_by_role("combobox", name=FIELD)).to_have_value("kuandai")
    answered(frame.locator("[data-finder]"), "kuandai")  # the pass outlives the change
    expect(frame.locator("[role=option]").first).to_be_visible()
    for one in sent:
        headers = one.all_headers()
        assert "cookie" not in headers, one.url
        answer = one.response()
        assert answer is None or "set-cookie" not in answer.all_headers(), one.url
        assert "token" not in one.url
        assert "embed" not in headers.get("referer", ""), one.url
    rep.nothing_wrong()
    other = visit(locale="en-GB")
    with other.expect_console_message(lambda said: "frame-ancestors" in said.text):
        other.goto(crm(free_port(), f"{spiral.base}/embed?q=huafei"))
    expect(other.frame_locator("iframe").get_by_text("Connect me")).to_have_count(0)
    problems(other).refused.clear()  # that was the point
