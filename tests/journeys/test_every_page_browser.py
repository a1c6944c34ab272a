"""Every address that answers with a page, in a real Chromium, with the policy on: nothing refused, no fault of access.

The addresses are those of ``tests/security/expected``, where a new route without a row fails, so no page is left out.
`make test` looks at a sample, the same one every time (`PAGES_SEED=…` is another), `make soak` at all, in each language
and width. The main pages with the demo's texts: ``test_pages_browser``.
"""

import os
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from accounts.models import User
from core import caches
from core.db import writing
from tests.journeys.looking import LOCALES, WIDTHS, Looker, Place
from tests.security.expected import ROWS, Row
from tests.security.test_every_field import who_comes_in
from tests.security.world import World, browsers
from tests.support.browser import open_context, open_page
from tests.support.inside import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
SAMPLE = 3
PARTS = 3  # of the long form, each of which takes a minute or two
SEED = int(os.environ.get("PAGES_SEED", "20261122"))
PAPERS = (".doc", "/print", "/card")  # to be printed or taken away: no page that somebody works on


@dataclass
class Here:
    """The server as ``Looker`` knows it."""

    base: str


class House:
    """A small centre with something in every corner, served; everybody has signed in."""

    def __init__(self, app: Any, world: World, clients: dict[str, Any], browser: Browser, base: str) -> None:
        self.app, self.world, self.clients, self.browser, self.base = app, world, clients, browser, base

    def pages(self, rows: Sequence[Row] = ROWS, most: int = 9999) -> list[Place]:
        """Each address that answers with a page, once, with somebody who may see it; ``most`` are enough."""
        found: dict[str, Place] = {}
        for row in rows:
            if len(found) == most:
                break
            method, path = row.asked.split(" ", 1)
            who, make = who_comes_in(row.expected), re.sub(r"{\w+}|\?.*", "", path)
            if method != "GET" or who is None or make in found or path.startswith(("/api/v1/", "/logout", "/embed")):
                continue
            where = path.format(**vars(self.world))
            answer = self.clients[who].get(where)
            if (
                answer.status_code == 200
                and answer.mimetype == "text/html"
                and "<html" in answer.text  # a piece of a page is seen where it is put in
                and not urlsplit(where).path.endswith(PAPERS)
            ):
                found[make] = Place(make, who, where)
        return list(found.values())

    def look(self, places: list[Place], *, width: int, locale: str, dark: bool) -> list[str]:
        """What is wrong with them in this language and width, as sentences."""
        with writing() as s:
            s.execute(sa.update(User).values(locale=locale))
        caches.forget_everything()
        wrong: list[str] = []
        looker = Looker(self.browser, Here(self.base))  # type: ignore[arg-type]
        for place in places:
            context = open_context(self.browser, width=width, dark=dark, locale=locale.replace("_", "-"))
            cookie = self.clients[place.username].get_cookie("spiral")
            if cookie is not None and place.username != "nobody":
                context.add_cookies([{"name": "spiral", "value": cookie.value, "url": self.base}])
            page = open_page(context)
            label = f"{place.name} {width} {locale} {'dark' if dark else 'light'}"
            wrong += [f"{label}: {one}" for one in looker._problems(page, place)]
            if page.get_attribute("html", "lang") != locale.replace("_", "-"):
                wrong.append(f"{label}: speaks another language")
            context.close()
        return wrong


@pytest.fixture
def house(app: Any, make: Any, signed_in: Any, browser: Browser) -> Iterator[House]:
    app.config["PROPAGATE_BUGS"] = False
    world = World(make)
    clients, _tokens = browsers(app, world, signed_in)
    with serving(app, threads=4) as port:
        yield House(app, world, clients, browser, f"http://127.0.0.1:{port}")


def test_a_sample_of_every_page(house: House) -> None:
    wrong: list[str] = []
    for number, place in enumerate(house.pages(random.Random(SEED).sample(ROWS, len(ROWS)), SAMPLE)):
        look = {"width": WIDTHS[number % 2], "locale": LOCALES[number % 3], "dark": number % 4 > 1}
        wrong += house.look([place], **look)  # type: ignore[arg-type]
    assert not wrong, "\n".join(wrong)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_page(house: House, locale: str, width: int, part: int) -> None:
    places = house.pages()
    assert len(places) > 90
    wrong = house.look(places[part::PARTS], width=width, locale=locale, dark=width < 600)
    assert not wrong, "\n".join(wrong)
