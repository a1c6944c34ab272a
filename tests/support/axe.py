"""Accessibility as sentences: what axe finds on a page, for WCAG 2.2 AA and its best practices."""

from functools import cache
from typing import Any

from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def _script() -> str:
    from axe_playwright_python.base import AXE_SCRIPT

    return str(AXE_SCRIPT)


def violations(page: Page) -> list[str]:
    """One sentence for each element that breaks a rule, with the rule, the place and what would mend it."""
    page.evaluate(_script())
    options = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": RULES}}
    found: list[dict[str, Any]] = page.evaluate("options => axe.run(options)", options)["violations"]
    return [sentence(rule, node) for rule in found for node in rule["nodes"]]


def sentence(rule: dict[str, Any], node: dict[str, Any]) -> str:
    advice = " ".join((node.get("failureSummary") or "").split()) or rule["help"]
    place = " ".join(str(part) for part in node["target"])
    return f"{rule['id']} ({rule['impact']}) at {place}: {advice} — {' '.join(node['html'].split())[:160]}"
