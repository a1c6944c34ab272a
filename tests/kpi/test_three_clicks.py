"""From every figure of every card that somebody may open to the acts behind it, in at most three clicks."""

import html
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from accounts.models import User
from core.db import reading, session, writing
from tests.clients import Browser
from tests.conftest import Clock
from tests.make import Make
from tests.scoring.story import approved, desk, submitted
from wiki.kpi.bringing import import_readings
from wiki.scoring import ops as scoring
from wiki.scoring.models import LedgerEntry
from wiki.scoring.queries import Filter, ledger
from wiki.scoring.rules import Unit

FIGURE = re.compile(r'<tr data-figure="(\w+)">(.*?)</tr>', re.S)
LINK = re.compile(r'<a[^>]* href="([^"]+)"')


def links(text: str, start: str) -> list[str]:
    return [one for one in (html.unescape(found) for found in LINK.findall(text)) if one.startswith(start)]


def figures(page: str) -> Iterator[tuple[str, str, list[str], list[str]]]:
    """(code, row, ways down, ways to the figure beside it) of every line that has data."""
    for code, row in FIGURE.findall(page):
        if "no data" not in row:
            ways = [*links(row, "/ledger?user"), *links(row, "/scorecard/parts/")]
            beside = [way for way in ways if "team" in way or "centre" in way]
            yield code, row, ways, beside


@pytest.fixture
def house(make: Make, clock: Clock) -> dict[str, Any]:
    """A rep with work and readings, a colleague, the reviewers, a supervisor of the team, a manager."""
    with writing():
        people = {role: make.user(role) for role in ("manager", "admin")}
        people |= {"rep": make.user("rep", team="billing"), "other": make.user("rep", team="billing")}
        reviewers = desk(make)
        people |= {"supervisor": make.user("supervisor", team="billing"), "qa": reviewers["qa"]}
        approved(submitted(people["rep"]), reviewers)
        approved(submitted(people["other"], title="国际漫游"), reviewers)
        scoring.grant(
            "course.completed", source_kind="enrolment", source_id=1, people=[people["rep"].id], at=clock.now(),
            details={"slug": "none"},
        )  # fmt: skip
        rows = [
            {"indicator": code, "subject": subject, "period": period, "numerator": n, "denominator": "100"}
            for subject in ("centre", "team:billing", people["rep"].username)
            for code, period, n in (("cases_closed_24h", "2026-11-03", "91"), ("csat", "2026-10", "83"))
        ]
        assert not import_readings(None, list(enumerate(rows)), source="figures.csv").errors
    return people


CARDS = {
    "rep": ("/scorecard", "/scorecard/team/billing"),
    "qa": ("/scorecard", "/scorecard/centre"),
    "supervisor": ("/scorecard/{rep}", "/scorecard/team/billing", "/scorecard/centre"),
    "manager": ("/scorecard/{rep}", "/scorecard/{other}", "/scorecard/team/billing", "/scorecard/centre"),
    "admin": ("/scorecard/{rep}", "/scorecard/team/billing", "/scorecard/centre"),
}


@pytest.mark.parametrize("role", CARDS)
def test_every_number_leads_to_its_acts(house: dict[str, Any], signed_in: Callable[[Any], Browser], role: str) -> None:
    browser = signed_in(house[role])
    sees_all = role in {"manager", "admin"}
    for address in CARDS[role]:
        names = {name: user.username for name, user in house.items()}
        page = browser.text(address.format(**names))
        found = list(figures(page))
        assert found, address
        for code, row, ways, beside in found:
            assert ways, (address, code)
            own = next((way for way in ways if way not in beside), ways[-1])
            down(browser, code, row, own, sees_all)
            for way in beside:
                assert browser.get(way).status_code == 200


def down(browser: Browser, code: str, row: str, way: str, sees_all: bool) -> None:
    """Click one: the entries of a person, or what a figure is made of; two: a person's entries; three: the act."""
    first = browser.text(way)
    if way.startswith("/ledger"):
        acts(browser, first, way, numerator(row))
    elif "figures.csv" in first:
        assert re.search(r">\s*(91|83)\s*<", first), way  # the readings themselves, who brought them and when
    else:
        people = links(first, "/ledger?user")
        assert people or not sees_all, way
        counts = []
        for person in people:
            wanted = count_of(first, person)
            acts(browser, browser.text(person), person, wanted)
            counts.append(wanted)
        if sees_all:
            assert sum(counts, Decimal(0)) == numerator(row), (code, counts)


def numerator(row: str) -> Decimal:
    """What stands under 'reached': numerator / denominator, or the figure alone where it is divided by one."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", re.findall(r'data-label="Reached">(.*?)</td>', row, re.S)[0]))
    pair = re.search(r"([\d.]+) / [\d.]+", text)
    return Decimal(pair[1] if pair else text.split()[0])


def count_of(page: str, person: str) -> Decimal:
    rows = [one for one in re.findall(r"<tr>.*?</tr>", page, re.S) if person in html.unescape(one)]
    return Decimal(re.findall(r'data-label="Count">([\d.]+)<', rows[0])[0])


def acts(browser: Browser, page: str, way: str, wanted: Decimal) -> None:
    """The page lists the entries that the figure counts, all of them and no others; each leads to its act."""
    asked = parse_qs(urlsplit(way).query)
    with reading():
        rows = list(session.scalars(entries_of(asked)))
        summed = sum((row.points for row in rows), Decimal(0))
        reckoned = summed if asked.get("unit") else Decimal(len({row.source_id for row in rows}))
    assert reckoned == wanted, way
    assert page.count('data-label="Where it comes from"') == len(rows)
    for act in set(links(page, "/articles/")):
        assert browser.get(act).status_code == 200, act


def entries_of(asked: dict[str, list[str]]) -> sa.Select[LedgerEntry]:
    user_id = session.scalar(sa.select(User.id).where(User.username == asked["user"][0]))
    return ledger(
        Filter(
            user_id=user_id,
            periods=asked.get("period", []),
            events=asked.get("event", []),
            unit=Unit(asked["unit"][0]) if asked.get("unit") else None,
        )
    )
