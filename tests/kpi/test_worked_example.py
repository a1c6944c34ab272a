"""The worked example of docs/scorecard.md: the same figures, from readings and the ledger to the total."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from accounts.models import User, UserRole
from core import clock as core_clock
from core.db import session
from core.settings import ROOT
from tests.conftest import Clock
from wiki.kpi import drawing
from wiki.kpi.bringing import import_readings
from wiki.kpi.cards import card
from wiki.kpi.periods import parse
from wiki.kpi.subjects import CENTRE
from wiki.scoring.models import LedgerEntry, ScoringAct, ScoringRule
from wiki.scoring.rules import Unit

PAGE = (ROOT / "docs" / "scorecard.md").read_text("utf-8")
PEOPLE = 200
READINGS = [
    ("receivable_days", "2026-10", "1560", "30"),
    ("receivable_days", "2026-11", "1464", "33"),
    ("software_contracts", "2026-11", "816", "1000"),
    ("hardware_contracts", "2026-11", "588", "800"),
    ("cases_closed_24h", "2026-11", "1833", "1950"),
    ("calls_answered", "2026-11", "7905", "9300"),
    ("proactive_care", "2026-Q4", "210", "300"),
    ("turnover_good", "2026-H2", "12", "200"),
]


def people_and_what_they_did() -> None:
    """200 people; each has 60 approved items in October, 36 in November, and 28 credits."""
    now = core_clock.now()
    session.execute(
        sa.insert(User),
        [
            {"id": n, "username": f"p{n}", "name": f"P{n}", "created_at": now, "active": True}
            for n in range(1, PEOPLE + 1)
        ],
    )
    session.execute(sa.insert(UserRole), [{"user_id": n, "role": "rep"} for n in range(1, PEOPLE + 1)])
    rule = session.scalars(sa.select(ScoringRule).limit(1)).one()
    act = ScoringAct(
        event="made", source_kind="made", source_id=1, source="made", people=[], amount=Decimal(1), at=now,
        day=now.date(), period="2026-11", details={}, recorded_at=now,
    )  # fmt: skip
    session.add(act)
    session.flush()

    def entry(person: int, n: int, period: str, event: str, unit: Unit, points: str) -> dict[str, Any]:
        return {
            "act_id": act.id, "user_id": person, "rule_id": rule.id, "rule": event, "event": event, "unit": unit,
            "points": Decimal(points), "uncapped": Decimal(points), "multiplier": Decimal(1), "source_kind": "x",
            "source_id": n, "source": f"{event}:{n}", "at": datetime(2026, 11, 1, tzinfo=UTC), "day": now.date(),
            "period": period, "note": "", "details": {},
        }  # fmt: skip

    rows = [
        entry(person, n, "2026-10" if n < 60 else "2026-11", "article.accepted", Unit.POINTS, "1.00")
        for person in range(1, PEOPLE + 1)
        for n in range(96)
    ]
    rows += [entry(p, n, "2026-09", "course.completed", Unit.CREDITS, "14.00") for p in range(1, 201) for n in (1, 2)]
    session.execute(sa.insert(LedgerEntry), rows)


def test_the_worked_example(db: Any, clock: Clock) -> None:
    people_and_what_they_did()
    rows = [
        dict(zip(("indicator", "period", "numerator", "denominator"), one, strict=True), subject="centre")
        for one in READINGS
    ]
    assert import_readings(None, list(enumerate(rows, 2)), source="x").added == len(READINGS)
    found = card(CENTRE, parse("2026-11"))
    lines = [line for p in found["perspectives"] for line in p["indicators"]]
    reckoned = {line["code"]: (line["value"], line["score"]) for line in lines}
    assert reckoned == {
        "receivable_days": ("48.00", "93.75"),
        "software_contracts": ("81.60", "96.00"),
        "hardware_contracts": ("73.50", "105.00"),
        "cases_closed_24h": ("94.00", "100.00"),
        "calls_answered": ("85.00", "100.00"),
        "csat": (None, None),
        "proactive_care": ("70.00", "70.00"),
        "approved_items": ("96.00", "64.00"),
        "training_credits": ("28.00", "70.00"),
        "turnover_good": ("6.00", "120.00"),
    }
    assert [p["score"] for p in found["perspectives"]] == ["97.80", "96.25", "64.00", "85.00"]
    assert (found["total"], found["covered"]) == ("88.66", "94.00")
    items, credits_ = drawing.quotas(found, parse("2026-11"))
    # 46 of 92 days are gone on the morning of 16 November; of the half-year 138 of 184
    assert (items.value, items.expected, items.a_week) == ("96", 192, Decimal(9))
    assert (credits_.value, credits_.expected, credits_.a_week) == ("28", 37, Decimal(2))


def test_the_page_says_the_same() -> None:
    """Code, reached and score of every row of the page's table are those of the test above."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| \*?\*?([\d.]+|–)[^|]*\| \*?\*?([\d.]+|–)\*?\*? \|$", PAGE, re.M)
    assert {code: (value, score) for code, value, score in rows} == {
        "receivable_days": ("48", "93.75"),
        "software_contracts": ("81.6", "96.00"),
        "hardware_contracts": ("73.5", "105.00"),
        "cases_closed_24h": ("94", "100.00"),
        "calls_answered": ("85", "100.00"),
        "csat": ("–", "–"),
        "proactive_care": ("70", "70.00"),
        "approved_items": ("96", "64.00"),
        "training_credits": ("28", "70.00"),
        "turnover_good": ("6", "120.00"),
    }
    for figure in ("97.80", "96.25", "64.00", "85.00", "88.655", "**88.66**", "94 %"):
        assert figure in PAGE
