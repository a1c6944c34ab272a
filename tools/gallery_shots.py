"""Photographs the gallery and asks axe: `python -m tools.gallery_shots OUT [page …]`, with the gallery served on port 8123.

Each page at 1280 and 360 pixels, light and dark, Chinese and English (English in light at 1280 only). Prints what axe finds,
what runs over the right edge, and what the browser's console says; exit 1 when there is anything.
"""

import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

BASE = "http://127.0.0.1:8123"
LOOKS = [
    (1280, "light", "zh_Hans"),
    (360, "light", "zh_Hans"),
    (1280, "dark", "zh_Hans"),
    (360, "dark", "zh_Hans"),
    (1280, "light", "en"),
    (360, "light", "en"),
]


def shoot(page: Page, name: str, out: Path, look: tuple[int, str, str]) -> list[str]:
    """The complaints about one page in one look; its picture lies in `out`."""
    width, scheme, lang = look
    said: list[str] = []
    page.on("console", lambda m: said.append(f"console: {m.text}") if m.type == "error" else None)
    page.goto(f"{BASE}/{name}?lang={lang}")
    page.screenshot(path=out / f"{name}-{width}-{scheme}-{lang}.png", full_page=True)
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if over > 0:
        said.append(f"runs over by {over} px")
    for v in (
        Axe()
        .run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
        .response["violations"]
    ):
        said.append(
            f"axe {v['id']}: {v['help']} × {len(v['nodes'])}: {v['nodes'][0]['html'][:160]} {(v['nodes'][0].get('failureSummary') or '')[:200]}"
        )
    return [f"{name} {width} {scheme} {lang}: {s}" for s in said]


def main() -> int:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    from tools.gallery_data import PAGES

    names = sys.argv[2:] or list(PAGES)
    found: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-background-networking"]
        )
        for look in LOOKS:
            context = browser.new_context(viewport={"width": look[0], "height": 800}, color_scheme=look[1])  # type: ignore[arg-type]
            for name in names:
                page = context.new_page()
                found += shoot(page, name, out, look)
                page.close()
        browser.close()
    print("\n".join(found) or "nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.exit(main())
