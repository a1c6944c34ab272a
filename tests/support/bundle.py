"""The bundled editor in a Chromium page, without a server: the editor's own model, for tests of structure."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from core.blocks import blocks
from tests.support import run
from tests.support.browser import open_context, open_page

BUNDLE = Path(__file__).parents[2] / "static" / "vendor" / "editor.js"
LOAD = """async (code) => {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  window.E = await import(url);
  window.SCHEMA = E.getSchema(E.SCHEMA);
}"""


def needed() -> Path:
    """The bundle; a test that needs it is left out, loudly, where there is none."""
    if not BUNDLE.is_file():
        run.leave_out("bundled editor (npm)", "sudo apt-get install -y npm && make test")
    return BUNDLE


@pytest.fixture(scope="session")
def model(browser: Browser) -> Iterator[Page]:
    """A page in which ``E`` is the bundle and ``SCHEMA`` its model."""
    code = needed().read_text("utf-8")
    context = open_context(browser)
    page = open_page(context)
    page.evaluate(LOAD, code)
    yield page
    context.close()


def cut(text: str) -> list[dict[str, Any]]:
    """The blocks as the server hands them to the editor."""
    return [
        {"source": block.source, "html": str(block.html), "defines": block.defines, "refers": block.refers}
        for block in blocks(text)
    ]


def html_of(given: list[dict[str, Any]]) -> str:
    return "\n".join(block["html"] for block in given)


__all__ = ["cut", "html_of", "model", "needed"]
