"""``POST /editor/blocks``: the only thing the rich editor asks of the server about a text."""

from typing import Any

from tests.clients import Browser
from tests.make import Make
from wiki.articles import editor_views


def ask(browser: Browser, text: str) -> Any:
    """What the editor gets for a text."""
    headers = {"X-CSRFToken": browser.csrf("/new/faq"), "Accept": "application/json"}
    return browser.post("/editor/blocks", data={"text": text}, headers=headers)


def test_a_text_cut_into_blocks(signed_in, make: Make):
    answer = ask(signed_in(make.user()), "# 一\r\n\r\n> [!say]\r\n> 您好")
    assert answer.status_code == 200
    first, second = answer.get_json()["blocks"]
    assert first == {"source": "# 一\n\n", "html": "<h1>一</h1>", "defines": False, "refers": False}
    assert second["html"] == '<blockquote class="script-line is-say">\n<p>您好</p>\n</blockquote>'


def test_what_the_guard_refuses_is_said(signed_in, make: Make):
    answer = ask(signed_in(make.user()), "[" * 9000)
    assert answer.status_code == 422


def test_the_page_offers_the_surface_only_where_the_bundle_is(app, signed_in, make: Make):
    offered = app.jinja_env.globals["rich_editor"]
    browser = signed_in(make.user())
    try:
        app.jinja_env.globals["rich_editor"] = lambda version: None
        assert "data-rich" not in browser.text("/new/faq").replace("data-rich-back", "")
        app.jinja_env.globals["rich_editor"] = lambda version: "/static/vendor/editor.js"
        assert 'data-src="/static/vendor/editor.js"' in browser.text("/new/faq")
    finally:
        app.jinja_env.globals["rich_editor"] = offered
    assert editor_views.BUNDLE.startswith("vendor/")
