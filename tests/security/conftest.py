"""What several tests of this folder use."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.browser import open_context


@pytest.fixture
def sheet(browser) -> Iterator[Any]:
    """A page without any policy that counts what runs; nothing is fetched."""
    context = open_context(browser)
    page = context.new_page()
    page.add_init_script("window.hits = 0; window.alert = () => { window.hits += 1; };")
    page.route("**/*", lambda route: route.abort())
    page.goto("about:blank")  # the counting begins with a document
    yield page
    context.close()
