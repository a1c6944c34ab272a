"""Every main page in a real Chromium: no accessibility fault, nothing sideways, nothing refused, no raw word.

`make test` looks at a sample over pages × widths × schemes × languages, the same one every time (`PAGES_SEED=…` is
another); `make soak` looks at all of them.
"""

import os
import random

import pytest
from playwright.sync_api import Browser

from tests.journeys.looking import LOCALES, PLACES, WIDTHS, Looker, Place
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]
SAMPLE = 14
SEED = int(os.environ.get("PAGES_SEED", "2367642754"))


@pytest.fixture(scope="module")
def looker(browser: Browser, spiral: Server) -> Looker:
    return Looker(browser, spiral)


def test_a_sample_of_the_pages(looker: Looker) -> None:
    found: list[str] = []
    for number, place in enumerate(random.Random(SEED).sample(PLACES, SAMPLE)):
        width, locale = WIDTHS[number % 2], LOCALES[number % 3]
        found += looker.look(place, width=width, dark=number % 4 > 1, locale=locale)
    assert not found, "\n".join(found)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_the_page_in_every_way(looker: Looker, place: Place) -> None:
    found = [
        problem
        for width in WIDTHS
        for dark in (False, True)
        for locale in LOCALES
        for problem in looker.look(place, width=width, dark=dark, locale=locale)
    ]
    assert not found, "\n".join(found)
