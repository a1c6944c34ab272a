"""The main pages of the demo, found as a person finds them: through the lists that lead there."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page

from tests.journeys.people import awake
from tests.support import axe
from tests.support.browser import open_context, open_page, overflow, problems
from tests.support.server import Server

NOBODY = "-"
LEARNER, REP, BUSINESS, QA, TRAINER = "xuting", "chenyu", "qianwei", "shenlan", "hanmei"
SUPERVISOR, MANAGER, ADMIN = "zhaoli", "gaoyuan", "davidlee"
WIDTHS, LOCALES = (1280, 360), ("zh_Hans", "zh_Hant", "en")
TYPING = "typing"  # the search from any page, with something typed


@dataclass(frozen=True)
class Place:
    """A page: who looks at it, its address, or the list and the selector of the link that lead to it."""

    name: str
    username: str
    start: str
    links: tuple[str, ...] = ()
    status: int = 200
    then: str = ""

    def __str__(self) -> str:
        return self.name


def _article(kind: str) -> Place:
    return Place(f"article-{kind}", REP, f"/search?kind={kind}", (".results a.title",))


COMPARED = (".results a.title", "aside a[href$='/history']", "main button[form='compare']")
PLACES = [
    Place("login", NOBODY, "/login"),
    Place("home-rep", REP, "/"),
    Place("home-reviewer", QA, "/"),
    Place("home-trainer", TRAINER, "/"),
    Place("home-supervisor", SUPERVISOR, "/"),
    Place("home-manager", MANAGER, "/"),
    Place("home-admin", ADMIN, "/"),
    Place("inbox", QA, "/reviews"),
    Place("review", QA, "/reviews", (".inbox a.title",)),
    Place("review-of-business", BUSINESS, "/reviews", (".inbox tr:last-child a.title",)),
    *(_article(kind) for kind in ("script", "best_practice", "faq", "sop", "notice", "product")),
    Place("history", REP, "/search?kind=script", (".results a.title", "aside a[href$='/history']")),
    Place("blame", REP, "/search?kind=script", (".results a.title", "aside a[href$='/blame']")),
    Place("diff", REP, "/search?q=领导", COMPARED),
    Place("diff-side", REP, "/search?q=领导", (*COMPARED, ".cmp-looks a:not([aria-current])")),
    Place("search", REP, "/search?q=话费"),
    Place("search-nothing", REP, "/search?q=zzqqxx"),
    Place("search-typing", REP, "/", then=TYPING),
    *(Place(f"new-{kind}", REP, f"/new/{kind}") for kind in ("script", "faq", "sop", "notice")),
    Place("change", REP, "/search?kind=faq", (".results a.title", "aside a[href$='/edit']")),
    Place("my-submissions", REP, "/submissions/mine"),
    Place("submission", REP, "/submissions/mine", (".submission-row a.title",)),
    Place("scorecard", REP, "/scorecard"),
    Place("scorecard-team", SUPERVISOR, "/scorecard/team/billing"),
    Place("scorecard-centre", MANAGER, "/scorecard/centre"),
    Place("scorecard-parts", REP, "/scorecard", ("table.scorecard a[href*='/parts/']",)),
    Place("ledger", REP, "/ledger"),
    Place("courses", LEARNER, "/courses"),
    Place("courses-all", TRAINER, "/courses?show=all"),
    Place("course-new", TRAINER, "/courses/new"),
    Place("course-edit", TRAINER, "/courses?show=all", ("tbody a[href$='/edit']",)),
    Place("course", LEARNER, "/courses", (".list a.title",)),
    Place("lesson", LEARNER, "/courses", (".list a.title", "ol.lessons a.title")),
    Place("quiz", LEARNER, "/courses", (".list a.title", "main a[href*='/quizzes/']")),
    Place("profile", REP, "/profile"),
    Place("people", ADMIN, "/admin/people"),
    Place("person", ADMIN, "/admin/people", ("tbody th a",)),
    Place("teams", ADMIN, "/admin/teams"),
    Place("away", SUPERVISOR, "/people/away"),
    Place("caretakers", MANAGER, "/admin/caretakers?edit=care"),
    Place("frame-settings", ADMIN, "/admin/embed"),
    Place("connect", REP, "/connect"),
    Place("kpi", MANAGER, "/admin/kpi"),
    Place("interface", REP, "/api/docs"),
    Place("not-found", REP, "/articles/does-not-exist", status=404),
    Place("not-yours", REP, "/admin/people", status=403),
]  # fmt: skip


@dataclass
class Looker:
    """Looks at pages as their readers; each signs in once."""

    browser: Browser
    server: Server
    cookies: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    def look(self, place: Place, *, width: int, dark: bool, locale: str) -> list[str]:
        """Everything wrong with the page, as sentences."""
        context = open_context(self.browser, width=width, dark=dark, locale=locale.replace("_", "-"))
        try:
            if place.username != NOBODY:
                context.add_cookies(self._signed_in(place.username))  # type: ignore[arg-type]
            page = open_page(context)
            self._speak(page, place, locale)
            label = f"{place.name} {width} {'dark' if dark else 'light'} {locale}"
            return [f"{label}: {problem}" for problem in self._problems(page, place)]
        finally:
            context.close()

    def _signed_in(self, username: str) -> list[dict[str, object]]:
        if username not in self.cookies:
            context = open_context(self.browser)
            page = open_page(context)
            page.goto(f"{self.server.base}/login")
            page.fill("[name=username]", username)
            page.fill("[name=password]", self.server.logins()[username].password)
            with page.expect_navigation():
                page.press("[name=password]", "Enter")
            assert "/login" not in page.url, username
            self.cookies[username] = context.cookies()  # type: ignore[assignment]
            context.close()
        return self.cookies[username]

    def _speak(self, page: Page, place: Place, locale: str) -> None:
        """The reader's language is set as the page's own chooser sets it, without drawing a page for it."""
        ask, here = page.context.request, self.server.base + ("/login" if place.username == NOBODY else "/profile")
        seen = ask.get(here).text()
        if f'<html lang="{locale.replace("_", "-")}"' not in seen:
            token = re.search(r'name="csrf_token" value="([^"]+)"', seen)
            assert token, here
            said = ask.post(f"{self.server.base}/language", form={"csrf_token": token[1], "locale": locale})
            assert said.ok, said.status

    def _problems(self, page: Page, place: Place) -> list[str]:
        answer = page.goto(self.server.base + place.start)
        for selector in place.links:
            link = page.locator(selector)
            if not link.count():
                return [f"{page.url} leads nowhere by {selector}"]
            with page.expect_navigation() as going:
                link.first.evaluate("element => element.click()")
            answer = going.value
        awake(page)
        page.wait_for_load_state("networkidle")  # and what they fetched has been drawn
        if place.then == TYPING:
            page.keyboard.press("/")
            page.keyboard.type("huafei")
            page.locator("#search-overlay [data-q=huafei] [role=option]").first.wait_for()
        found = [] if answer and answer.status == place.status else [f"status {answer.status if answer else '-'}"]
        if wide := overflow(page):
            found.append(f"scrolls sideways by {wide} px")
        found += raw_words(page)
        said = problems(page)
        console = [] if place.status >= 400 else said.console
        height = int(page.evaluate("document.documentElement.scrollHeight"))
        page.set_viewport_size({"width": page.viewport_size["width"], "height": min(height, 8000)})  # type: ignore[index]
        return found + said.grave() + console + axe.violations(page)  # bars that stick to the edge cover nothing now


def raw_words(page: Page) -> list[str]:
    """Words of the machine that reached a person."""
    seen, source = page.inner_text("body"), page.content().replace("&lt;", "<")
    seen = re.sub(r"None (?=[a-z])", "", seen)  # 'None yet.' is a sentence
    found = [mark for mark in ("None", "undefined", "{{", "Traceback", "[]", "{}", "[object") if mark in seen]
    found += [mark for mark in ("<built-in", " object at 0x", "%(", "<function", "<bound") if mark in source]
    return [f"shows {mark!r}" for mark in found]
