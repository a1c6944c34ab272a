"""Photographs the gallery and asks axe: `python -m tools.gallery_shots OUT [page …]`, the gallery served on port 8123.

Each page at 1280 and 360 pixels, light and dark, Chinese and English (English in light only). Prints what axe
finds, what runs over the right edge, and what the browser's console says; exit 1 when there is anything.
"""

import sys
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from tools.gallery_data import PAGES
from tools.machine import find_chromium

BASE = "http://127.0.0.1:8123"
Look = tuple[int, Literal["light", "dark"], str]
LOOKS: list[Look] = [(w, s, "zh_Hans") for s in ("light", "dark") for w in (1280, 360)] + [
    (1280, "light", "en"),
    (360, "light", "en"),
]
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]


def shoot(page: Page, name: str, out: Path, look: Look) -> list[str]:
    """The complaints about one page in one look; its picture lies in `out`."""
    width, scheme, lang = look
    said: list[str] = []
    page.on("console", lambda m: said.append(f"console: {m.text}") if m.type == "error" else None)
    page.goto(f"{BASE}/{name}?lang={lang}")
    page.screenshot(path=out / f"{name}-{width}-{scheme}-{lang}.png", full_page=True)
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if over > 0:
        said.append(f"runs over by {over} px")
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    said += [f"axe {v['id']}: {v['help']} × {len(v['nodes'])}: {v['nodes'][0]['html'][:160]}" for v in found]
    return [f"{name} {width} {scheme} {lang}: {s}" for s in said]


def main() -> int:
    """Every page named (or all) in every look; 1 when something was found."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(find_chromium()), args=["--no-sandbox"])
        for look in LOOKS:
            context = browser.new_context(viewport={"width": look[0], "height": 800}, color_scheme=look[1])
            for name in sys.argv[2:] or list(PAGES):
                page = context.new_page()
                found += shoot(page, name, out, look)
                page.close()
        browser.close()
    print("\n".join(found) or "nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
