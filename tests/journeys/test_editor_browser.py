"""A rep writes without having heard of Markdown: types, pastes, goes on after a reload; by keyboard, on a phone."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.blocks import blocks
from tests.journeys.people import Person, another_page, awake
from tests.support import axe
from tests.support.browser import overflow, problems
from tests.support.bundle import needed
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]

PICTURE = """(name) => new Promise((done) => {
  const canvas = document.createElement("canvas");
  canvas.width = 80; canvas.height = 40;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#25459a"; pen.fillRect(0, 0, 80, 40);
  canvas.toBlob((blob) => { window.pasted = new File([blob], name, { type: "image/png" }); done(); }, "image/png");
})"""
PASTE = """([kind, data]) => {
  const given = new DataTransfer();
  if (kind === "file") given.items.add(window.pasted); else given.setData(kind, data);
  const event = new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(event);
}"""
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Writer:
    """A person before the writing surface."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page

    @property
    def surface(self) -> Any:
        return self.page.locator("[data-rich-surface] .rich-text")

    def opens(self, kind: str = "Script") -> "Writer":
        self.person.write(kind)
        return self.ready()

    def ready(self) -> "Writer":
        awake(self.page)  # what keeps the text, too
        expect(self.page.locator("[data-rich][data-ready]")).to_be_attached()
        expect(self.surface).to_be_visible()
        return self

    def types(self, *parts: str) -> None:
        """Words are typed; a part in angle brackets is a key."""
        for part in parts:
            if part.startswith("<"):
                self.page.keyboard.press(part[1:-1])
            else:
                self.page.keyboard.type(part)

    def chooses(self, menu: str, entry: str) -> None:
        self.page.get_by_role("toolbar", name="Format the text").get_by_role("button", name=menu, exact=True).click()
        self.page.get_by_role("menu", name=menu).get_by_text(entry, exact=True).click()
        self.back_in_the_text()

    def presses(self, name: str) -> None:
        self.page.get_by_role("toolbar", name="Format the text").get_by_role("button", name=name, exact=True).click()
        self.page.evaluate(FRAMES)

    def back_in_the_text(self) -> None:
        """The next keys are words again: the surface takes the focus with the next picture that is drawn."""
        self.page.evaluate(FRAMES)
        expect(self.surface).to_be_focused()

    def saves(self) -> None:
        with another_page(self.page):
            self.person.press("Save draft")
        self.ready()

    def pastes(self, kind: str, data: str) -> None:
        self.surface.focus()
        self.page.evaluate(PASTE, [kind, data])

    @property
    def markdown(self) -> str:
        return str(self.page.input_value("textarea[name=body]"))

    def same_structure(self) -> None:
        """The page's own preview of the text has the words and things that the surface shows."""
        html = "".join(block.html for block in blocks(self.markdown))
        here = self.page.evaluate(
            """async (html) => {
              const { shape, shapeOf } = await import(document.querySelector("[data-rich]").dataset.src);
              const copy = document.querySelector("[data-rich-surface] .rich-text").cloneNode(true);
              const own = ".ProseMirror-trailingBreak, .ProseMirror-separator, .ProseMirror-widget";
              for (const each of copy.querySelectorAll(own)) each.remove();
              for (const image of copy.querySelectorAll("img")) image.removeAttribute("class");
              return [shape(copy), shapeOf(html)];
            }""",
            html,
        )
        assert here[0] == here[1]


@pytest.fixture
def writer(visit: Callable[..., Page], spiral: Server) -> Iterator[Callable[..., Writer]]:
    """Signs a rep in; nothing may be wrong on the pages seen."""
    needed()
    people: list[Person] = []

    def sign_in(username: str = "luofei", **reader: Any) -> Writer:
        people.append(Person(visit(locale="en-GB", **reader), spiral, username).sign_in())
        return Writer(people[-1])

    yield sign_in
    for person in people:
        assert [*problems(person.page).console, *problems(person.page).grave()] == []


def test_a_script_with_table_and_picture_and_a_reload_in_mid_sentence(writer: Callable[..., Writer]):
    w = writer().opens()
    page = w.page
    page.locator("#f-title").fill("停机保号解释话术")
    w.surface.click()
    w.chooses("Heading", "Heading")
    w.types("先问清楚", "<Enter>", "客户要停多久？", "<Control+b>", "最长六个月", "<Control+b>", "。", "<Enter>")
    w.chooses("Script line", "You say")
    w.types("每月只要 5 元，号码一直是您的。", "<Enter>", "<Enter>")
    w.presses("List")
    w.back_in_the_text()
    w.types("带身份证", "<Enter>", "到营业厅", "<Tab>", "<Enter>", "<Enter>", "<Enter>")
    w.chooses("Insert", "Table")
    w.types(
        "时长",
        "<Tab>",
        "费用",
        "<Tab>",
        "备注",
        "<Tab>",
        "1 个月",
        "<Tab>",
        "5 元",
        "<Tab>",
        "可|续",
        "<Tab>",
        "6 个月",
        "<Tab>",
        "30 元",
    )
    w.types("<ArrowDown>", "<ArrowDown>")
    page.evaluate(PICTURE, "账单样例.png")
    w.pastes("file", "")
    expect(w.surface.locator("img[src^='/files/']")).to_be_visible()
    w.types("<End>", "<Enter>", "办完以后，")
    expect(w.surface.locator("table th")).to_have_text(["时长", "费用", "备注"])
    assert re.fullmatch(
        r"## 先问清楚\n\n客户要停多久？\*\*最长六个月\*\*。\n\n> \[!say\]\n> 每月只要 5 元，号码一直是您的。\n\n"
        r"- 带身份证\n    - 到营业厅\n\n"
        r"\| 时长 \| 费用 \| 备注 \|\n\| --- \| --- \| --- \|\n\| 1 个月 \| 5 元 \| 可\\\|续 \|\n"
        r"\| 6 个月 \| 30 元 \|  \|\n\n"
        r"!\[账单样例\]\(/files/\d+/[^)]+\)\n\n办完以后，",
        w.markdown,
    )
    w.same_structure()
    w.saves()
    reloads_and_goes_on(w)


def reloads_and_goes_on(w: Writer) -> None:
    page = w.page
    w.surface.locator("p", has_text="办完以后").click()
    w.types("<End>", "我再发一条")
    expect(page.locator("[data-save-state][data-state=saved]")).to_be_attached()
    page.reload()
    w.ready()
    expect(w.surface).to_contain_text("办完以后，我再发一条")
    expect(w.surface.locator("img[src^='/files/']")).to_be_visible()
    w.surface.locator("p", has_text="办完以后").click()
    w.types("<End>", "短信给您。")
    w.same_structure()
    w.saves()
    assert w.markdown.replace("\r\n", "\n").endswith("办完以后，我再发一条短信给您。")


UNTIDY = "* one\n* two\n\n\nA paragraph\nof two lines\n***\n\n1. x\n1. y\n\n```py\na\n```\n"


def test_source_mode_and_back(writer: Callable[..., Writer]):
    w = writer().opens("FAQ")
    page = w.page
    w.presses("Markdown source")
    source = page.locator("textarea[name=body]")
    expect(source).to_be_focused()
    source.fill(UNTIDY)
    expect(page.locator("[data-preview] li")).to_have_count(4)
    page.get_by_role("button", name="Back to the surface").click()
    expect(w.surface.locator("ul li")).to_have_count(2)
    w.same_structure()
    assert w.markdown == UNTIDY
    w.surface.locator("p", has_text="of two lines").click()
    w.types("<End>", "!")
    assert w.markdown == UNTIDY.replace("two lines\n", "two lines!\n\n")
    w.types("<Control+z>")
    assert w.markdown == UNTIDY
    w.presses("Markdown source")
    problems(page).pardoned += ["/preview", "/editor/blocks"]
    source.fill("[" * 9000)  # refused by the guard: the preview says why, and the source stays
    page.get_by_role("button", name="Back to the surface").click()
    expect(page.locator("[data-preview]")).to_contain_text("line 1")
    expect(source).to_be_visible()
    expect(source).to_have_value("[" * 9000)
    source.fill("again")
    page.get_by_role("button", name="Back to the surface").click()
    expect(w.surface).to_have_text("again")


def test_by_keyboard_alone(writer: Callable[..., Writer]):
    w = writer().opens("FAQ")
    page, keys = w.page, w.page.keyboard
    focused = page.locator(":focus")
    w.surface.focus()
    keys.press("Alt+F10")
    assert focused.evaluate("e => e.closest('[role=toolbar]') !== null")
    keys.press("End")
    expect(focused).to_have_text("Markdown source")
    keys.press("Home")
    keys.press("ArrowRight")
    assert page.locator("[role=toolbar]:not([hidden]) > .rich-group > button[tabindex='0']").count() == 1
    while focused.inner_text() != "Callout":
        keys.press("ArrowRight")
    keys.press("Enter")
    expect(page.get_by_role("menu", name="Callout")).to_be_visible()
    expect(focused).to_have_text("Explanation")
    keys.press("ArrowDown")
    expect(focused).to_have_text("Tip")
    keys.press("Enter")
    w.back_in_the_text()
    keys.type("先看账单周期")
    assert w.markdown == "> [!tip]\n> 先看账单周期"
    keys.press("Alt+F10")
    keys.press("Escape")
    expect(w.surface).to_be_focused()
    keys.press("Control+k")
    expect(page.get_by_role("dialog").get_by_label("Web address, or an article by name")).to_be_focused()
    keys.type("example.org/bill")
    keys.press("Tab")
    keys.type("账单")
    keys.press("Enter")
    expect(w.surface.get_by_role("link", name="账单")).to_be_visible()
    w.back_in_the_text()
    assert w.markdown == "> [!tip]\n> 先看账单周期[账单](https://example.org/bill)"
    keys.press("Tab")  # the surface is no trap
    assert not focused.evaluate("e => e.isContentEditable")


def test_links_to_articles_by_their_title(writer: Callable[..., Writer]):
    w = writer().opens("FAQ")
    w.surface.click()
    w.types("见[[资费说明]]", "。", "<Control+k>")
    w.page.get_by_label("Web address, or an article by name").fill("账单说明")
    w.page.get_by_label("Words of the link").fill("这里")
    w.page.keyboard.press("Enter")
    expect(w.surface.locator("wiki-link")).to_have_text(["资费说明", "这里"])
    assert w.markdown == "见[[资费说明]]。[[账单说明|这里]]"
    w.same_structure()


EXCEL = (
    "<html><head><style>td{mso-number-format:General}</style></head><body><table>"
    "<tr><td colspan=2 class=xl65>套餐</td><td>价</td></tr>"
    "<tr><td rowspan=2>大</td><td style='mso-x:1'><span style='font-weight:700'>甲</span></td><td>19</td></tr>"
    "<tr><td>乙</td>"
    "<td><table><tr><td>2</td><td>9</td></tr></table></td></tr></table></body></html>"
)
WORD = (
    "<!--StartFragment--><p class=MsoNormal><b><span lang=EN-US style='font-size:12pt'>须知<o:p></o:p></span></b></p>"
    "<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·&nbsp;</span>一</p>"
    "<p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>o&nbsp;</span>一之一</p>"
    "<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·&nbsp;</span>二</p>"
    "<p onclick='x()'><font color=red>红</font><img src='file:///c:/a.png'><script>bad()</script></p><!--EndFragment-->"
)


def test_what_is_pasted_from_elsewhere(writer: Callable[..., Writer]):
    w = writer().opens("FAQ")
    w.surface.click()
    w.pastes("text/html", WORD)
    assert w.markdown == "**须知**\n\n- 一\n    - 一之一\n- 二\n\n红"
    w.types("<Control+a>", "<Delete>")
    w.pastes("text/html", EXCEL)
    assert w.markdown == "| 套餐 |  | 价 |\n| --- | --- | --- |\n| 大 | **甲** | 19 |\n|  | 乙 | 2 9 |"
    w.same_structure()
    w.types("<Control+a>", "<Delete>")
    w.pastes("text/plain", "月\t费\n一\t5\n")
    assert w.markdown.startswith("| 月 | 费 |\n| --- | --- |\n| 一 | 5 |")
    w.types("<Control+a>", "<Delete>")
    w.pastes("text/plain", "# 不是标题\n第二行\n\n- 也不是列表")
    assert w.markdown == "\\# 不是标题\n第二行\n\n\\- 也不是列表"
    w.types("<Control+a>", "<Delete>")
    w.pastes(
        "text/html",
        "<p>看<a href='javascript:bad()'>这</a><a href='https://a.cn'>那</a>"
        "<img src='https://a.cn/p.png' alt='图'></p>",
    )
    assert w.markdown == "看这[那](https://a.cn)[图](https://a.cn/p.png)"


def test_a_refused_file_is_said_and_nothing_is_lost(writer: Callable[..., Writer]):
    w = writer().opens("FAQ")
    w.surface.click()
    problems(w.page).pardoned.append("/files")
    w.types("前面的话")
    w.page.evaluate("window.pasted = new File(['MZ not a picture'], 'tool.exe', { type: 'application/octet-stream' })")
    w.pastes("file", "")
    status = w.page.locator("[data-rich-status][data-state=refused]")
    expect(status).not_to_be_empty()
    expect(w.page.locator(".rich-arriving")).to_have_count(0)
    w.types("后面的话")
    assert w.markdown == "前面的话后面的话"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_calm_on_every_screen(writer: Callable[..., Writer], width: int, dark: bool):
    w = writer(dark=dark).opens()
    w.page.set_viewport_size({"width": width, "height": 740})
    w.surface.click()
    w.chooses("Script line", "Customer says")
    w.types("话费怎么多了？", "<Enter>", "<Enter>")
    w.chooses("Insert", "Table")
    w.types("很长很长很长很长的一个套餐名称", "<Tab>", "averylongwordwithoutanyblanksinit", "<Tab>", "价")
    assert overflow(w.page) == 0
    row = w.page.get_by_role("toolbar", name="Table").get_by_role("button", name="Row below")
    row.click()
    expect(w.surface.locator("tr")).to_have_count(4)
    w.page.set_viewport_size({"width": width, "height": 4000})  # bars that stick to the edge cover nothing now
    assert axe.violations(w.page) == []
