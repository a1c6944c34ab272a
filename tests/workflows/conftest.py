"""Fixtures of the tests of reviewing."""

from collections.abc import Iterator

import pytest

from core.settings import load
from wiki.app import create_app


@pytest.fixture(scope="module")
def speaks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Refusals are sentences in the reader's language; no database is touched."""
    app = create_app(load({"var": tmp_path_factory.mktemp("var"), "locale": "en"}, environ={}))
    with app.app_context():
        yield
